using System.Globalization;
using Hwaso.Checkpoints;
using Hwaso.Data;
using Hwaso.Graph;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Onnx;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>Writes a trained network as an ONNX file that says how to use it.</summary>
public static class Exporter
{
    // Two recordings in which no height and width grow by the same factor, so that no size can be taken for another.
    static readonly long[] recorded = [1, 3, 128, 192], other = [1, 3, 192, 384];

    /// <summary>Writes a segmentation network, what only training uses left out; input <c>image</c> [1, 3, H, W], output <c>scores</c> [1, K, h, w].</summary>
    /// <param name="network">The network; its classes, normalisation and convention go into the file's metadata.</param>
    /// <param name="size">Height and width of its images; null leaves them free.</param>
    /// <param name="path">The file; a previous one is replaced once the new one is whole.</param>
    /// <exception cref="NotSupportedException">The network has an operator that cannot be exported.</exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static OnnxFileBytes Write(LoadedNetwork network, SizePx? size, string path) => Write(Make(network, size), path);

    /// <summary>Writes a network of any task: output <c>scores</c>, <c>heatmaps</c> [1, J, h, w], <c>depth</c> [1, 1, H, W] or <c>features</c>, several numbered from 0.</summary>
    /// <param name="model">The network; classes, normalisation, task and convention go into the file's metadata.</param>
    /// <param name="options">What the file is to be like.</param>
    /// <param name="path">The file; a previous one is replaced once the new one is whole.</param>
    /// <exception cref="NotSupportedException">The network has an operator that cannot be exported, or only at a fixed size, or makes no labels.</exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static OnnxFileBytes Write(LoadedModel model, ExportOptions options, string path) =>
        Write(Make(model.Net, model.Task, model.Normalisation, model.Classes, options), path);

    /// <summary>A segmentation network's file in memory.</summary>
    /// <param name="network">The network.</param>
    /// <param name="size">Height and width of its images; null leaves them free.</param>
    /// <exception cref="NotSupportedException">The network has an operator that cannot be exported.</exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    public static OnnxFileBytes Make(LoadedNetwork network, SizePx? size) =>
        Make(network.Net, ModelTask.Segmentation, network.Normalisation, network.Classes, new ExportOptions(size, DeformConv: true));

    static OnnxFileBytes Write(OnnxFileBytes file, string path)
    {
        AtomicFile.Write(path, file.Bytes.Length, stream => stream.Write(file.Bytes));
        return file;
    }

    static OnnxFileBytes Make(Net net, ModelTask task, Normalisation normalisation, IReadOnlyList<ClassEntry> classes, ExportOptions options)
    {
        var segmentation = net as SegmentationNet;
        if (options.Labels && segmentation is null)
            throw new NotSupportedException($"a network for {task.Word()} gives no labels; a segmentation network was wanted");
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        long[] shape = options.Size is { } size ? [1, 3, size.Height, size.Width] : recorded;
        return OnnxExport.Write(NetworkGraph.Of(net, shape, keepConstants: true), name => state[name].ToHost(), new OnnxOptions
        {
            OtherSize = options.Size is null ? NetworkGraph.Of(net, other, keepConstants: true) : null,
            InputName = "image",
            OutputName = options.Labels ? "labels" : OutputName(task),
            FoldBatchNorm = options.FoldBatchNorm,
            HalfPrecision = options.HalfPrecision,
            DeformConv = options.DeformConv,
            Labels = options.Labels ? new LabelOptions(segmentation!.AlignCorners) : null,
            Metadata = Metadata(task, normalisation, classes, segmentation?.AlignCorners),
        });
    }

    static string OutputName(ModelTask task) => task switch
    {
        ModelTask.Pose => "heatmaps",
        ModelTask.Depth => "depth",
        ModelTask.Features => "features",
        _ => "scores",
    };

    // The keys are those that Hwaso.Runtime reads.
    static Dictionary<string, string> Metadata(ModelTask task, Normalisation normalisation, IReadOnlyList<ClassEntry> classes, bool? alignCorners)
    {
        var texts = new Dictionary<string, string>
        {
            ["hwaso.task"] = task.Word(),
            ["hwaso.mean"] = List(normalisation.Mean),
            ["hwaso.std"] = List(normalisation.Deviation),
        };
        if (alignCorners is { } aligned)
            texts["hwaso.align_corners"] = aligned ? "true" : "false";
        if (classes.Count > 0)
            texts[LoadedNetwork.ClassesKey] = LoadedNetwork.WriteClasses(classes);
        return texts;
    }

    static string List(IEnumerable<double> values) => $"[{string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]";
}
