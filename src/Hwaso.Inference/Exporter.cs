using System.Globalization;
using Hwaso.Common;
using Hwaso.Graph;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Heads;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Onnx;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>Writes a trained network as an ONNX file that says how to use it.</summary>
public static class Exporter
{
    // Two recordings in which no height and width grow by the same factor, so that no size can be taken for another.
    static readonly (long Height, long Width) recorded = (128, 192), other = (192, 384);

    /// <summary>
    /// Writes a network, training-only parts left out: input <c>image</c> [1, C, H, W], C = 3 as a rule, output <c>scores</c> [1, K, h, w],
    /// <c>heatmaps</c> [1, J, h, w], <c>depth</c> [1, 1, H, W] or <c>features</c>, several numbered from 0.
    /// </summary>
    /// <param name="model">The network; classes, normalisation, task and convention go into the file's metadata.</param>
    /// <param name="options">The form of the file.</param>
    /// <param name="path">The file; a previous one is replaced once the new one is whole.</param>
    /// <exception cref="NotSupportedException">
    /// The network has an operator that cannot be exported, or only at a fixed size, or makes no labels.
    /// </exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static OnnxFileBytes Write(LoadedModel model, ExportOptions options, string path)
    {
        var file = Make(model, options);
        AtomicFile.Write(path, file.Bytes.Length, stream => stream.Write(file.Bytes));
        return file;
    }

    /// <summary>The same file in memory.</summary>
    /// <param name="model">The network.</param>
    /// <param name="options">The form of the file.</param>
    /// <exception cref="NotSupportedException">
    /// The network has an operator that cannot be exported, or only at a fixed size, or makes no labels.
    /// </exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    public static OnnxFileBytes Make(LoadedModel model, ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        var (net, segmentation) = (model.Net, model.Net as SegmentationNet);
        if (options.Labels && segmentation is null)
            throw new NotSupportedException($"a network for {model.Task.Word()} gives no labels; a segmentation network was wanted");
        if (model.Definition is DetectorDefinition detector)
            return MakeDetector(model, detector, options);
        if (options.Queries)
            net = Queries(model, options);
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        var channels = model.Definition.ImageChannels;
        long[] shape = options.Size is { } size ? [1, channels, size.Height, size.Width] : [1, channels, recorded.Height, recorded.Width];
        return OnnxExport.Write(NetworkGraph.Of(net, shape, keepConstants: true), name => state[name].ToHost(), new OnnxOptions
        {
            OtherSize = options.Size is null ? NetworkGraph.Of(net, [1, channels, other.Height, other.Width], keepConstants: true) : null,
            InputName = "image",
            OutputName = options.Labels ? "labels" : OutputName(model.Task),
            OutputNames = options.Queries ? QueryOutputs.Names : [],
            FoldBatchNorm = options.FoldBatchNorm,
            HalfPrecision = options.HalfPrecision,
            DeformConv = options.DeformConv,
            Labels = options.Labels ? new LabelOptions(segmentation!.AlignCorners, model.Threshold ?? LoadedModel.UsualThreshold) : null,
            Metadata = Metadata(model, segmentation?.AlignCorners, options.Labels, options.Queries),
        });
    }

    /// <summary>The network, answering with what its queries say.</summary>
    static QueryOutputs Queries(LoadedModel model, ExportOptions options) =>
        model.Net is not (SegmentationNet and IMaskQueries)
            ? throw new NotSupportedException(
                $"{model.Definition.Name} has no queries, whose classes and masks were asked for; EoMT or Mask2Former was wanted")
        : options.Labels ? throw new NotSupportedException("labels and the answers of queries are different outputs; ask for one of them")
        : new QueryOutputs(model.Segmentation);

    /// <summary>
    /// A detector: the image without padding and the factor of its boxes in, <c>detections</c> [1, D, 6] in pixels of the stored image and
    /// <c>masks</c> [1, D, 28, 28] out. It is recorded in shapes alone, with as many proposals and detections as it is used with.
    /// </summary>
    static OnnxFileBytes MakeDetector(LoadedModel model, DetectorDefinition definition, ExportOptions options)
    {
        if (options.HalfPrecision)
            throw new NotSupportedException(
                "a detector is exported in single precision: the choice of boxes needs its digits; remove --fp16");
        var form = definition.Detection.Form;
        var boxes = model.Boxes;
        var limits = boxes is null ? new DetectionLimits()
            : new DetectionLimits { Score = (float)boxes.Score, Threshold = boxes.Overlap, Kept = boxes.Most };
        var used = definition with
        {
            Detection = definition.Detection with { Limits = limits, Proposals = ProposalLimits.Published(form, training: false).Kept },
        };
        // As BoxSettings pads images.
        const int Multiple = ResizeRule.Multiple;
        var least = form == BoxForm.Torchvision ? Multiple : 2 * Multiple;
        var state = model.Net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        return OnnxExport.Write(
            options.Size is { } size ? Sketch(Padded(size.Height), Padded(size.Width))
                : Sketch(recorded.Height, recorded.Width),
            name => state[name].ToHost(),
            new OnnxOptions
            {
                OtherSize = options.Size is null ? Sketch(other.Height, other.Width) : null,
                InputName = "image",
                OutputName = "detections",
                FoldBatchNorm = options.FoldBatchNorm,
                DeformConv = options.DeformConv,
                Detector = new DetectorOptions(
                    form, Multiple, least, options.Size is { } given ? (given.Height, given.Width) : null),
                Metadata = Metadata(model, null, hasLabels: false),
            });

        long Padded(int side) => Math.Max(least, (side + Multiple - 1) / Multiple * Multiple);

        NetworkGraph Sketch(long height, long width) =>
            NetworkGraph.Sketch(w => used.Build(w, model.ClassCount), [1, 3, height, width]);
    }

    static string OutputName(ModelTask task) => task switch
    {
        ModelTask.Pose => "heatmaps",
        ModelTask.Depth => "depth",
        ModelTask.Features => "features",
        _ => "scores",
    };

    static Dictionary<string, string> Metadata(LoadedModel model, bool? alignCorners, bool hasLabels, bool hasQueries = false)
    {
        var texts = new Dictionary<string, string>
        {
            [ModelMetadata.Task] = model.Task.Word(),
            [ModelMetadata.Mean] = List(model.Normalisation.Mean),
            [ModelMetadata.Deviation] = List(model.Normalisation.Deviation),
        };
        if (alignCorners is { } aligned)
            texts[ModelMetadata.AlignCorners] = aligned ? "true" : "false";
        if (hasQueries && model.Net is IMaskQueries queries)
            texts[ModelMetadata.Queries] = queries.Multiple.ToString(CultureInfo.InvariantCulture);
        if (model.Pose is { } pose)
            texts[ModelMetadata.Pose] = pose.Write();
        if (model.Definition is DetectorDefinition { Detection.Form: var form })
            texts[ModelMetadata.Boxes] = ((model.Boxes ?? new BoxMetadata { Categories = [] }) with { Form = form.ToString() }).Write();
        if (model.Threshold is { } threshold && !hasLabels)
        {
            texts[ModelMetadata.OneChannel] = "logit";
            texts[ModelMetadata.Threshold] = threshold.ToString("R", CultureInfo.InvariantCulture);
        }
        if (model.Classes.Count > 0)
            texts[ModelMetadata.Classes] = CheckpointMetadata.WriteClasses(model.Classes);
        return texts;
    }

    static string List(IEnumerable<double> values) =>
        $"[{string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]";
}

/// <summary>The form of an exported file.</summary>
/// <param name="Size">Height and width of its images; null leaves them free.</param>
/// <param name="FoldBatchNorm">Whether batch norms are folded into the convolutions before them.</param>
/// <param name="HalfPrecision">
/// Whether weights and computation are of half precision (batch norms folded); input and output stay of single precision.
/// </param>
/// <param name="Labels">
/// Whether a segmentation network's output is the class of each pixel of the image, [1, H, W], instead of scores at its own stride.
/// </param>
/// <param name="DeformConv">
/// Whether deformable convolutions are written as DeformConv (operator set 19) instead of grid sampling, which more runtimes have.
/// </param>
/// <param name="Queries">
/// Whether a network with queries answers with them, <c>classes</c> [1, Q, K + 1] and <c>masks</c> [1, Q, h, w], for instances and panoptic
/// segments.
/// </param>
public sealed record ExportOptions(
    SizePx? Size = null, bool FoldBatchNorm = false, bool HalfPrecision = false, bool Labels = false, bool DeformConv = false,
    bool Queries = false);
