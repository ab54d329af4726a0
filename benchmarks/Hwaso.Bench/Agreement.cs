using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Runtime.Format;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Bench;

/// <summary>
/// Exports of the zoo's networks as ONNX Runtime and Hwaso.Runtime compute them, beside libtorch: prints a Markdown table.
/// </summary>
sealed class Agreement : IDisposable
{
    const int Classes = 19;

    readonly OnnxRuntimeProcess peer;

    /// <param name="script">agree.mjs, ONNX Runtime's side.</param>
    public Agreement(string script)
    {
        peer = new OnnxRuntimeProcess(script);
        Console.WriteLine("Largest difference from libtorch's answer, relative to its largest number; "
            + $"ONNX Runtime {peer.Version}, Hwaso.Runtime of this tree.");
        Console.WriteLine("Labels: share of pixels that get another class than libtorch gives them.\n");
        Console.WriteLine("| network | file | image | ONNX Runtime | Hwaso.Runtime |");
        Console.WriteLine("|---|---|---|--:|--:|");
    }

    /// <summary>A network in every kind of file that it can be exported to.</summary>
    /// <returns>Whether single precision stays within 1e-4 everywhere.</returns>
    public bool Run(string name)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var definition = Zoo.Find(name).Deployed();
        var net = definition.Build(weights, definition.HasClasses ? Classes : 0);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        net.Eval();
        // Patches of 14 pixels; their position embedding follows from the size, which is fixed therefore.
        var patches = definition is DinoDefinition;
        long[] small = patches ? [1, 3, 56, 84] : [1, 3, 64, 96], other = [1, 3, 96, 160];
        var good = Compare(name, "fixed", net, small, new OnnxOptions());
        good &= Compare(name, "folded", net, small, new OnnxOptions { FoldBatchNorm = true });
        if (!patches)
            good &= Compare(name, "free, folded", net, other,
                new OnnxOptions { OtherSize = NetworkGraph.Of(net, [1, 3, 192, 384], keepConstants: true), FoldBatchNorm = true });
        Compare(name, "half", net, small, new OnnxOptions { HalfPrecision = true });
        if (net is SegmentationNet segmentation)
            Compare(name, "labels", net, small, new OnnxOptions { Labels = new LabelOptions(segmentation.AlignCorners) });
        return good;
    }

    /// <summary>Detectors in each of their conventions, their answers as sets: a table of its own.</summary>
    /// <returns>How many rows there are, and how many of them agree.</returns>
    public (int All, int Good) RunDetectors(IReadOnlyList<string> names) =>
        names.Count == 0 ? (0, 0) : new DetectorAgreement(peer).Run(names);

    public void Dispose() => peer.Dispose();

    bool Compare(string name, string kind, Net net, long[] shape, OnnxOptions options)
    {
        using var scope = new Scope();
        var image = Tensor.From(FormulaWeights.Fill("input", shape));
        var expected = Expected(net, image, options.Labels);
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        var recorded = options.OtherSize is null ? shape : [1, 3, 128, 192];
        var bytes = OnnxExport.Write(NetworkGraph.Of(net, recorded, keepConstants: true), key => state[key].ToHost(), options).Bytes;
        var ours = Try(() => ManagedRuntime.Answers(bytes, (image.ToArray<float>(), image.Shape)));
        var theirs = Try(() => peer.Answers(bytes, (image.ToArray<float>(), image.Shape)));
        string Show((float[][]? Answers, string Problem) side) => side.Answers is { } answers
            ? Difference(expected, answers, options.Labels is not null).ToString("0.0e+0", CultureInfo.InvariantCulture)
            : side.Problem;
        Console.WriteLine($"| `{name}` | {kind} | {shape[2]}x{shape[3]} | {Show(theirs)} | {Show(ours)} |");
        return ours.Answers is { } a && theirs.Answers is { } b && Difference(expected, a, false) <= 1e-4
            && Difference(expected, b, false) <= 1e-4;
    }

    static float[][] Expected(Net net, Tensor image, LabelOptions? labels)
    {
        var answers = net is ISeveralAnswers several ? several.Answers(image) : [net.Call(image)];
        if (labels is not null)
            answers = [Aten.Argmax(answers[0].ResizeBilinear(image.Size(2), image.Size(3), labels.AlignCorners), 1).To(ScalarType.Float32)];
        return [.. answers.Select(a => a.ToArray<float>())];
    }

    static (float[][]? Answers, string Problem) Try(Func<float[][]> run)
    {
        try
        {
            return (run(), "");
        }
        catch (Exception error) when (error is NotSupportedException or ModelFormatException or ArgumentException)
        {
            return (null, error.Message);
        }
    }

    static double Difference(float[][] expected, float[][] actual, bool labels)
    {
        if (expected.Length != actual.Length || expected.Zip(actual).Any(p => p.First.Length != p.Second.Length))
            return double.PositiveInfinity;
        return labels
            ? expected[0].Zip(actual[0]).Count(p => p.First != p.Second) / (double)expected[0].Length
            : expected.Zip(actual).Max(p => p.First.Zip(p.Second).Max(e => Math.Abs((double)e.First - e.Second)) / p.First.Max(Math.Abs));
    }
}
