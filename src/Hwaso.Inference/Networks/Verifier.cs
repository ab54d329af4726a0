using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Attention;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Networks;

/// <summary>Compares networks' outputs with recorded ones.</summary>
public static class Verifier
{
    // The weights whose first dimension is the number of classes: HRNetV2's, OCR's, the pose network's (joints), the classifier's;
    // torchvision's ResNets', segmentation networks' and EfficientNets'; PyTorch-Encoding's FCN; U-Net's; mmsegmentation's heads and
    // SegFormer's, whose conv_seg stands there unused.
    static readonly string[] classifiers =
    [
        "last_layer.3.weight", "cls_head.weight", "final_layer.weight", "classifier.weight",
        "fc.weight", "classifier.4.weight", "head.conv5.4.weight", "segmentation_head.0.weight", "classifier.1.weight",
        "decode_head.conv_seg.weight",
    ];

    /// <summary>Stands for weights by the fixtures' rule instead of a file.</summary>
    public const string Formula = "formula";

    /// <summary>Runs a network, in evaluation mode, on a fixture's inputs and compares every output that it knows.</summary>
    /// <param name="definition">The network.</param>
    /// <param name="weightsFile">A checkpoint, or <see cref="Formula"/>.</param>
    /// <param name="fixture">The recorded inputs and outputs.</param>
    /// <param name="classes">K; null: the weights' or the outputs'.</param>
    /// <exception cref="CheckpointException">Weights or fixture do not fit the network, or no output is known.</exception>
    public static IReadOnlyList<OutputError> Verify(ModelDefinition definition, string weightsFile, Fixture fixture, int? classes)
    {
        var file = weightsFile == Formula ? null : TensorFile.Read(weightsFile);
        return definition switch
        {
            DetectorDefinition detector => DetectorVerifier.Verify(detector, file, fixture, classes),
            DinoDefinition or DinoV3Definition => DinoVerifier.Verify(definition, file, fixture),
            SegmentationDefinition segmentation => Verify(segmentation, file, fixture, classes),
            _ => SingleOutput(definition, file, fixture, classes),
        };
    }

    static List<OutputError> Verify(SegmentationDefinition definition, TensorFile? file, Fixture fixture, int? classes)
    {
        var k = classes ?? ClassesOf(file, fixture);
        var errors = new List<OutputError>();
        foreach (var alignCorners in fixture.Outputs.Select(o => AlignCornersOf(o, definition)).Distinct())
        {
            using var weights = Weights.Create(initialise: false);
            var net = WithAlignCorners(definition, alignCorners).Build(weights, k);
            Fill(weights, file);
            net.Eval();
            foreach (var stored in fixture.Outputs.Where(o => AlignCornersOf(o, definition) == alignCorners))
                if (InputOf(stored, fixture, net) is { } input)
                    errors.Add(Compare(net, fixture, stored, input));
        }
        return errors.Count > 0 ? errors
            : throw new CheckpointException(fixture.Path, null, $"holds none of the outputs that a segmentation network knows (output, "
                + $"output_upsampled, output_odd, outputK, …) but {string.Join(", ", fixture.Outputs)}");
    }

    /// <summary>A network of one output that is not resized.</summary>
    static OutputError[] SingleOutput(ModelDefinition definition, TensorFile? file, Fixture fixture, int? classes)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = definition.Build(weights, classes ?? FindClasses(file, fixture) ?? definition.PublishedClasses);
        Fill(weights, file);
        net.Eval();
        var errors = fixture.Outputs.Select(o => (Stored: o, Input: InputOf(o, fixture, net))).Where(o => o.Input is not null)
            .Select(o => fixture.Compare(o.Stored, Answer(net, o.Stored, fixture.Input(o.Input!)))).ToArray();
        return errors.Length > 0 ? errors
            : throw new CheckpointException(fixture.Path, null, $"holds none of the outputs that a network for {definition.Task.Word()} "
                + $"knows (output, output_NAME of input_NAME) but {string.Join(", ", fixture.Outputs)}");
    }

    /// <summary>Runs an attention module alone: <c>output</c> or <c>full/output</c>, and the branches as the release names them.</summary>
    /// <exception cref="CheckpointException">Weights or fixture do not fit the module.</exception>
    public static IReadOnlyList<OutputError> Verify(AttentionModule module, string weightsFile, Fixture fixture)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var input = fixture.Input();
        using var weights = Weights.Create(initialise: false);
        var net = module.Build(weights, (int)input.Size(1));
        Fill(weights, weightsFile == Formula ? null : TensorFile.Read(weightsFile));
        net.Eval();
        Tensor? Run(string stored) => (stored.Replace('.', '/'), net) switch
        {
            ("full/output", PsaParallelNet { Branches: not PsaBranches.Both } or PsaSequentialNet { Branches: not PsaBranches.Both }) =>
                null,
            ("output" or "full/output", _) => net.Call(input),
            // The release names its branches against their effect: spatial_pool weighs channels, channel_pool weighs pixels.
            ("spatial_pool/output", PsaParallelNet { Branches: not PsaBranches.Pixels } p) => p.OverChannels(input),
            ("channel_pool/output", PsaParallelNet { Branches: not PsaBranches.Channels } p) => p.OverPixels(input),
            ("spatial_pool/output", PsaSequentialNet { Branches: not PsaBranches.Pixels } s) => s.OverChannels(input),
            ("channel_pool/output", PsaSequentialNet { Branches: not PsaBranches.Channels } s) => s.OverPixels(input),
            _ => null,
        };
        var errors = fixture.Outputs.Select(o => (o, Actual: Run(o))).Where(o => o.Actual is not null)
            .Select(o => fixture.Compare(o.o, o.Actual!)).ToArray();
        return errors.Length > 0 ? errors
            : throw new CheckpointException(fixture.Path, null, $"holds none of the outputs that {module.Name} knows (output, "
                + $"full/output, spatial_pool/output, channel_pool/output) but {string.Join(", ", fixture.Outputs)}");
    }

    static OutputError Compare(SegmentationNet net, Fixture fixture, string stored, string inputName)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var input = fixture.Input(inputName);
        var logits = Answer(net, stored, input);
        if (logits.Dimensions != 4)
            return fixture.Compare(stored, logits);
        // Where the expected size is another, the logits are resized to it first.
        var (height, width) = fixture.SizeOf(stored, [.. logits.Shape], input.Size(2), input.Size(3));
        if ((height, width) != (logits.Size(2), logits.Size(3)))
            logits = logits.ResizeBilinear(height, width, net.AlignCorners);
        return fixture.Compare(stored, logits);
    }

    /// <summary>The output that is meant.</summary>
    static Tensor Answer(Net net, string stored, Tensor input) =>
        net is ISeveralOutputs several && OutputOf(stored, several) is { Length: > 0 } name
        ? several.Outputs(input)[several.OutputNames.ToList().IndexOf(name)]
        : net.Call(input);

    /// <summary>Which of a network's further outputs is meant; empty for its own answer.</summary>
    static string OutputOf(string stored, ISeveralOutputs net)
    {
        var name = Fixture.PlainName(stored);
        if (Fixture.NumberOf(stored) is { } number)
            return number < net.PublishedOrder.Count ? net.PublishedOrder[number] : "";
        return net.OutputNames.FirstOrDefault(
            n => n.Length > 0 && (n == name || $"{name}_".StartsWith($"output_{n}_", StringComparison.Ordinal))) ?? "";
    }

    /// <summary>The input that an output belongs to; null for an output that the network does not have.</summary>
    static string? InputOf(string stored, Fixture fixture, Net net)
    {
        var name = Fixture.PlainName(stored);
        if (Fixture.NumberOf(stored) is { } number)
            return number < ((net as ISeveralOutputs)?.PublishedOrder.Count ?? 1) ? "input" : null;
        if (Fixture.IsOfQueries(stored))
            return net is ISeveralOutputs { OutputNames: var names } && names.Contains(name) ? "input" : null;
        if (net is ISeveralOutputs several && OutputOf(stored, several) is { Length: > 0 } further)
            name = "output" + name[$"output_{further}".Length..];
        if (name is "output" or "output_upsampled" or "output_logits" or "output_align_corners_true" or "output_align_corners_false")
            return "input";
        // output_odd belongs to input_odd, output_odd_upsampled too.
        var suffix = name.StartsWith("output_", StringComparison.Ordinal) ? name["output_".Length..]
            .Replace("_upsampled", "", StringComparison.Ordinal) : "";
        return suffix.Length > 0 && fixture.Tensors.ContainsKey($"input_{suffix}") ? $"input_{suffix}" : null;
    }

    static bool AlignCornersOf(string stored, ModelDefinition definition) => Fixture.PlainName(stored) switch
    {
        "output_align_corners_true" => true,
        "output_align_corners_false" => false,
        _ => (definition as HRNetSegmentationDefinition)?.Config.AlignCorners ?? false,
    };

    static SegmentationDefinition WithAlignCorners(SegmentationDefinition definition, bool alignCorners) =>
        definition is HRNetSegmentationDefinition hrnet ? hrnet with { Config = hrnet.Config with { AlignCorners = alignCorners } }
            : definition;

    static int ClassesOf(TensorFile? file, Fixture fixture) => FindClasses(file, fixture)
        ?? (int?)fixture.Channels
        ?? throw new ArgumentException($"{fixture.Path} does not tell the number of classes; give it with --classes");

    static int? FindClasses(TensorFile? file, Fixture fixture)
    {
        foreach (var key in classifiers)
        {
            if (file?.Tensors.FirstOrDefault(t => t.Key == key || t.Key.EndsWith($".{key}", StringComparison.Ordinal)).Value
                is { Shape: [var stored, ..] })
                return (int)stored;
            if (file is null && fixture.ShapeOf(key) is [var listed, ..])
                return (int)listed;
        }
        return null;
    }

    /// <summary>Fills every weight from a file, or by the formula where there is none.</summary>
    /// <exception cref="CheckpointException">The file lacks one, or it is of another shape.</exception>
    internal static void Fill(Weights weights, TensorFile? file)
    {
        if (file is null)
        {
            FillByFormula(weights);
            return;
        }
        var report = WeightFile.Load(weights, file);
        if (report.Missing.Count > 0)
            throw new CheckpointException(
                file.Path, report.Missing[0],
                $"is missing{(report.Missing.Count > 1 ? $", and {report.Missing.Count - 1} more" : "")}; "
                + "weights that are not there cannot be verified");
    }

    /// <summary>
    /// Fills parameters and running statistics by the fixtures' rule; other buffers, such as the places of window attention, are constants
    /// of the network and stay.
    /// </summary>
    public static void FillByFormula(Weights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var constants = weights.Buffers.Select(b => b.Key).Where(key => !IsStatistic(key)).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, tensor) in weights.State.Where(s => !constants.Contains(s.Key)))
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
    }

    static bool IsStatistic(string key) => key.Split('.')[^1] is "running_mean" or "running_var" or "num_batches_tracked";
}
