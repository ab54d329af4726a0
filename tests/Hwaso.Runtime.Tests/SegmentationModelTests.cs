using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Runtime.Tests;

/// <summary>Labels equal libtorch's at every size; invalid images are refused.</summary>
public sealed class SegmentationModelTests : TensorTest
{
    const string Name = "hrnetv2-w18-small-v1";

    static readonly RuntimeOptions two = new() { Threads = 2 };

    [Theory]
    [InlineData(96, 64)]
    [InlineData(133, 75)]
    public void Labels_and_scores_are_libtorchs_at_the_images_size(int width, int height)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create();
        var net = (SegmentationNet)ExportedNetworkTests.Build(Name, weights);
        net.Eval();
        var image = Image(width, height);
        var expected = net.Call(Normalised(image, width, height)).ResizeBilinear(height, width, net.AlignCorners);
        var labels = expected.ArgMax(1).ToArray<long>();
        var scores = expected.Contiguous().ToArray<float>();

        using var model = SegmentationModel.Load(Free(net), Name, two);
        var result = model.Segment(image, width, height, withScores: true);

        Assert.Equal((width, height), (result.Width, result.Height));
        AssertClose(scores, result.Scores, 1e-4, "scores");
        var largest = scores.Max(Math.Abs);
        for (var k = 0; k < labels.Length; k++)
        {
            // Where two classes are nearly equal, rounding decides.
            var difference = scores[(labels[k] * labels.Length) + k] - scores[(result.Labels[k] * labels.Length) + k];
            Assert.True(result.Labels[k] == labels[k] || Math.Abs(difference) < 1e-4 * largest, $"pixel {k}");
        }
        Assert.True(result.Labels.Distinct().Count() > 1, "one label everywhere shows nothing");
        Assert.Equal(result.Labels, model.Segment(image, width, height).Labels);
    }

    [Fact]
    public void A_network_of_fixed_size_labels_images_of_any()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = ExportedNetworkTests.Build(Name, weights);
        using var model = SegmentationModel.Load(ExportedNetworkTests.Export(net, [1, 3, 64, 96], null), Name, two);
        using var free = SegmentationModel.Load(Free(net), Name, two);
        var image = Image(96, 64);
        Assert.Equal(free.Segment(image, 96, 64).Labels, model.Segment(image, 96, 64).Labels);
        // Doubling every pixel does not change the picture.
        var doubled = new byte[3 * 192 * 128];
        for (var y = 0; y < 128; y++)
            for (var x = 0; x < 192; x++)
                image.AsSpan((((y / 2) * 96) + (x / 2)) * 3, 3).CopyTo(doubled.AsSpan(((y * 192) + x) * 3));
        var labels = model.Segment(doubled, 192, 128).Labels;
        var small = model.Segment(image, 96, 64).Labels;
        var same = Enumerable.Range(0, small.Length).Count(k => labels[((k / 96 * 2) * 192) + (k % 96 * 2)] == small[k]);
        // Borders between labels may move by half a pixel.
        Assert.True(same > 0.9 * small.Length, $"{same} of {small.Length}");
    }

    [Fact]
    public void Classes_normalisation_and_convention_come_from_the_file()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        var net = ExportedNetworkTests.Build(Name, weights);
        string[] names = ["road", "sidewalk", "building", "wall", "fence", "pole", "sky"];
        var metadata = new Dictionary<string, string>
        {
            [SegmentationMetadata.ClassesKey] = $"[{string.Join(", ", names.Select(Class))}]",
            [SegmentationMetadata.MeanKey] = "[0.1, 0.2, 0.3]",
            [SegmentationMetadata.DeviationKey] = "[0.4, 0.5, 0.6]",
            [SegmentationMetadata.AlignCornersKey] = "true",
        };
        static string Class(string name, int k) => $$"""{"name": "{{name}}", "color": [{{k}}, 64, 255]}""";
        using var model = SegmentationModel.Load(Free(net, metadata), Name, two);
        Assert.Equal(names.Select((name, k) => new SegmentationClass(name, (byte)k, 64, 255)), model.Classes);
        Assert.Equal(7, model.ClassCount);
        Assert.Equal(model.Classes, model.Segment(Image(96, 64), 96, 64).Classes);
        Assert.Equal([0.1f, 0.2f, 0.3f], model.Metadata.Mean);
        Assert.Equal([0.4f, 0.5f, 0.6f], model.Metadata.Deviation);
        Assert.True(model.Metadata.AlignCorners);

        metadata[SegmentationMetadata.DeviationKey] = "[0.4, 0, 0.6]";
        var bytes = Free(net, metadata);
        Assert.Equal("broken: metadata hwaso.std: is not three numbers above 0",
            Assert.Throws<ModelFormatException>(() => SegmentationModel.Load(bytes, "broken", two)).Message);
    }

    [Fact]
    public void What_is_no_image_is_refused()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        using var model = SegmentationModel.Load(Free(ExportedNetworkTests.Build(Name, weights)), Name, two);
        Assert.Throws<ArgumentException>(() => model.Segment([], 0, 0));
        Assert.Throws<ArgumentException>(() => model.Segment(new byte[12], 2, -2));
        Assert.Throws<ArgumentException>(() => model.Segment([], int.MaxValue, int.MaxValue));
        Assert.Equal("11 values for an image of 2×2 pixels; 12 were wanted",
            Assert.Throws<ArgumentException>(() => model.Segment(new byte[11], 2, 2)).Message);
        Assert.Throws<ArgumentException>(() => model.Segment(new byte[3 * 64 * 64], 64, 64, new byte[64]));
    }

    [Fact]
    public void Images_of_a_size_that_was_seen_allocate_nothing()
    {
        using var scope = new Scope();
        using var weights = Weights.Create();
        using var model = SegmentationModel.Load(Free(ExportedNetworkTests.Build(Name, weights)), Name, two);
        var (image, labels) = (Image(96, 64), new byte[96 * 64]);
        model.WarmUp(96, 64);
        for (var k = 0; k < 50; k++)
            model.Segment(image, 96, 64, labels);
        // The runtime itself, and threads of earlier tests, allocate a little at times; an allocation by the call would occur every time.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ =>
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var k = 0; k < 10; k++)
                model.Segment(image, 96, 64, labels);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }), 0, 10 * 1024);
    }

    static byte[] Free(Net net, Dictionary<string, string>? metadata = null)
    {
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        return OnnxExport.Write(NetworkGraph.Of(net, [1, 3, 64, 96]), key => state[key].ToHost(), new OnnxOptions
        {
            OtherSize = NetworkGraph.Of(net, [1, 3, 128, 160]),
            Metadata = metadata ?? [],
        }).Bytes;
    }

    static byte[] Image(int width, int height) => StreetModel.Image(width, height);

    static Tensor Normalised(byte[] image, int width, int height)
    {
        double[] mean = [0.485, 0.456, 0.406], deviation = [0.229, 0.224, 0.225];
        var values = new float[image.Length];
        for (var k = 0; k < width * height; k++)
            for (var c = 0; c < 3; c++)
                values[(c * width * height) + k] = (float)(((image[(3 * k) + c] / 255.0) - mean[c]) / deviation[c]);
        return Tensor.From(values, 1, 3, height, width);
    }
}
