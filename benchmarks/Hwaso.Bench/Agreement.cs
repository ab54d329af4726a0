using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Graph;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Decoders;
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

    // Above it the zoo's reduced form stands for a network: a giant's file takes gigabytes.
    const long MostParameters = 120_000_000;

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
        if (Cost.Of(NetworkGraph.Sketch(w => (Net)definition.Build(w, Math.Max(definition.PublishedClasses, 1)),
            Shapes.Of(definition).Small)).Parameters > MostParameters)
            (definition, name) = (ReducedNetwork.Of(definition), $"{name} (reduced)");
        var net = definition.Build(weights, definition.HasClasses ? Classes : 0);
        Verifier.FillByFormula(weights);
        net.Eval();
        var (small, other) = Shapes.Of(definition);
        var good = Compare(name, "fixed", net, small, new OnnxOptions());
        good &= Compare(name, "folded", net, small, new OnnxOptions { FoldBatchNorm = true });
        if (other is not null)
            good &= Compare(name, "free, folded", net, other,
                new OnnxOptions { OtherSize = NetworkGraph.Of(net, [1, 3, 192, 384], keepConstants: true), FoldBatchNorm = true });
        if (net is SegmentationNet)
            good &= CompareOdd(name, net, small);
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
        byte[] bytes;
        try
        {
            bytes = OnnxExport.Write(NetworkGraph.Of(net, recorded, keepConstants: true), key => state[key].ToHost(), options).Bytes;
        }
        catch (NotSupportedException error) when (options.OtherSize is not null)
        {
            // Refused by name: a file of a fixed size was asked for instead.
            Console.WriteLine($"| `{name}` | {kind} | {shape[2]}x{shape[3]} | not exported: {error.Message} | |");
            return true;
        }
        var ours = Try(() => ManagedRuntime.Answers(bytes, (image.ToArray<float>(), image.Shape)));
        var theirs = Try(() => peer.Answers(bytes, (image.ToArray<float>(), image.Shape)));
        string Show((float[][]? Answers, string Problem) side) => side.Answers is { } answers
            ? Difference(expected, answers, options.Labels is not null).ToString("0.0e+0", CultureInfo.InvariantCulture)
            : side.Problem;
        Console.WriteLine($"| `{name}` | {kind} | {shape[2]}x{shape[3]} | {Show(theirs)} | {Show(ours)} |");
        return ours.Answers is { } a && theirs.Answers is { } b && Difference(expected, a, false) <= 1e-4
            && Difference(expected, b, false) <= 1e-4;
    }

    /// <summary>Sides that no stride divides: the same answers, or a refusal that names what was wanted.</summary>
    bool CompareOdd(string name, Net net, long[] small)
    {
        long[] odd = [1, 3, small[2] + 7, small[3] + 5];
        try
        {
            using var scope = new Scope();
            net.Call(Tensor.Zeros(odd));
        }
        catch (ArgumentException error)
        {
            Console.WriteLine($"| `{name}` | odd | {odd[2]}x{odd[3]} | refused: {error.Message.Replace('|', '/')} | |");
            return true;
        }
        return Compare(name, "odd", net, odd, new OnnxOptions());
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

    /// <summary>The sizes that a network is compared at.</summary>
    /// <param name="Small">The image of a file of fixed size.</param>
    /// <param name="Other">Another for a file of free size; null where position embeddings follow from the size, which is fixed
    /// therefore.</param>
    sealed record Shapes(long[] Small, long[]? Other)
    {
        public static Shapes Of(ModelDefinition definition) => definition switch
        {
            // Patches of 14 and of 16 pixels.
            DinoDefinition => new([1, 3, 56, 84], null),
            DinoV3Definition or EomtDefinition => new([1, 3, 64, 96], null),
            // Its pyramid halves a map at a sixteenth of the image's size three times.
            EncoderDecoderDefinition { Decoder: PanDecoder } => new([1, 3, 128, 160], [1, 3, 160, 224]),
            // Its positions are made of the size.
            Mask2FormerDefinition => new([1, 3, 64, 96], null),
            _ => new([1, 3, 64, 96], [1, 3, 96, 160]),
        };
    }
}
