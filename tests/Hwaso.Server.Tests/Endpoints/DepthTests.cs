using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Onnx;
using Hwaso.Runtime;
using Hwaso.Runtime.Tests;

namespace Hwaso.Server.Tests.Endpoints;

/// <summary>A network for depth: 20 metres less a pixel's brightness, against the formula in double precision.</summary>
public sealed class DepthTests : IAsyncLifetime
{
    const int Width = 24, Height = 16;
    const double Farthest = 20;

    static readonly double[] mean = [0.5, 0.4, 0.3], deviation = [0.25, 0.2, 0.5], weights = [-6, -4, -2];

    TestServer server = null!;

    public async Task InitializeAsync() => server = await TestServer.StartAsync(file: File());

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Depth_comes_back_in_metres_as_a_PNG_and_in_figures()
    {
        var pixels = StreetModel.Image(Width, Height);
        double[] expected =
        [
            .. Enumerable.Range(0, Width * Height).Select(k => Math.Max(0, Farthest + Enumerable.Range(0, 3).Sum(
                c => weights[c] * ((pixels[(3 * k) + c] / 255.0) - mean[c]) / deviation[c]))),
        ];
        var file = Path.GetTempFileName();
        try
        {
            var answer = await server.Post("/v1/models/street/depth", TestServer.Picture(Width, Height), "image/png");
            await System.IO.File.WriteAllBytesAsync(file, await answer.Bytes());

            var depth = DepthPng.Read(file);

            // Half a step of 65,535 up to the largest depth, and single precision.
            var tolerance = (expected.Max() / 65535 / 2) + 1e-4;
            Assert.Equal((Width, Height), (depth.Width, depth.Height));
            // 0 is no depth, which is read as no number.
            Assert.Contains(depth.Values, float.IsNaN);
            Assert.All(expected.Zip(depth.Values), p => Assert.Equal(p.First, float.IsNaN(p.Second) ? 0 : p.Second, tolerance));
        }
        finally
        {
            System.IO.File.Delete(file);
        }
        var json = await (await server.Post("/v1/models/street/depth?as=json", TestServer.Picture(Width, Height), "image/png")).Json();
        Assert.Equal(expected.Where(e => e > 0).Min(), json.GetProperty("nearest").GetDouble(), 1e-4);
        Assert.Equal(expected.Max(), json.GetProperty("farthest").GetDouble(), 1e-4);
        var overlay = await server.Post("/v1/models/street/depth?as=overlay", TestServer.Picture(Width, Height), "image/png");
        var picture = Png.DecodeRgb(await overlay.Bytes(), "overlay");
        Assert.Equal((Width, Height), (picture.Width, picture.Height));
        var segment = await server.Post("/v1/models/street/segment", TestServer.Picture(Width, Height), "image/png");
        Assert.Equal(422, (int)segment.StatusCode);
        Assert.Contains("/v1/models/street/depth", await segment.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    static byte[] File()
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [1, 3, 1, 1], [.. weights.Select(w => (float)w)]);
        document.Weight("b", [1], [(float)Farthest]);
        document.Node("Conv", "weighted", ["image", "w", "b"], ["sum"]);
        document.Node("Relu", "above", ["sum"], ["depth"]);
        document.Output("depth", OnnxDataType.Float32, (1, ""), (1, ""), (null, "h"), (null, "w"));
        return document.ToArray(new Dictionary<string, string>
        {
            [SegmentationMetadata.TaskKey] = "depth",
            [SegmentationMetadata.MeanKey] = System.Text.Json.JsonSerializer.Serialize(mean),
            [SegmentationMetadata.DeviationKey] = System.Text.Json.JsonSerializer.Serialize(deviation),
        });
    }
}
