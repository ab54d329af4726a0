using System.Globalization;
using Hwaso.Graph;
using Hwaso.Torch;
using Hwaso.Torch.Files;
using Hwaso.Training.Recipes;

namespace Hwaso.Training.Networks;

/// <summary>Writes a trained network as an ONNX file that says how to use it.</summary>
public static class Exporter
{
    // Two recordings in which no height and width grow by the same factor, so that no size can be taken for another.
    static readonly long[] recorded = [1, 3, 128, 192], other = [1, 3, 192, 384];

    /// <summary>Writes a network, what only training uses left out; input <c>image</c> [1, 3, H, W], output <c>scores</c> [1, K, h, w].</summary>
    /// <param name="network">The network; its classes, normalisation and convention go into the file's metadata.</param>
    /// <param name="size">Height and width of its images; null leaves them free.</param>
    /// <param name="path">The file; a previous one is replaced once the new one is whole.</param>
    /// <exception cref="NotSupportedException">The network has an operator that cannot be exported.</exception>
    /// <exception cref="TorchException">It does not take images of this size.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static OnnxFileBytes Write(LoadedNetwork network, SizePx? size, string path)
    {
        var net = network.Net;
        var state = net.Weights.State.ToDictionary(s => s.Key, s => s.Value);
        long[] shape = size is { } fixedSize ? [1, 3, fixedSize.Height, fixedSize.Width] : recorded;
        var file = Onnx.Write(Graph.Graph.Of(net, shape), name => state[name].ToHost(), new OnnxOptions
        {
            OtherSize = size is null ? Graph.Graph.Of(net, other) : null,
            InputName = "image",
            OutputName = "scores",
            Metadata = Metadata(network),
        });
        AtomicFile.Write(path, file.Bytes.Length, stream => stream.Write(file.Bytes));
        return file;
    }

    // The keys are those that Hwaso.Runtime reads.
    static Dictionary<string, string> Metadata(LoadedNetwork network)
    {
        var texts = new Dictionary<string, string>
        {
            ["hwaso.mean"] = List(network.Normalisation.Mean),
            ["hwaso.std"] = List(network.Normalisation.Deviation),
            ["hwaso.align_corners"] = network.Net.AlignCorners ? "true" : "false",
        };
        if (network.Classes.Count > 0)
            texts[LoadedNetwork.ClassesKey] = LoadedNetwork.WriteClasses(network.Classes);
        return texts;
    }

    static string List(IEnumerable<double> values) => $"[{string.Join(", ", values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]";
}
