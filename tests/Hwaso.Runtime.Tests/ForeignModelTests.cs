using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;

namespace Hwaso.Runtime.Tests;

/// <summary>Files of other exporters, as users met them, with ONNX Runtime's recorded answers: tests/fixtures/foreign-models.zip.</summary>
public sealed class ForeignModelTests : IDisposable
{
    const int Height = 64, Width = 96;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-foreign").FullName;

    public ForeignModelTests() => ZipFile.ExtractToDirectory(Fixtures.Path("foreign-models.zip"), folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Operators_and_quantised_networks_answer_as_recorded()
    {
        foreach (var one in Directory.GetDirectories(Path.Combine(folder, "recorded")).Order())
        {
            var name = Path.GetFileName(one);
            using var model = OnnxModel.Load(Path.Combine(one, "model.onnx"), new RuntimeOptions { Threads = 2 });
            var inputs = JsonDocument.Parse(File.ReadAllText(Path.Combine(one, "in.json"))).RootElement.EnumerateArray().ToArray();
            var session = model.Open([.. inputs.Select(Shape)]);
            for (var k = 0; k < inputs.Length; k++)
            {
                var bytes = File.ReadAllBytes(Path.Combine(one, $"in_{k}.bin"));
                if (inputs[k].GetProperty("dtype").GetString() == "uint8")
                    for (var n = 0; n < bytes.Length; n++)
                        session.InputInts(k)[n] = bytes[n];
                else
                    MemoryMarshal.Cast<byte, float>(bytes).CopyTo(session.Input(k));
            }
            session.Run();
            var recorded = File.ReadAllBytes(Path.Combine(one, "ref_0.bin"));
            var shape = Shape(JsonDocument.Parse(File.ReadAllText(Path.Combine(one, "ref.json"))).RootElement[0]);
            Assert.Equal(shape, session.OutputShape(0).ToArray());
            float[] given = session.IsFloat(0) ? session.Output(0).ToArray() : [.. session.OutputInts(0).ToArray().Select(v => (float)v)];
            // One answer was recorded in double precision.
            var wanted = recorded.Length == 8 * given.Length
                ? Array.ConvertAll(MemoryMarshal.Cast<byte, double>(recorded).ToArray(), v => (float)v)
                : MemoryMarshal.Cast<byte, float>(recorded).ToArray();
            var largest = wanted.Max(Math.Abs);
            // A quantised network rounds to steps of at least 1/255 of its range; sums of another order may round to the next one.
            var tolerance = name is "h_qdq" or "h_qlconv" ? 2 * largest / 255 : 1e-4f * largest;
            for (var k = 0; k < wanted.Length; k++)
                Assert.True(Math.Abs(given[k] - wanted[k]) <= tolerance, $"{name}: number {k} is {given[k]} instead of {wanted[k]}");
        }
    }

    [Fact]
    public void Weights_in_another_file_are_read_from_the_models_folder_only()
    {
        var external = Path.Combine(folder, "recorded", "external");
        var file = File.ReadAllBytes(Path.Combine(external, "model.onnx"));
        Assert.Contains("in another file; load the model from its path", Assert.Throws<ModelFormatException>(
            () => OnnxModel.Load(file, "memory")).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(external, "weights.bin"));
        Assert.Contains("'weights.bin', which is not beside the model", Assert.Throws<ModelFormatException>(
            () => OnnxModel.Load(Path.Combine(external, "model.onnx"))).Message, StringComparison.Ordinal);
        var inside = Path.Combine(external, "in");
        Directory.CreateDirectory(inside);
        // A name of the same length that leaves the folder.
        var outside = file.AsSpan().ToArray();
        "../ghts.bin"u8.CopyTo(outside.AsSpan(file.AsSpan().IndexOf("weights.bin"u8)));
        File.WriteAllBytes(Path.Combine(inside, "model.onnx"), outside);
        Assert.Contains("a file in the model's folder was wanted", Assert.Throws<ModelFormatException>(
            () => OnnxModel.Load(Path.Combine(inside, "model.onnx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_in_channels_last_order_are_found_by_their_sizes()
    {
        using var model = Load("nhwc_out");
        var result = model.Segment(StreetModel.Image(Width, Height), Width, Height);
        Assert.All(result.Labels, label => Assert.InRange(label, 0, 3));
        Assert.True(result.Labels.Distinct().Count() > 1);
        Assert.Equal(4, model.ClassCount);
    }

    [Theory]
    [InlineData("expects01", 1f)]
    [InlineData("expects255", 255f)]
    public void A_normalisation_that_the_file_does_not_name_is_assumed_aloud_or_given(string name, float range)
    {
        byte[] image = [.. Enumerable.Range(0,
            Width * Height).SelectMany(k => new byte[] { (byte)(k % Width < Width / 2 ? 200 : 90), 50, 50 })];
        using var assumed = Load(name);
        Assert.Contains("ImageNet's mean 0.485, 0.456, 0.406", Assert.Single(assumed.Metadata.Assumptions), StringComparison.Ordinal);
        using var model = Load(name, new SegmentationOptions { Mean = [0], Deviation = [1], Range = range });
        Assert.Empty(model.Metadata.Assumptions);
        var labels = model.Segment(image, Width, Height).Labels;
        // Both networks call a pixel 1 where red is above half.
        Assert.Equal((1, 0), (labels[(Height / 2 * Width) + 8], labels[(Height / 2 * Width) + Width - 8]));
        Assert.Throws<ArgumentException>(() => Load(name, new SegmentationOptions { Mean = [0, 0] }));
    }

    [Fact]
    public void Scores_that_are_not_finite_are_an_error_with_the_first_layer()
    {
        using var model = Load("nan");
        var error = Assert.Throws<ArithmeticException>(() => model.Segment(StreetModel.Image(Width, Height), Width, Height));
        Assert.Contains("are not finite; the first layer with such a result is ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not found", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gray", "the network has 1 channel; it gets gray")]
    [InlineData("rgba", "the network has 4 channels; it gets red, green, blue and an alpha, which is opaque where the image has none")]
    [InlineData("nhwc_in", null)]
    [InlineData("argmax_f", null)]
    public void Images_of_other_kinds_and_labels_as_numbers_are_taken(string name, string? assumed)
    {
        using var model = Load(name);
        var labels = model.Segment(StreetModel.Image(Width, Height), Width, Height).Labels;
        Assert.True(labels.Distinct().Count() > 1, $"{name}: one label");
        if (assumed is not null)
            Assert.Contains(assumed, model.Metadata.Assumptions);
    }

    [Fact]
    public void A_batch_is_refused_with_what_was_wanted() =>
        Assert.Contains("a batch of 4 images; a batch of 1 was wanted", Assert.Throws<ModelFormatException>(() => Load("batch4")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void The_number_of_classes_is_known_without_being_declared()
    {
        using var model = Load("plain");
        Assert.NotNull(model.ClassCount);
    }

    [Fact]
    public void Labels_above_255_are_an_error_that_names_the_pixel()
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [300, 3, 1, 1], new float[900]);
        document.Weight("b", [300], [.. Enumerable.Range(0, 300).Select(k => (float)k)]);
        document.Node("Conv", "", ["image", "w", "b"], ["scores"]);
        document.Node("ArgMax", "", ["scores"], ["labels"], OnnxValue.Of("axis", 1L), OnnxValue.Of("keepdims", 0L));
        document.Output("labels", OnnxDataType.Int64, (1, ""), (null, "h"), (null, "w"));
        using var model = SegmentationModel.Load(document.ToArray([]), "many");
        var error = Assert.Throws<ArithmeticException>(() => model.Segment(StreetModel.Image(Width, Height), Width, Height));
        Assert.Contains("the pixel at column 0, row 0 is 299; whole numbers from 0 to 255 were wanted", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sigmoid", null, 0.5f)]
    [InlineData("", null, 0f)]
    [InlineData("Abs", OneChannel.Probability, 0.5f)]
    [InlineData("Abs", null, float.NaN)]
    public void A_single_channel_is_read_as_its_last_operator_says_or_as_asked(string last, OneChannel? asked, float threshold)
    {
        var known = new SegmentationOptions { Mean = [0.5f], OneChannel = asked };
        if (float.IsNaN(threshold))
        {
            var refusal = Assert.Throws<ModelFormatException>(
                () => SegmentationModel.Load(OneChannelFile(last, []), "one", known: known));
            Assert.Contains("has one channel made by Abs", refusal.Message, StringComparison.Ordinal);
            return;
        }
        using var model = SegmentationModel.Load(OneChannelFile(last, []), "one", known: known);
        var image = StreetModel.Image(Width, Height);
        var labels = model.Segment(image, Width, Height).Labels;
        Assert.Equal(2, model.ClassCount);
        for (var k = 0; k < labels.Length; k++)
        {
            var x = (image[3 * k] / 255f) - 0.5f;
            var score = last switch { "Sigmoid" => 1 / (1 + MathF.Exp(-x)), "Abs" => Math.Abs(x), _ => x };
            Assert.Equal(score > threshold ? 1 : 0, labels[k]);
        }
    }

    [Theory]
    [InlineData("Sigmoid", null, null, 0.5)]
    [InlineData("Sigmoid", null, 0.6f, 0.6)]
    [InlineData("", "logit", null, 0.45)]
    [InlineData("", "logit", 0.6f, 0.6)]
    [InlineData("Abs", "logit", 0.6f, 0.6)]
    public void A_single_channel_is_labelled_by_the_threshold_of_the_file_or_as_asked(
        string last, string? one, float? asked, double threshold)
    {
        var file = OneChannelFile(last, one is null ? [] : new()
        {
            [SegmentationMetadata.OneChannelKey] = one,
            [SegmentationMetadata.ThresholdKey] = "0.45",
        });
        using var model = SegmentationModel.Load(file, "one", known: new SegmentationOptions { Mean = [0.5f], Threshold = asked });
        var image = StreetModel.Image(Width, Height);
        var result = model.Segment(image, Width, Height, withScores: true);
        for (var k = 0; k < result.Labels.Length; k++)
        {
            var x = (image[3 * k] / 255.0) - 0.5;
            var probability = 1 / (1 + Math.Exp(-(last == "Abs" ? Math.Abs(x) : x)));
            // float32 keeps seven digits.
            if (Math.Abs(probability - threshold) > 1e-6)
                Assert.Equal(probability > threshold ? 1 : 0, result.Labels[k]);
            Assert.Equal(result.Scores![result.Labels.Length + k] > result.Scores[k] ? 1 : 0, result.Labels[k]);
        }
        Assert.Equal(2, result.Labels.Distinct().Count());
    }

    [Fact]
    public void A_threshold_that_means_nothing_is_an_error_that_says_so()
    {
        string Error(byte[] file, float threshold) => Assert.Throws<ArgumentException>(() =>
            SegmentationModel.Load(file, "one", known: new SegmentationOptions { Threshold = threshold })).Message;
        Assert.Contains("threshold 0.3: the network's output is 5 scores", Error(StreetModel.File(), 0.3f), StringComparison.Ordinal);
        Assert.Contains("above 0 and below 1 was wanted", Error(OneChannelFile("", []), 1), StringComparison.Ordinal);
        foreach (var (key, value) in new[] { (SegmentationMetadata.ThresholdKey, "1"), (SegmentationMetadata.OneChannelKey, "score") })
            Assert.Contains(key, Assert.Throws<ModelFormatException>(() =>
                SegmentationModel.Load(OneChannelFile("", new() { [key] = value }), "one")).Message, StringComparison.Ordinal);
    }

    static byte[] OneChannelFile(string last, Dictionary<string, string> metadata)
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [1, 3, 1, 1], [1f, 0, 0]);
        document.Node("Conv", "", ["image", "w"], ["y"]);
        if (last.Length > 0)
            document.Node(last, "", ["y"], ["z"]);
        document.Output(last.Length > 0 ? "z" : "y", OnnxDataType.Float32, (1, ""), (1, ""), (null, "h"), (null, "w"));
        return document.ToArray(metadata);
    }

    SegmentationModel Load(string name, SegmentationOptions? known = null) =>
        SegmentationModel.Load(Path.Combine(folder, "segmentation", $"{name}.onnx"), new RuntimeOptions { Threads = 2 }, known);

    static int[] Shape(JsonElement json) => [.. json.GetProperty("shape").EnumerateArray().Select(s => s.GetInt32())];
}
