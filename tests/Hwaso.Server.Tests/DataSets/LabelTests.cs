using System.Net.Http.Headers;
using Hwaso.Imaging;
using Hwaso.Server.DataSets;
using Hwaso.Server.Http;

namespace Hwaso.Server.Tests.DataSets;

/// <summary>Labels that are drawn anew: nothing that somebody drew is lost.</summary>
public sealed class LabelTests : IAsyncLifetime
{
    const string Address = "/v1/data/images/train/a/label";

    readonly string root = SmallSet.Write();
    TestServer server = null!;

    public async Task InitializeAsync() => server = await TestServer.StartAsync(s => s with { Data = root });

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    string Mask => Path.Combine(root, "masks/train/a.png");

    [Fact]
    public async Task A_label_is_written_with_its_palette_and_the_first_one_is_kept()
    {
        var before = await File.ReadAllBytesAsync(Mask);
        var tag = (await server.Get(Address)).Headers.ETag!.ToString();

        var answer = await Put(Address, SmallSet.Labels(p => p < 3 ? 2 : p % 2), tag);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(SmallSet.Labels(p => p < 3 ? 2 : p % 2).Labels, Png.ReadLabels(Mask).Labels);
        var info = Png.Info(Mask);
        Assert.Equal((PngColorType.Indexed, SmallSet.Palette[2]), (info.ColorType, info.Palette![2]));
        var next = (await server.Get(Address)).Headers.ETag!.ToString();
        Assert.Equal(answer.Headers.ETag!.ToString(), next);
        Assert.Equal(200, (int)(await Put(Address, SmallSet.Labels(_ => 0), next)).StatusCode);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(root, ".hwaso/labels/train/a.original.png")));
        Assert.Equal(SmallSet.Labels(p => p % 2).Labels,
            Png.DecodeLabels(await (await server.Get(Address + "?version=original")).Bytes(), "original").Labels);
        Assert.Equal(SmallSet.Labels(p => p < 3 ? 2 : p % 2).Labels,
            Png.ReadLabels(Path.Combine(root, ".hwaso/labels/train/a.previous.png")).Labels);
    }

    [Fact]
    public async Task The_second_of_two_windows_is_told_and_nothing_is_lost()
    {
        var tag = (await server.Get(Address)).Headers.ETag!.ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(k => Put(Address, SmallSet.Labels(p => p == k ? 2 : 0), tag)));

        var winner = Assert.Single(answers, a => (int)a.StatusCode == 200);
        Assert.All(answers.Where(a => a != winner), a => Assert.Equal(412, (int)a.StatusCode));
        Assert.All(answers, a => Assert.Equal(winner.Headers.ETag, a.Headers.ETag));
        var winning = Array.IndexOf(answers, winner);
        Assert.Equal(SmallSet.Labels(p => p == winning ? 2 : 0).Labels, Png.ReadLabels(Mask).Labels);
    }

    [Fact]
    public async Task Another_programs_change_is_not_overwritten()
    {
        var tag = (await server.Get(Address)).Headers.ETag!.ToString();
        Png.WriteIndexed(Mask, SmallSet.Labels(_ => 1), SmallSet.Palette);

        Assert.Equal(412, (int)(await Put(Address, SmallSet.Labels(_ => 0), tag)).StatusCode);

        Assert.Equal(SmallSet.Labels(_ => 1).Labels, Png.ReadLabels(Mask).Labels);
    }

    [Fact]
    public async Task An_image_without_a_label_gets_one_once()
    {
        const string Bare = "/v1/data/images/val/d/label";
        Assert.Equal(412, (int)(await Put(Bare, SmallSet.Labels(_ => 1), "\"x\"")).StatusCode);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Put(Bare, SmallSet.Labels(_ => 1), null)));

        Assert.Single(answers, a => (int)a.StatusCode == 200);
        Assert.Equal(SmallSet.Labels(_ => 1).Labels, Png.ReadLabels(Path.Combine(root, "masks/val/d.png")).Labels);
    }

    [Fact]
    public async Task A_label_that_does_not_fit_is_refused_and_the_old_one_stays()
    {
        var before = await File.ReadAllBytesAsync(Mask);
        var tag = (await server.Get(Address)).Headers.ETag!.ToString();
        async Task<int> Status(byte[] body, string? type = "image/png", bool matched = true) => (int)(await server.Send(
            HttpMethod.Put, Address, Body(body, type), matched ? [("If-Match", tag)] : [])).StatusCode;

        Assert.Equal(428, await Status(Png.EncodeGray(SmallSet.Labels(_ => 0)), matched: false));
        Assert.Equal(422, await Status(Png.EncodeGray(SmallSet.Labels(_ => 3))));
        Assert.Equal(422, await Status(Png.EncodeGray(new LabelMap(8, 8))));
        Assert.Equal(422, await Status(Png.Encode(new RgbImage(SmallSet.Width, SmallSet.Height, [.. Enumerable.Range(0, 384).Select(
            k => (byte)k)]))));
        Assert.Equal(415, await Status("secret"u8.ToArray()));
        Assert.Equal(415, await Status(Png.EncodeGray(SmallSet.Labels(_ => 0)), "text/plain"));
        Assert.Equal(413, await Status(Png.EncodeGray(new LabelMap(8000, 8000))));
        Assert.Equal(before, await File.ReadAllBytesAsync(Mask));
    }

    [Fact]
    public async Task A_label_that_another_program_damaged_is_422_and_is_left_alone()
    {
        await File.WriteAllBytesAsync(Mask, (await File.ReadAllBytesAsync(Mask))[..^30]);
        var damaged = await File.ReadAllBytesAsync(Mask);
        var tag = (await (await server.Get(Address[..^"/label".Length])).Json()).GetProperty("etag").GetString()!;

        var drawn = Body(Png.EncodeGray(SmallSet.Labels(_ => 0)), "image/png");
        var answer = await server.Send(HttpMethod.Put, Address, drawn, ("If-Match", tag));

        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(Mask));
    }

    [Fact]
    public async Task Only_the_owner_changes_a_label()
    {
        var tag = (await server.Get(Address)).Headers.ETag!.ToString();
        foreach (var header in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("X-Forwarded-For", "10.0.0.1") })
            Assert.Equal(403, (int)(await Put(Address, SmallSet.Labels(_ => 0), tag, header)).StatusCode);
        Assert.Equal(200, (int)(await Put(Address, SmallSet.Labels(_ => 0), tag, ("Sec-Fetch-Site", "same-origin"))).StatusCode);

        await using var locked = await TestServer.StartAsync(s => s with { Data = root, Keys = ["secret"] });
        Assert.Equal(401, (int)(await locked.Send(HttpMethod.Put, Address, Body([1], "image/png"))).StatusCode);
    }

    [Fact]
    public async Task Ids_without_a_class_survive_and_classes_get_their_ids()
    {
        var cities = Directory.CreateTempSubdirectory("hwaso-cities").FullName;
        try
        {
            foreach (var folder in new[] { "leftImg8bit/train/x", "gtFine/train/x" })
                Directory.CreateDirectory(Path.Combine(cities, folder));
            Png.Write(Path.Combine(cities, "leftImg8bit/train/x/x_1_leftImg8bit.png"), new RgbImage(SmallSet.Width, SmallSet.Height));
            var file = Path.Combine(cities, "gtFine/train/x/x_1_gtFine_labelIds.png");
            // Ego vehicle, out of roi and road; only road is a class.
            Png.WriteGray(file, SmallSet.Labels(p => p % 3 == 0 ? 1 : p % 3 == 1 ? 3 : 7));
            await using var city = await TestServer.StartAsync(s => s with { Data = cities });
            const string Label = "/v1/data/images/train/x_1/label";
            var answer = await city.Get(Label);
            var seen = Png.DecodeLabels(await answer.Bytes(), "label");
            Assert.Equal([255, 255, 0], seen.Labels[..3]);

            // The first road pixel becomes a car, the first of the ego vehicle a road; the second road pixel is ignored.
            (seen.Labels[2], seen.Labels[0], seen.Labels[5]) = (13, 0, 255);
            Assert.Equal(200, (int)(await city.Send(HttpMethod.Put, Label, Body(Png.EncodeGray(seen), "image/png"),
                ("If-Match", answer.Headers.ETag!.ToString()))).StatusCode);

            Assert.Equal(SmallSet.Labels(p => p == 2 ? 26 : p == 0 ? 7 : p == 5 ? 255 : p % 3 == 0 ? 1 : p % 3 == 1 ? 3 : 7).Labels,
                Png.ReadLabels(file).Labels);
            Assert.Equal(PngColorType.Gray, Png.Info(file).ColorType);
        }
        finally
        {
            Directory.Delete(cities, recursive: true);
        }
    }

    [Fact]
    public async Task A_full_disk_is_507_and_the_old_label_is_whole()
    {
        using var data = DataFolder.Open(root, null);
        var image = data.Find("train", "a");
        var before = await File.ReadAllBytesAsync(Mask);
        // The copy that is kept still fits, the label does not.
        var labels = new LabelFile(data, (path, bytes) =>
        {
            if (path == Mask)
                throw new IOException("No space left on device");
            File.WriteAllBytes(path, bytes);
        });

        var failure = await Assert.ThrowsAsync<RequestFailure>(
            () => labels.WriteAsync(image, SmallSet.Labels(_ => 0), labels.Read(image, original: false).Tag, CancellationToken.None));

        Assert.Equal(507, failure.Status);
        Assert.Contains("old file is whole", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Mask));
        // The place is free again.
        Assert.NotEmpty(await new LabelFile(data).WriteAsync(image, SmallSet.Labels(_ => 0), FileTag.Of(before), CancellationToken.None));
    }

    static ByteArrayContent Body(byte[] bytes, string? type)
    {
        var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return body;
    }

    // Without a tag: where there is none yet.
    Task<HttpResponseMessage> Put(string address, LabelMap labels, string? tag, params (string Name, string Value)[] headers) =>
        server.Send(HttpMethod.Put, address, Body(Png.EncodeGray(labels), "image/png"),
            [tag is null ? ("If-None-Match", "*") : ("If-Match", tag), .. headers]);
}
