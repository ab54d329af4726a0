using System.Net;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Tests;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>Images in, labels out, in each form.</summary>
[Collection(SharedServer.Name)]
public sealed class SegmentTests(SharedServer shared)
{
    const string Path = "/v1/models/street/segment";
    const int Width = 41, Height = 27;

    readonly TestServer server = shared.Server;
    readonly byte[] picture = TestServer.Picture(Width, Height);

    [Fact]
    public async Task An_image_is_answered_by_its_labels_as_the_runtime_gives_them()
    {
        var answer = await server.Post(Path, picture, "image/png");

        Assert.Equal("image/png", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("Accept", answer.Headers.Vary.Single());
        var bytes = await answer.Bytes();
        Assert.Equal(Expected(), Png.DecodeLabels(bytes, "answer").Labels);
    }

    [Fact]
    public async Task A_form_field_is_taken_too()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("4"), "note" },
            { new ByteArrayContent(picture), "image", "street.png" },
        };

        var answer = await server.Send(HttpMethod.Post, Path, form);

        Assert.Equal(Expected(), Png.DecodeLabels(await answer.Bytes(), "answer").Labels);
    }

    [Fact]
    public async Task JSON_has_classes_shares_and_runs()
    {
        var json = await (await server.Post(Path, picture, null, ("Accept", "application/json"))).Json();

        var labels = new List<byte>();
        foreach (var run in json.GetProperty("runs").EnumerateArray())
            labels.AddRange(Enumerable.Repeat(run[0].GetByte(), run[1].GetInt32()));
        Assert.Equal(Expected(), labels);
        var counts = Expected().CountBy(l => l).ToDictionary(c => (int)c.Key, c => c.Value);
        Assert.Equal(counts, json.GetProperty("classes").EnumerateArray().ToDictionary(
            c => c.GetProperty("class").GetInt32(), c => c.GetProperty("pixels").GetInt32()));
        Assert.Equal(1, json.GetProperty("classes").EnumerateArray().Sum(c => c.GetProperty("share").GetDouble()), precision: 12);
        Assert.All(json.GetProperty("classes").EnumerateArray(), c =>
            Assert.Equal($"thing {c.GetProperty("class").GetInt32()}", c.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task GeoJSON_has_the_area_of_each_class()
    {
        var answer = await server.Post(Path + "?as=geojson", picture, "image/png", ("Accept", "image/png"));

        Assert.Equal("application/geo+json", answer.Content.Headers.ContentType!.MediaType);
        var counts = Expected().CountBy(l => l).ToDictionary(c => (int)c.Key, c => (double)c.Value);
        var areas = (await answer.Json()).GetProperty("features").EnumerateArray().ToDictionary(
            f => f.GetProperty("properties").GetProperty("class").GetInt32(),
            f => f.GetProperty("geometry").GetProperty("coordinates").EnumerateArray().SelectMany(p => p.EnumerateArray()).Sum(Area));
        Assert.Equal(counts, areas);
    }

    [Fact]
    public async Task GeoJSON_is_simplified_on_demand_and_covers_the_image_all_the_same()
    {
        var exact = await (await server.Post(Path + "?as=geojson", picture, "image/png")).Bytes();

        var answer = await server.Post(Path + "?as=geojson&simplify=1.5", picture, "image/png");

        Assert.True((await answer.Bytes()).Length < exact.Length);
        Assert.Equal(Width * Height, (await answer.Json()).GetProperty("features").EnumerateArray().Sum(
            f => f.GetProperty("geometry").GetProperty("coordinates").EnumerateArray().SelectMany(p => p.EnumerateArray()).Sum(Area)));
        await Problem(await server.Post(Path + "?as=geojson&simplify=-1", picture, "image/png"), 400);
    }

    [Fact]
    public async Task An_overlay_has_the_image_with_its_colours()
    {
        var none = Png.DecodeRgb(await (await server.Post(Path + "?as=overlay&opacity=0", picture, "image/png")).Bytes(), "answer");
        var full = Png.DecodeRgb(await (await server.Post(Path + "?as=overlay&opacity=1", picture, "image/png")).Bytes(), "answer");

        Assert.Equal(StreetModel.Image(Width, Height), none.Pixels);
        var label = Expected()[0];
        Assert.Equal([(byte)(10 * label), (byte)(200 - label), (byte)(30 + label)], full.Pixels[..3]);
    }

    [Fact]
    public async Task An_image_comes_back_as_the_PNG_that_networks_see()
    {
        var gif = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP8AACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==");

        var answer = await server.Post("/v1/png", gif, "image/gif");

        Assert.Equal("image/png", answer.Content.Headers.ContentType!.MediaType);
        var png = Png.DecodeRgb(await answer.Bytes(), "answer");
        Assert.Equal((1, 1), (png.Width, png.Height));
        Assert.Equal(StreetModel.Image(Width, Height), Png.DecodeRgb(await (await server.Post("/v1/png", picture)).Bytes(), "same").Pixels);
        await Problem(await server.Post("/v1/png", picture[..60], "image/png"), 422);
        await Problem(await server.Post("/v1/png", Png.EncodeGray(new LabelMap(2048, 2048)), "image/png"), 413);
    }

    [Theory]
    [InlineData("image/*;q=0.5, application/json", "application/json")]
    [InlineData("*/*", "image/png")]
    [InlineData("image/png;q=0, */*", "application/json")]
    [InlineData("APPLICATION/JSON", "application/json")]
    [InlineData("text/html, application/geo+json;q=0.1", "application/geo+json")]
    public async Task Accept_chooses_the_form(string accept, string type) =>
        Assert.Equal(type, (await server.Post(Path, picture, null, ("Accept", accept))).Content.Headers.ContentType!.MediaType);

    [Fact]
    public async Task What_cannot_be_answered_in_an_accepted_form_is_406() =>
        await Problem(await server.Post(Path, picture, null, ("Accept", "text/html")), 406);

    [Theory]
    [InlineData("?as=xml", 400)]
    [InlineData("?opacity=2", 400)]
    [InlineData("?opacity=NaN", 400)]
    public async Task A_wrong_query_is_400(string query, int status) =>
        await Problem(await server.Post(Path + query, picture, "image/png"), status);

    [Fact]
    public async Task The_type_that_curl_sends_by_itself_is_415_and_says_what_to_do()
    {
        var answer = await server.Post(Path, picture, "application/x-www-form-urlencoded");

        Assert.Contains("image/png", answer.Headers.GetValues("Accept").Single(), StringComparison.Ordinal);
        Assert.Contains("curl -T", await Problem(answer, 415), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_image_is_415() =>
        Assert.Contains("HTML", await Problem(await server.Post(Path, "<!doctype html><p>"u8.ToArray(), "image/png"), 415),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(40)]
    [InlineData(200)]
    public async Task An_image_cut_short_is_422(int length) =>
        await Problem(await server.Post(Path, picture[..length], "image/jpg"), 422);

    [Fact]
    public async Task An_empty_body_is_400() => await Problem(await server.Post(Path, []), 400);

    [Fact]
    public async Task An_image_of_too_many_pixels_is_413_before_it_is_decoded()
    {
        // 2048² zeros take a few kilobytes.
        var many = Png.EncodeGray(new LabelMap(2048, 2048));

        Assert.Contains("4000000", await Problem(await server.Post(Path, many, "image/png"), 413), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(65500)]
    [InlineData(20000)]
    public async Task A_header_that_claims_too_many_pixels_is_413_whatever_the_format(int side)
    {
        var jpeg = Jpeg.Encode(new RgbImage(8, 8), 90);
        // Behind marker, length and precision: height and width.
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]) + 5;
        (jpeg[frame], jpeg[frame + 1]) = (jpeg[frame + 2], jpeg[frame + 3]) = ((byte)(side >> 8), (byte)side);

        Assert.Contains($"{side}×{side}", await Problem(await server.Post(Path, jpeg, "image/jpeg"), 413), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_too_many_bytes_is_413_whether_its_length_is_said_or_not()
    {
        var body = new byte[(1 << 20) + 1];
        await Problem(await server.Post(Path, body, "image/png"), 413);
        using var chunked = new StreamContent(new MemoryStream(body));
        chunked.Headers.ContentLength = null;
        await Problem(await server.Send(HttpMethod.Post, Path, chunked, ("Transfer-Encoding", "chunked")), 413);
    }

    [Fact]
    public async Task A_form_of_another_site_is_refused() => await Problem(await server.Post(
        Path, picture, "multipart/form-data; boundary=x", ("Sec-Fetch-Site", "cross-site")), 403);

    [Fact]
    public async Task A_name_that_leads_here_by_rebinding_is_refused()
    {
        await Problem(await server.Get("/v1/models/street", ("Host", "evil.example")), 400);
        Assert.Equal(HttpStatusCode.OK, (await server.Get("/v2/health/live", ("Host", "localhost:1"))).StatusCode);
    }

    [Fact]
    public async Task Every_answer_has_the_headers_of_safety_and_none_of_CORS()
    {
        foreach (var answer in new[]
        {
            await server.Get("/v2", ("Origin", "http://evil.example")),
            await server.Get("/nothing", ("Origin", "http://evil.example")),
            await server.Post(Path, picture, "image/png", ("Origin", "http://evil.example")),
        })
        {
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    static async Task<string> Problem(HttpResponseMessage answer, int status)
    {
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = await answer.Json();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        return problem.GetProperty("detail").GetString()!;
    }

    static double Area(JsonElement ring)
    {
        var points = ring.EnumerateArray().Select(p => (X: p[0].GetDouble(), Y: p[1].GetDouble())).ToArray();
        Assert.Equal(points[0], points[^1]);
        return points.Zip(points.Skip(1)).Sum(p => (p.First.X * p.Second.Y) - (p.Second.X * p.First.Y)) / 2;
    }

    static byte[] Expected()
    {
        var file = StreetModel.File(metadata: TestServer.Metadata);
        using var model = SegmentationModel.Load(file, "street", new RuntimeOptions { Threads = 2 });
        return model.Segment(StreetModel.Image(Width, Height), Width, Height).Labels;
    }
}
