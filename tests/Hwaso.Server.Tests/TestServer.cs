using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Tests;
using Hwaso.Server.Settings;

namespace Hwaso.Server.Tests;

/// <summary>A server of one small network on a free port, and a client of it.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly string folder;
    readonly InferenceServer server;

    TestServer(string folder, InferenceServer server) => (this.folder, this.server, Client) = (folder, server, new HttpClient
    {
        BaseAddress = new Uri(server.Urls[0]),
    });

    public HttpClient Client { get; }

    public InferenceServer Server => server;

    /// <summary>The folder of the model's file.</summary>
    public string Folder => folder;

    /// <summary>Names and colours in the file of <see cref="StreetModel"/>.</summary>
    public static Dictionary<string, string> Metadata { get; } = new()
    {
        [SegmentationMetadata.ClassesKey] = JsonSerializer.Serialize(Enumerable.Range(0, StreetModel.Classes).Select(k => new
        {
            name = $"thing {k}",
            color = new[] { 10 * k, 200 - k, 30 + k },
        })),
    };

    /// <summary>Starts a server of the network <c>street</c>.</summary>
    public static async Task<TestServer> StartAsync(Func<ServerSettings, ServerSettings>? change = null, byte[]? file = null)
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-server").FullName;
        var path = Path.Combine(folder, "street.onnx");
        await File.WriteAllBytesAsync(path, file ?? StreetModel.File(metadata: Metadata));
        var settings = new ServerSettings { Models = [path], Urls = ["http://127.0.0.1:0"], DrainSeconds = 0, Queue = 8, Threads = 2 };
        return new TestServer(folder, await InferenceServer.StartAsync(change?.Invoke(settings) ?? settings));
    }

    /// <summary>A PNG of soft waves.</summary>
    public static byte[] Picture(int width, int height) => Png.Encode(new RgbImage(width, height, StreetModel.Image(width, height)));

    public Task<HttpResponseMessage> Post(string path, byte[] body, string? type = null, params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(body);
        if (type is not null)
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return Send(HttpMethod.Post, path, content, headers);
    }

    public Task<HttpResponseMessage> PostJson(string path, string body) => Post(path, Encoding.UTF8.GetBytes(body), "application/json");

    public Task<HttpResponseMessage> Get(string path, params (string Name, string Value)[] headers) =>
        Send(HttpMethod.Get, path, null, headers);

    public async Task<HttpResponseMessage> Send(
        HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content!.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>Reads answers.</summary>
static class Answers
{
    public static async Task<JsonElement> Json(this HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        return json.RootElement.Clone();
    }

    public static Task<byte[]> Bytes(this HttpResponseMessage answer) => answer.Content.ReadAsByteArrayAsync();
}

/// <summary>One server for the tests that only ask.</summary>
[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<SharedServer>, IAsyncLifetime
{
    public const string Name = "one server";

    internal TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await TestServer.StartAsync(s => s with { MaxPixels = 4_000_000, MaxBytes = 1 << 20 });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
