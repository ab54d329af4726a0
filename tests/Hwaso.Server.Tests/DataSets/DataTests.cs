using System.Diagnostics;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Server.Tests.Runs;

namespace Hwaso.Server.Tests.DataSets;

/// <summary>A data set as the server shows it: its classes, its problems, its images in every order.</summary>
public sealed class DataTests(DataServer shared) : IClassFixture<DataServer>
{
    readonly string root = shared.Root;
    readonly TestServer server = shared.Server;

    [Fact]
    public async Task The_set_has_its_splits_classes_and_findings()
    {
        var data = await Scanned();

        Assert.Equal("folder", data.GetProperty("layout").GetString());
        Assert.Equal([3, 2], data.GetProperty("splits").EnumerateArray().Select(s => s.GetProperty("images").GetInt32()));
        Assert.Equal(["sky", "road", "car"], data.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        // a: 64 sky, 64 road; b: 96 car, 32 ignored; c: 127 sky, one of no class; e: 128 road.
        Assert.Equal([191, 192, 96], data.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("pixels").GetInt32()));
        Assert.Equal([2, 2, 1], data.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("images").GetInt32()));
        Assert.Equal(33, data.GetProperty("ignored_pixels").GetInt32());
        Assert.Equal(1, data.GetProperty("problems").GetProperty("unknown_label").GetInt32());
        Assert.Equal(1, data.GetProperty("problems").GetProperty("missing_file").GetInt32());
    }

    [Theory]
    // Without a label, then of no class, then the third that is ignored; the rest in its order.
    [InlineData("", "d c b a e")]
    [InlineData("?order=name", "a b c d e")]
    [InlineData("?split=val&order=name", "d e")]
    [InlineData("?class=1&order=name", "a e")]
    [InlineData("?problem=any", "d c")]
    [InlineData("?problem=unknown_label", "c")]
    [InlineData("?run=run", "c b a")]
    [InlineData("?order=name&offset=1&limit=2", "b c")]
    [InlineData("?offset=7", "")]
    public async Task Images_are_listed_in_the_order_and_with_the_filter_that_is_asked(string query, string wanted)
    {
        await Scanned();

        var list = await (await server.Get("/v1/data/images" + query)).Json();

        Assert.Equal(wanted, string.Join(' ', list.GetProperty("images").EnumerateArray().Select(i => i.GetProperty("id").GetString())));
        Assert.DoesNotContain(root, list.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?class=3")]
    [InlineData("?class=-1")]
    [InlineData("?split=none")]
    [InlineData("?problem=none")]
    [InlineData("?order=random")]
    [InlineData("?order=wrong")]
    [InlineData("?limit=1000")]
    [InlineData("?offset=99999999999")]
    public async Task A_list_that_cannot_be_is_refused(string query) =>
        Assert.Equal(400, (int)(await server.Get("/v1/data/images" + query)).StatusCode);

    [Fact]
    public async Task Pictures_are_the_file_a_small_one_and_the_labels_over_it()
    {
        const string Image = "/v1/data/images/train/a";
        var whole = await server.Get(Image + "/image");
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(root, "images/train/a.png")), await whole.Bytes());
        Assert.Equal("image/png", whole.Content.Headers.ContentType!.MediaType);
        Assert.Equal(304, (int)(await server.Get(Image + "/image", ("If-None-Match", whole.Headers.ETag!.ToString()))).StatusCode);

        var small = await server.Get(Image + "/image?size=16");
        Assert.Equal("image/jpeg", small.Content.Headers.ContentType!.MediaType);
        var overlay = Jpeg.Decode(await (await server.Get(Image + "/overlay?opacity=1&size=16")).Bytes(), "overlay");
        Assert.Equal((16, 8), (overlay.Width, overlay.Height));
        var label = Png.DecodeLabels(await (await server.Get(Image + "/label")).Bytes(), "label");
        Assert.Equal(SmallSet.Labels(p => p % 2).Labels, label.Labels);
        // Of no class: ignored.
        Assert.Equal(255, Png.DecodeLabels(await (await server.Get("/v1/data/images/train/c/label")).Bytes(), "label").Labels[5]);
    }

    [Theory]
    [InlineData("/v1/data/images/train/none")]
    [InlineData("/v1/data/images/none/a")]
    [InlineData("/v1/data/images/train/..%2Fval%2Fd/image")]
    [InlineData("/v1/data/images/train/..%5C..%5Cdataset.yaml/image")]
    [InlineData("/v1/data/images/train/%2Fetc%2Fpasswd/image")]
    [InlineData("/v1/data/images/val/d/label")]
    public async Task Nothing_but_the_images_of_the_set_is_found(string path) =>
        Assert.Equal(404, (int)(await server.Get(path)).StatusCode);

    [Fact]
    public async Task A_link_out_of_the_set_and_a_file_that_is_no_image_are_not_sent()
    {
        var own = SmallSet.Write();
        var image = Path.Combine(own, "images/train/a.png");
        File.Delete(image);
        File.CreateSymbolicLink(image, Path.Combine(shared.Runs, "run", "recipe.yaml"));
        await File.WriteAllTextAsync(Path.Combine(own, "images/train/b.png"), "secret");
        await using (var other = await TestServer.StartAsync(s => s with { Data = own }))
        {
            Assert.Equal(404, (int)(await other.Get("/v1/data/images/train/a/image")).StatusCode);
            Assert.Equal(422, (int)(await other.Get("/v1/data/images/train/b/image")).StatusCode);
            Assert.Equal(422, (int)(await other.Get("/v1/data/images/train/b/overlay")).StatusCode);
        }
        Directory.Delete(own, recursive: true);
    }

    [Fact]
    public async Task A_server_without_a_set_says_how_to_name_one()
    {
        await using var bare = await TestServer.StartAsync();

        var answer = await bare.Get("/v1/data");

        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Contains("--data", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    async Task<JsonElement> Scanned()
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalSeconds < 20; await Task.Delay(5))
            if (await (await server.Get("/v1/data")).Json() is var data && data.GetProperty("scan").GetProperty("ended").GetBoolean())
                return data;
        throw new TimeoutException("the scan of five images did not end within 20 s");
    }
}

/// <summary>A server of the small set and of a run that was validated on it.</summary>
public sealed class DataServer : IAsyncLifetime
{
    public string Root { get; } = SmallSet.Write();

    public string Runs { get; } = Directory.CreateTempSubdirectory("hwaso-runs").FullName;

    internal TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        RunFiles.Pictures(RunFiles.Write(Runs, "run", 6, null), 6, ("a", 0.9), ("c", 0.1), ("b", 0.5));
        Server = await TestServer.StartAsync(s => s with { Data = Root, Runs = Runs });
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Root, recursive: true);
        Directory.Delete(Runs, recursive: true);
    }
}
