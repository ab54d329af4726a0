using System.Text.Json;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Boxes;
using Hwaso.Inference.Depth;
using Hwaso.Inference.Explaining;
using Hwaso.Inference.Poses;
using Hwaso.Runtime.Tests;
using Hwaso.Torch;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>
/// Every task of runs, on libtorch and on Hwaso.Runtime, beside the same networks asked without a server: what <c>hwaso predict</c>,
/// <c>explain</c> and <c>depth</c> answer.
/// </summary>
public sealed class RunTaskTests(SmallServers servers) : IClassFixture<SmallServers>
{
    const int Width = 96, Height = 64;

    // The two engines sum in another order.
    const double Pixels = 0.05, Scores = 1e-3;

    static readonly RgbImage image = new(Width, Height, StreetModel.Image(Width, Height));

    readonly SmallRuns runs = servers.Runs;
    readonly TestServer server = servers.Libtorch;

    [Fact]
    public async Task Runs_are_served_on_libtorch_and_on_the_runtime_as_without_a_server()
    {
        var runtime = servers.Runtime;
        await Labels(server, "libtorch", Engine.Libtorch);
        await Labels(runtime, "Hwaso.Runtime", Engine.Automatic);

        using var poses = PoseNetwork.Open(runs.Of("pose"), Device.Cpu);
        var estimator = poses.Estimator;
        var joints = estimator.Estimate(image, PersonCrop.OfBox(new(8, 4, 40, 56), estimator.Options.Sampling.Aspect));
        await Poses(server, joints, 1e-4, 1e-6);
        await Poses(runtime, joints, Pixels, Scores);

        using var boxes = DetectorNetwork.Open(runs.Of("boxes"), Device.Cpu);
        var found = boxes.Finder.Find(image);
        Assert.NotEmpty(found);
        await Boxes(server, found, 1e-4, 1e-6);
        await Boxes(runtime, found, Pixels, Scores);
    }

    [Fact]
    public async Task A_run_shows_its_attention_at_a_pixel()
    {
        var expected = Attention((10, 20));

        var json = await Ask(server, "road/explain?x=10&y=20&as=json");
        var views = json.GetProperty("views").EnumerateArray().ToArray();

        Assert.Equal(expected.Select(v => v.Name), views.Select(v => v.GetProperty("name").GetString()));
        foreach (var (view, given) in expected.Zip(views))
            Assert.All(view.Values.Zip(given.GetProperty("values").EnumerateArray()),
                p => Assert.Equal(p.First, p.Second.GetSingle(), 1e-6f));
        var picture = await server.Post("/v1/models/road/explain?x=10&y=20", TestServer.Picture(Width, Height), "image/png");
        Assert.Equal("image/png", picture.Content.Headers.ContentType?.MediaType);
        Assert.NotEqual((0, 0), ImageFile.Size(await picture.Bytes(), "attention"));
        foreach (var (address, status) in new[] { ("road/explain?x=96&y=0", 422), ("road/explain?x=1", 400), ("two/explain?x=1&y=1", 422) })
            Assert.Equal(status, (int)(await server.Post($"/v1/models/{address}", TestServer.Picture(Width, Height))).StatusCode);
    }

    [Fact]
    public async Task A_network_of_two_decoders_answers_labels_and_metres()
    {
        using var decoder = DepthTeacher.OfRun(new RunFolder(runs.Of("two")), new DepthViews(), Device.Cpu);
        var expected = decoder.Depth(image);
        var file = Path.GetTempFileName();
        try
        {
            var answer = await server.Post("/v1/models/two/depth", TestServer.Picture(Width, Height), "image/png");
            await File.WriteAllBytesAsync(file, await answer.Bytes());

            // Half a step of 65,535 up to the largest depth.
            var tolerance = (expected.Values.Max() / 65535 / 2) + 1e-5f;
            Assert.All(expected.Values.Zip(Data.Depth.DepthPng.Read(file).Values), p => Assert.Equal(p.First, p.Second, tolerance));
        }
        finally
        {
            File.Delete(file);
        }
        var labels = await server.Post("/v1/models/two/segment", TestServer.Picture(Width, Height), "image/png");
        Assert.Equal(200, (int)labels.StatusCode);
        var model = await (await server.Get("/v1/models/two")).Json();
        Assert.EndsWith("/two/segment", model.GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("/two/depth", Assert.Single(model.GetProperty("others").EnumerateArray()).GetProperty("address").GetString(),
            StringComparison.Ordinal);
    }

    IReadOnlyList<AttentionView> Attention((int X, int Y) at)
    {
        using var model = LoadedModel.Open(runs.Of("road"), Device.Cpu);
        using var scope = new Scope();
        return new AttentionViewer(model.Net, model.ClassCount).View(
            model.Normalisation.ToTensor(image, Device.Cpu), new AttentionQuestion(At: at));
    }

    async Task Labels(TestServer asked, string engine, Engine of)
    {
        using var segmenter = Segmenter.Open(runs.Of("road"), new SegmenterOptions { Engine = of, Device = Device.Cpu, Threads = 2 });
        var answer = await asked.Post("/v1/models/road/segment", TestServer.Picture(Width, Height), "image/png");
        Assert.Equal(segmenter.Segment(image).Labels, Png.DecodeLabels(await answer.Bytes(), "labels").Labels);
        var model = await (await asked.Get("/v1/models/road")).Json();
        Assert.Equal((engine, "cpu"), (model.GetProperty("engine").GetString(), model.GetProperty("device").GetString()));
        // The labels in the picture of probabilities are the same.
        var certain = await asked.Post("/v1/models/road/segment?as=probability", TestServer.Picture(Width, Height), "image/png");
        Assert.Equal(segmenter.Segment(image).Labels, Png.DecodeGray16(await certain.Bytes(), "probability").Values.Select(v => (byte)(v >> 8)));
    }

    static async Task Poses(TestServer asked, float[] joints, double pixels, double scores)
    {
        var people = (await Ask(asked, "pose/poses?box=8,4,40,56")).GetProperty("people");
        var given = Assert.Single(people.EnumerateArray()).GetProperty("joints").EnumerateArray().ToArray();
        Assert.Equal(joints.Length / 3, given.Length);
        foreach (var (k, joint) in given.Index())
        {
            Assert.Equal(joints[3 * k], joint.GetProperty("x").GetDouble(), pixels);
            Assert.Equal(joints[(3 * k) + 1], joint.GetProperty("y").GetDouble(), pixels);
            Assert.Equal(joints[(3 * k) + 2], joint.GetProperty("score").GetDouble(), scores);
        }
    }

    static async Task Boxes(TestServer asked, FoundObject[] found, double pixels, double scores)
    {
        var given = (await Ask(asked, "boxes/boxes")).GetProperty("objects").EnumerateArray().ToArray();
        Assert.Equal(found.Length, given.Length);
        foreach (var (one, other) in found.OrderByDescending(f => f.Score).Zip(given))
        {
            Assert.Equal(one.Score, other.GetProperty("score").GetDouble(), scores);
            Assert.Equal(one.Box.X1, other.GetProperty("box")[0].GetDouble(), pixels);
            Assert.Equal(one.Box.Y1, other.GetProperty("box")[1].GetDouble(), pixels);
            Assert.Equal([Height, Width], other.GetProperty("segmentation").GetProperty("size").EnumerateArray().Select(s => s.GetInt32()));
        }
    }

    static async Task<JsonElement> Ask(TestServer asked, string address)
    {
        var answer = await asked.Post($"/v1/models/{address}", TestServer.Picture(Width, Height), "image/png");
        Assert.True((int)answer.StatusCode == 200, await answer.Content.ReadAsStringAsync());
        return await answer.Json();
    }
}
