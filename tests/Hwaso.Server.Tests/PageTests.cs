using System.IO.Compression;
using System.Text;

namespace Hwaso.Server.Tests;

/// <summary>The files of the page: types, caching, the policies of a page, and nothing besides them.</summary>
public sealed class PageTests : IAsyncLifetime
{
    const string Index = "<!doctype html><title>page</title>", Script = "export const one = 1";

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-page").FullName;
    TestServer server = null!;

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        await File.WriteAllTextAsync(Path.Combine(folder, "index.html"), Index);
        await File.WriteAllTextAsync(Path.Combine(folder, "assets", "index-abc.js"), Script);
        await File.WriteAllTextAsync(Path.Combine(folder, "notes.txt"), "no file of a page");
        await using (var packed = new GZipStream(
            File.Create(Path.Combine(folder, "assets", "index-abc.js.gz")), CompressionLevel.Optimal))
            await packed.WriteAsync(Encoding.UTF8.GetBytes(Script));
        server = await TestServer.StartAsync(s => s with { Page = folder, Keys = ["a-key"] });
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_page_needs_no_key_and_may_share_memory_between_threads()
    {
        var answer = await server.Get("/");

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(Index, await answer.Content.ReadAsStringAsync());
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
        Assert.Equal("require-corp", answer.Headers.GetValues("Cross-Origin-Embedder-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-inline", policy, StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl!.NoCache);
        Assert.Equal(401, (int)(await server.Get("/v1/models")).StatusCode);
    }

    [Fact]
    public async Task A_file_with_a_hash_in_its_name_is_kept_for_ever_and_asked_for_by_its_tag()
    {
        var plain = await server.Get("/assets/index-abc.js");
        Assert.Equal(Script, await plain.Content.ReadAsStringAsync());
        Assert.Equal("text/javascript", plain.Content.Headers.ContentType!.MediaType);
        Assert.Contains("immutable", plain.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.True(plain.Headers.TryGetValues("Cross-Origin-Embedder-Policy", out _));

        var packed = await server.Get("/assets/index-abc.js", ("Accept-Encoding", "br, gzip"));
        Assert.Equal("gzip", packed.Content.Headers.ContentEncoding.Single());
        Assert.Equal("Accept-Encoding", packed.Headers.Vary.Single());
        Assert.NotEqual(plain.Headers.ETag!.Tag, packed.Headers.ETag!.Tag);
        using var unpacked = new StreamReader(new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        Assert.Equal(Script, await unpacked.ReadToEndAsync());
        Assert.Empty((await server.Get("/assets/index-abc.js", ("Accept-Encoding", "gzip;q=0"))).Content.Headers.ContentEncoding);

        var known = await server.Get("/assets/index-abc.js", ("If-None-Match", plain.Headers.ETag.Tag));
        Assert.Equal(304, (int)known.StatusCode);
        Assert.Empty(await known.Bytes());
        Assert.Equal(200, (int)(await server.Get("/assets/index-abc.js", ("If-None-Match", "\"other\""))).StatusCode);
    }

    [Theory]
    [InlineData("/notes.txt")]
    [InlineData("/index.html.gz")]
    [InlineData("/assets/../notes.txt")]
    [InlineData("/assets/..%2F..%2Fetc%2Fpasswd")]
    [InlineData("/assets/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/assets/")]
    [InlineData("/%2Fetc/passwd")]
    public async Task Nothing_but_files_of_the_page_is_reached(string path) =>
        Assert.Equal(401, (int)(await server.Get(path)).StatusCode);

    [Fact]
    public async Task A_browser_reads_why_there_is_no_page_and_a_program_reads_a_problem()
    {
        await using var bare = await TestServer.StartAsync(s => s with { Page = Path.Combine(folder, "assets") });

        var browser = await bare.Get("/", ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
        var program = await bare.Get("/");

        Assert.Equal(503, (int)browser.StatusCode);
        Assert.Contains("make page", await browser.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(404, (int)program.StatusCode);
        Assert.Equal("application/problem+json", program.Content.Headers.ContentType!.MediaType);
        Assert.Equal(200, (int)(await bare.Get("/v2/health/ready")).StatusCode);
    }
}
