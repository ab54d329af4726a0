using System.IO.Compression;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>Answers of text are packed for clients that accept it.</summary>
[Collection(SharedServer.Name)]
public sealed class PackingTests(SharedServer shared)
{
    const string Path = "/v1/models/street/segment?as=geojson";

    readonly TestServer server = shared.Server;
    readonly byte[] picture = TestServer.Picture(64, 48);

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip, deflate, br;q=0.5", "gzip")]
    [InlineData("*;q=0.1", "br")]
    [InlineData("br;q=0, *", "gzip")]
    public async Task JSON_is_packed_as_the_client_accepts(string accepted, string coding)
    {
        var plain = await (await server.Post(Path, picture, "image/png")).Bytes();

        var answer = await server.Post(Path, picture, "image/png", ("Accept-Encoding", accepted));

        Assert.Equal(coding, answer.Content.Headers.ContentEncoding.Single());
        Assert.Equal(["Accept", "Accept-Encoding"], answer.Headers.Vary);
        var packed = await answer.Bytes();
        Assert.Equal(packed.Length, answer.Content.Headers.ContentLength);
        Assert.True(packed.Length < plain.Length / 2, $"{plain.Length} bytes became {packed.Length}");
        await using Stream unpacking = coding == "br" ? new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress)
            : new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        var unpacked = new MemoryStream();
        await unpacking.CopyToAsync(unpacked);
        Assert.Equal(plain, unpacked.ToArray());
    }

    [Theory]
    [InlineData("/v1/models/street/segment?as=geojson", "identity, gzip;q=0")]
    [InlineData("/v1/models/street/segment?as=geojson", "nonsense=;;")]
    [InlineData("/v1/models/street/segment?as=png", "gzip")]
    public async Task Images_and_what_no_coding_is_accepted_for_are_sent_as_they_are(string path, string accepted)
    {
        var answer = await server.Post(path, picture, "image/png", ("Accept-Encoding", accepted));

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Empty(answer.Content.Headers.ContentEncoding);
    }
}
