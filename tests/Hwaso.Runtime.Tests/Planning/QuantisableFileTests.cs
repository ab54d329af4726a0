using Hwaso.Onnx;
using Hwaso.Onnx.Quantising;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Tests.Planning;

/// <summary>A file is rewritten for 8 bits, and runs like the one that it was.</summary>
public sealed class QuantisableFileTests
{
    static readonly int[] shape = [1, 3, 12, 20];

    [Fact]
    public void Batch_norms_are_folded_and_layers_end_behind_their_activation()
    {
        var (bytes, read) = Network();
        Assert.Equal(
            [("first", "x", "a", "8×3×3×3"), ("second", "a", "s", "8×8×1×1")],
            read.Layers.Select(l => (l.Name, l.Input, l.Output, l.Weights)));
        var (before, after) = (Run(bytes), Run(read.WithOutputs([])));
        // Folding rounds the weights once more.
        for (var k = 0; k < before[0].Length; k++)
            Assert.Equal(before[0][k], after[0][k], 1e-5f);
    }

    [Fact]
    public void Tensors_that_are_watched_become_further_outputs()
    {
        var read = Network().Read;
        var outputs = Run(read.WithOutputs(["a", "x", "y"]));
        Assert.Equal(3, outputs.Length);
        Assert.All(outputs[1], v => Assert.True(v >= 0));
        Assert.Equal(Image(), outputs[2]);
    }

    [Fact]
    public void Quantised_layers_compute_on_bytes_and_stay_near_single_precision()
    {
        var (_, read) = Network();
        var watched = Run(read.WithOutputs(["a", "s", "x"]));
        Dictionary<string, TensorCode> codes = new()
        {
            ["a"] = Code(watched[1]),
            ["s"] = Code(watched[2]),
            ["x"] = Code(watched[3]),
        };
        var probes = Run(read.WithProbes(read.Layers, codes));
        Assert.Equal(5, probes.Length);
        // 256 levels of a range that the numbers fill: about 40 dB; what one layer adds is as small in the probe of each.
        Assert.True(Decibels(probes[1], probes[2]) > 30);
        Assert.True(Decibels(probes[3], probes[4]) > 30);

        var file = read.Quantised([.. read.Layers], codes);
        using var model = OnnxModel.Load(file, "quantised", new RuntimeOptions { Threads = 1 });
        var session = model.Open(shape);
        Assert.Equal(2, session.Plan.Steps.Count(s => s.Operator is IntegerConvOperator));
        Assert.Contains(session.Plan.Steps, s => s.Operator is ByteSumOperator);
        Assert.True(Decibels(watched[0], Run(file)[0]) > 25);

        // A layer that stays reads numbers that are not rounded.
        var half = read.Quantised([read.Layers[0]], codes);
        using var mixed = OnnxModel.Load(half, "half", new RuntimeOptions { Threads = 1 });
        var steps = mixed.Open(shape).Plan.Steps;
        Assert.Single(steps, s => s.Operator is IntegerConvOperator);
        Assert.Single(steps, s => s.Operator is ConvOperator { Groups: 1 });
    }

    [Fact]
    public void Files_that_cannot_be_rewritten_say_why()
    {
        Assert.Contains("operator set 11; scales of each channel need 13", Refused(Document(opset: 11)), StringComparison.Ordinal);
        Assert.Contains("without --fp16", Refused(Document(half: true)), StringComparison.Ordinal);
        var (_, read) = Network();
        var codes = new[] { "x", "a", "s" }.ToDictionary(t => t, _ => new TensorCode(0.1f, 5));
        Assert.Contains("quantised already", Refused(read.Quantised([read.Layers[0]], codes)), StringComparison.Ordinal);
        Assert.Contains("not an ONNX file", Refused([1, 2, 3]), StringComparison.Ordinal);

        static string Refused(byte[] bytes) =>
            Assert.Throws<InvalidDataException>(() => QuantisableFile.Read(bytes, "file")).Message;
    }

    static (byte[] Bytes, QuantisableFile Read) Network()
    {
        var bytes = Document();
        return (bytes, QuantisableFile.Read(bytes, "network"));
    }

    // x → first → norm → ReLU (a) → second (s); s + a → depthwise → y.
    static byte[] Document(int opset = 17, bool half = false)
    {
        var random = new Random(9);
        float[] Numbers(int count, float from = -0.5f) => [.. Enumerable.Range(0, count).Select(_ => from + random.NextSingle())];
        using var document = new OnnxDocument { Opset = opset, HalfPrecision = half };
        document.Input("x", OnnxDataType.Float32, [.. shape.Select(s => ((long?)s, ""))]);
        document.Weight("w1", [8, 3, 3, 3], Numbers(8 * 27));
        document.Weight("w2", [8, 8, 1, 1], Numbers(64));
        document.Weight("b2", [8], Numbers(8));
        document.Weight("w3", [8, 1, 3, 3], Numbers(72));
        foreach (var name in new[] { "scale", "shift", "mean" })
            document.Weight(name, [8], Numbers(8));
        document.Weight("variance", [8], Numbers(8, from: 0.5f));
        document.Node("Conv", "first", ["x", "w1"], ["c"], OnnxValue.Of("pads", 1L, 1, 1, 1));
        document.Node("BatchNormalization", "norm", ["c", "scale", "shift", "mean", "variance"], ["n"]);
        document.Node("Relu", "", ["n"], ["a"]);
        document.Node("Conv", "second", ["a", "w2", "b2"], ["s"]);
        document.Node("Add", "", ["s", "a"], ["sum"]);
        document.Node("Conv", "third", ["sum", "w3"], ["y"], OnnxValue.Of("group", 8L));
        document.Output("y", OnnxDataType.Float32);
        return document.ToArray([]);
    }

    static float[] Image()
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, shape[1] * shape[2] * shape[3]).Select(_ => (4 * random.NextSingle()) - 2)];
    }

    static float[][] Run(byte[] file)
    {
        using var model = OnnxModel.Load(file, "network", new RuntimeOptions { Threads = 1 });
        var session = model.Open(shape);
        Image().CopyTo(session.Input(0));
        session.Run();
        return [.. Enumerable.Range(0, model.Outputs.Count).Select(k => session.Output(k).ToArray())];
    }

    static TensorCode Code(float[] numbers)
    {
        var (low, high) = (Math.Min(0, numbers.Min()), numbers.Max());
        return new((high - low) / 255, (byte)Math.Round(-low / (high - low) * 255));
    }

    static double Decibels(float[] signal, float[] rounded) => 10 * Math.Log10(
        signal.Sum(v => (double)v * v) / signal.Zip(rounded, (a, b) => Math.Pow((double)a - b, 2)).Sum());
}
