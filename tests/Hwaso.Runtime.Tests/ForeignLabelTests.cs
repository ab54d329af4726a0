using System.Diagnostics;
using Hwaso.Onnx;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime.Tests;

/// <summary>Networks of other exporters that decide labels themselves, and what their numbers may not pass for.</summary>
public sealed class ForeignLabelTests
{
    const int Height = 32, Width = 48;

    /// <summary>
    /// Log of a normalised image is no number below the mean. Its comparison with a number is false there, and the greatest of such scores
    /// is the first: clean maps, if nobody looks. The third form is evaluated, because the planner has no NonZero.
    /// </summary>
    [Theory]
    [InlineData("ArgMax", false)]
    [InlineData("Greater", false)]
    [InlineData("ArgMax", true)]
    [InlineData("Greater", true)]
    public void Labels_of_scores_that_are_not_finite_are_an_error_with_the_first_layer(string last, bool isEvaluated)
    {
        byte[] File(string function) => Labels(last, isEvaluated, document =>
            document.Node(function, "made", ["y"], ["scores"]));
        using var good = SegmentationModel.Load(File("Abs"), "good", known: Known);
        Assert.Equal(Height * Width, good.Segment(Image, Width, Height).Labels.Length);
        using var bad = SegmentationModel.Load(File("Log"), "bad", known: Known);
        for (var run = 0; run < 2; run++)
        {
            var error = Assert.Throws<ArithmeticException>(() => bad.Segment(Image, Width, Height));
            Assert.Contains("are not finite; the first layer with such a result is ", error.Message, StringComparison.Ordinal);
            Assert.Contains("Log 'made'", error.Message, StringComparison.Ordinal);
        }
        // The image decides: the network itself is well.
        var bright = new byte[Image.Length];
        Array.Fill(bright, byte.MaxValue);
        Assert.Equal(Height * Width, bad.Segment(bright, Width, Height).Labels.Length);
    }

    [Theory]
    [InlineData("Sigmoid", 1f)]
    [InlineData("Sigmoid", 255f)]
    [InlineData("", 255f)]
    public void Integers_that_are_cut_from_a_probability_or_a_logit_pass_for_labels_only_if_asked(string last, float factor)
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [1, 3, 1, 1], [1f, 0, 0]);
        document.Weight("factor", [1], [factor]);
        document.Node("Conv", "", ["image", "w"], [last.Length > 0 ? "x" : "y"]);
        if (last.Length > 0)
            document.Node(last, "", ["x"], ["y"]);
        document.Node("Mul", "", ["factor", "y"], ["z"]);
        document.Node("Cast", "", ["z"], ["labels"], OnnxValue.Of("to", 7L));
        document.Output("labels", OnnxDataType.Int64, (1, ""), (1, ""), (null, "h"), (null, "w"));
        var file = document.ToArray([]);
        var error = Assert.Throws<ModelFormatException>(() => SegmentationModel.Load(file, "cut", known: Known));
        Assert.Contains($"a Cast makes of numbers of {(last.Length > 0 ? last : "Conv")}", error.Message, StringComparison.Ordinal);
        using var asked = SegmentationModel.Load(file, "cut", known: Known with { OneChannel = OneChannel.Label });
        // The brightest image, so that a logit is not below 0.
        var bright = new byte[Image.Length];
        Array.Fill(bright, byte.MaxValue);
        var value = last.Length > 0 ? 1 / (1 + Math.Exp(-0.5)) : 0.5;
        Assert.All(asked.Segment(bright, Width, Height).Labels, label => Assert.Equal((int)(value * factor), label));
    }

    [Fact]
    public void Weights_in_a_pipe_are_refused_instead_of_waited_for()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var folder = Directory.CreateTempSubdirectory("hwaso-pipe").FullName;
        try
        {
            var from = File.ReadAllBytes(External(folder));
            using (var make = Process.Start("mkfifo", [Path.Combine(folder, "weights.bin")])!)
                make.WaitForExit();
            File.WriteAllBytes(Path.Combine(folder, "model.onnx"), from);
            var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Load(Path.Combine(folder, "model.onnx")));
            Assert.Contains("'weights.bin', which is empty or no file of numbers", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static readonly SegmentationOptions Known = new() { Mean = [0.5f], Deviation = [1], Range = 1 };

    static readonly byte[] Image = StreetModel.Image(Width, Height);

    // The recorded network whose weights lie in another file.
    static string External(string folder)
    {
        using var archive = System.IO.Compression.ZipFile.OpenRead(Hwaso.Tests.Fixtures.Path("foreign-models.zip"));
        var path = Path.Combine(folder, "first.onnx");
        using var entry = archive.GetEntry("recorded/external/model.onnx")!.Open();
        using var file = File.Create(path);
        entry.CopyTo(file);
        return path;
    }

    static byte[] Labels(string last, bool isEvaluated, Action<OnnxDocument> middle)
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [1, 3, 1, 1], [1f, 0, 0]);
        document.Weight("limit", [1], [-1f]);
        document.Node("Conv", "first", ["image", "w"], ["y"]);
        middle(document);
        if (last == "Greater")
            document.Node(last, "", ["scores", "limit"], ["decided"]);
        else
            document.Node(last, "", ["scores"], ["decided"], OnnxValue.Of("axis", 1L), OnnxValue.Of("keepdims", 1L));
        document.Node("Cast", "", ["decided"], ["labels"], OnnxValue.Of("to", 7L));
        document.Output("labels", OnnxDataType.Int64, (1, ""), (1, ""), (null, "h"), (null, "w"));
        if (isEvaluated)
        {
            document.Node("NonZero", "", ["labels"], ["places"]);
            document.Output("places", OnnxDataType.Int64, (4, ""), (null, "n"));
        }
        return document.ToArray([]);
    }
}
