using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Hwaso.Runtime;
using Hwaso.Runtime.Tests;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>The Open Inference Protocol v2, as its clients speak it.</summary>
[Collection(SharedServer.Name)]
public sealed class ProtocolTests(SharedServer shared)
{
    const string Infer = "/v2/models/street/infer", Header = "Inference-Header-Content-Length";
    const int Side = 8;

    static readonly float[] numbers = [.. Enumerable.Range(0, 3 * Side * Side).Select(k => (k % 17 * 0.125f) - 1)];

    readonly TestServer server = shared.Server;

    [Theory]
    [InlineData("/v2")]
    [InlineData("/v2/")]
    public async Task The_server_says_its_name_version_and_extensions(string path)
    {
        var answer = await (await server.Get(path)).Json();

        Assert.Equal("hwaso", answer.GetProperty("name").GetString());
        Assert.NotEmpty(answer.GetProperty("version").GetString()!);
        Assert.Equal(["binary_tensor_data", "model_repository", "statistics"],
            answer.GetProperty("extensions").EnumerateArray().Select(e => e.GetString()!));
    }

    [Theory]
    [InlineData("/v2/health/live")]
    [InlineData("/v2/health/ready")]
    [InlineData("/v2/models/street/ready")]
    [InlineData("/v2/models/street/versions/1/ready")]
    public async Task Health_answers_GET_and_HEAD(string path)
    {
        Assert.Equal(HttpStatusCode.OK, (await server.Get(path)).StatusCode);
        var head = await server.Send(HttpMethod.Head, path, null);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Empty(await head.Bytes());
    }

    [Fact]
    public async Task A_model_says_its_inputs_and_outputs()
    {
        var answer = await (await server.Get("/v2/models/street")).Json();

        Assert.Equal("street", answer.GetProperty("name").GetString());
        Assert.Equal("1", answer.GetProperty("versions")[0].GetString());
        Assert.Equal("""[{"name":"image","datatype":"FP32","shape":[1,3,-1,-1]}]""", answer.GetProperty("inputs").GetRawText());
        Assert.Equal("""[{"name":"scores","datatype":"FP32","shape":[1,5,-1,-1]}]""", answer.GetProperty("outputs").GetRawText());
    }

    [Theory]
    [InlineData("/v2/models/other", 404)]
    [InlineData("/v2/models/street/versions/2", 404)]
    [InlineData("/v2/models/..%2F..%2Fetc%2Fpasswd", 404)]
    [InlineData("/v2/models/..%5C..%5Cetc", 404)]
    [InlineData("/v2/nothing", 404)]
    [InlineData("/v2/models/street/infer", 405)]
    public async Task What_is_not_there_is_an_error_of_the_protocol(string path, int status)
    {
        var answer = await server.Get(path, ("Accept", "image/png"));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty((await answer.Json()).GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Tensors_in_JSON_flat_or_nested_give_the_numbers_of_the_runtime()
    {
        var nested = JsonSerializer.Serialize(new[] { numbers.Chunk(Side * Side).Select(plane => plane.Chunk(Side)) });
        foreach (var data in new[] { JsonSerializer.Serialize(numbers), nested })
        {
            var answer = await server.PostJson(Infer, Request($"\"data\": {data}", before: "\"id\": \"a/7\","));

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains(Header));
            var json = await answer.Json();
            Assert.Equal("a/7", json.GetProperty("id").GetString());
            Assert.Equal("street", json.GetProperty("model_name").GetString());
            var output = json.GetProperty("outputs")[0];
            Assert.Equal("[1,5,2,2]", output.GetProperty("shape").GetRawText());
            Assert.Equal(Expected(), output.GetProperty("data").EnumerateArray().Select(v => v.GetSingle()));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Tensors_in_binary_give_the_same_numbers_packed_or_not(string coding)
    {
        var bytes = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
        var json = Encoding.UTF8.GetBytes(Request(
            $"\"parameters\": {{\"binary_data_size\": {bytes.Length}}}",
            before: "\"parameters\": {\"binary_data_output\": true, \"other\": 3},"));
        byte[] body = [.. json, .. bytes];
        var packed = new MemoryStream();
        using (Stream pack = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new BufferedStream(packed),
        })
        {
            pack.Write(body);
            pack.Flush();
            if (coding.Length == 0)
                packed = new MemoryStream(body);
        }

        var answer = await server.Post(Infer, packed.ToArray(), "application/octet-stream",
            [
                (Header, json.Length.ToString(CultureInfo.InvariantCulture)),
                .. coding.Length > 0 ? [("Content-Encoding", coding)] : Array.Empty<(string, string)>(),
            ]);

        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.MediaType);
        var whole = await answer.Bytes();
        var length = int.Parse(answer.Headers.GetValues(Header).Single(), CultureInfo.InvariantCulture);
        using var read = JsonDocument.Parse(whole.AsMemory(0, length));
        var output = read.RootElement.GetProperty("outputs")[0];
        Assert.False(output.TryGetProperty("data", out _));
        Assert.Equal(whole.Length - length, output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.Equal(Expected(), MemoryMarshal.Cast<byte, float>(whole.AsSpan(length)).ToArray());
    }

    [Fact]
    public async Task An_outputs_own_word_counts_before_the_requests()
    {
        var data = $"\"data\": {JsonSerializer.Serialize(numbers)}";
        var own = await server.PostJson(Infer, Request(data, after:
            ", \"outputs\": [{\"name\": \"scores\", \"parameters\": {\"binary_data\": false}}],"
            + " \"parameters\": {\"binary_data_output\": true}"));
        var all = await server.PostJson(Infer, Request(data, after: ", \"parameters\": {\"binary_data_output\": true}, \"outputs\": []"));

        Assert.True((await own.Json()).GetProperty("outputs")[0].TryGetProperty("data", out _));
        Assert.Equal("application/octet-stream", all.Content.Headers.ContentType!.MediaType);
    }

    public static TheoryData<string> WrongBodies => new()
    {
        "", "[]", "null", "{}", "{\"inputs\": {}}", "{\"inputs\": []}", "{\"inputs\": [3]}", "{\"inputs\": [{}]}", "{\"inputs\": [",
        Request("\"data\": [1]"),
        Request("\"data\": [1]") + "x",
        Request("\"data\": [1]", before: "\"id\": 7,"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", shape: "[1, 3, 8, 9]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", shape: "[1, 4, 8, 6]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", shape: "[3, 8, 8]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", shape: "[1, 3, 8, -8]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", shape: "[1, 3, 8, 8.5]"),
        Request("\"data\": []", shape: "[1, 3, 0, 0]"),
        Request("\"data\": [1]", shape: "[1, 3, 2147483647, 2147483647]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", type: "INT32"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", type: "fp32"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", name: "picture"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}, \"parameters\": {{\"binary_data_size\": 768}}"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers).Replace("-1,", "1e39,", StringComparison.Ordinal)}"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers).Replace("-1,", "\"-1\",", StringComparison.Ordinal)}"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", after: ", \"outputs\": [{\"name\": \"other\"}]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}", after: ", \"outputs\": [{\"name\": \"scores\"}, {\"name\": \"scores\"}]"),
        Request($"\"data\": {JsonSerializer.Serialize(numbers)}, \"name\": \"image\""),
        Request($"\"data\": {new string('[', 200)}{new string(']', 200)}"),
        Request("\"parameters\": {\"binary_data_size\": 768}"),
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task A_wrong_request_is_refused_with_the_reason(string body)
    {
        var answer = await server.PostJson(Infer, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotEmpty((await answer.Json()).GetProperty("error").GetString()!);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("100000")]
    [InlineData("x")]
    public async Task A_wrong_length_of_the_JSON_is_refused(string length) => Assert.Equal(HttpStatusCode.BadRequest, (await server.Post(
        Infer, Encoding.UTF8.GetBytes(Request("\"data\": [1]")), null, (Header, length))).StatusCode);

    [Fact]
    public async Task An_unknown_packing_is_415_and_says_which_are_known()
    {
        var answer = await server.Post(Infer, [1], null, ("Content-Encoding", "br"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("gzip, deflate", answer.Headers.GetValues("Accept-Encoding").Single());
    }

    static string Request(
        string data, string before = "", string after = "", string shape = "[1, 3, 8, 8]", string type = "FP32", string name = "image") =>
        $$"""{ {{before}} "inputs": [{ {{data}}, "name": "{{name}}", "shape": {{shape}}, "datatype": "{{type}}"}]{{after}} }""";

    static float[] Expected()
    {
        using var model = OnnxModel.Load(StreetModel.File(), "street", new RuntimeOptions { Threads = 2 });
        var session = model.Open([1, 3, Side, Side]);
        numbers.CopyTo(session.Input(0));
        session.Run();
        return session.Output(0).ToArray();
    }
}
