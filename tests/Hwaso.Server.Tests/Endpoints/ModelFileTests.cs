using Hwaso.Runtime;
using Hwaso.Runtime.Tests;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>The file of a model, for programs that run it themselves, and how an image becomes its input.</summary>
public sealed class ModelFileTests
{
    const string Address = "/v1/models/street/file";

    [Fact]
    public async Task The_file_is_that_of_the_loaded_network_also_when_it_was_replaced_or_deleted()
    {
        await using var server = await TestServer.StartAsync();
        var path = Path.Combine(server.Folder, "street.onnx");
        var expected = await File.ReadAllBytesAsync(path);

        var answer = await server.Get(Address);

        Assert.Equal(expected, await answer.Bytes());
        Assert.Equal("street.onnx", answer.Content.Headers.ContentDisposition!.FileNameStar);
        Assert.Equal(304, (int)(await server.Get(Address, ("If-None-Match", answer.Headers.ETag!.Tag))).StatusCode);
        await File.WriteAllTextAsync(path + ".new", "another");
        File.Move(path + ".new", path, overwrite: true);
        Assert.Equal(expected, await (await server.Get(Address)).Bytes());
        File.Delete(path);
        Assert.Equal(expected, await (await server.Get(Address)).Bytes());
    }

    [Fact]
    public async Task A_file_that_was_written_to_in_its_place_is_503()
    {
        await using var server = await TestServer.StartAsync();
        await File.AppendAllTextAsync(Path.Combine(server.Folder, "street.onnx"), "more");

        var answer = await server.Get(Address);

        Assert.Equal(503, (int)answer.StatusCode);
        Assert.DoesNotContain(server.Folder, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bytes=0-9", 206, 0, 10)]
    [InlineData("bytes=100-", 206, 100, -1)]
    [InlineData("bytes=-7", 206, -7, -1)]
    [InlineData("bytes=5-99999999", 206, 5, -1)]
    [InlineData("bytes=0-1,5-6", 200, 0, -1)]
    [InlineData("pages=1-2", 200, 0, -1)]
    [InlineData("bytes=99999999-", 416, 0, 0)]
    public async Task A_download_that_broke_off_goes_on_at_its_place(string range, int status, int begin, int end)
    {
        await using var server = await TestServer.StartAsync();
        var whole = await File.ReadAllBytesAsync(Path.Combine(server.Folder, "street.onnx"));

        var answer = await server.Get(Address, ("Range", range));

        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 416)
            Assert.Equal($"bytes */{whole.Length}", answer.Content.Headers.GetValues("Content-Range").Single());
        else
            Assert.Equal(whole[(begin < 0 ? whole.Length + begin : begin)..(end < 0 ? whole.Length : end)], await answer.Bytes());
        // A range of another version is no part of this one.
        var other = await server.Get(Address, ("Range", range), ("If-Range", "\"other\""));
        Assert.Equal(whole, await other.Bytes());
    }

    [Fact]
    public async Task It_needs_the_key_that_everything_needs_and_a_model_of_that_name()
    {
        await using var server = await TestServer.StartAsync(s => s with { Keys = ["a-key"] });

        Assert.Equal(401, (int)(await server.Get(Address)).StatusCode);
        Assert.Equal(200, (int)(await server.Get(Address, ("X-API-Key", "a-key"))).StatusCode);
        Assert.Equal(404, (int)(await server.Get("/v1/models/..%2Fstreet/file", ("X-API-Key", "a-key"))).StatusCode);
    }

    [Fact]
    public async Task A_model_says_how_an_image_becomes_its_input()
    {
        var metadata = new Dictionary<string, string>(TestServer.Metadata)
        {
            [SegmentationMetadata.MeanKey] = "[0.1, 0.2, 0.3]",
            [SegmentationMetadata.DeviationKey] = "[0.5, 0.25, 0.125]",
            [SegmentationMetadata.AlignCornersKey] = "true",
        };
        await using var server = await TestServer.StartAsync(file: StreetModel.File(metadata: metadata));

        var preparation = (await (await server.Get("/v1/models/street?load=true")).Json()).GetProperty("preparation");

        Assert.Equal([0.1f, 0.2f, 0.3f], preparation.GetProperty("mean").EnumerateArray().Select(v => v.GetSingle()));
        Assert.Equal([0.5f, 0.25f, 0.125f], preparation.GetProperty("deviation").EnumerateArray().Select(v => v.GetSingle()));
        Assert.Equal([1, 3, -1, -1], preparation.GetProperty("input").EnumerateArray().Select(v => v.GetInt32()));
        Assert.Equal(1, preparation.GetProperty("range").GetDouble());
        Assert.True(preparation.GetProperty("align_corners").GetBoolean());
    }
}
