using Hwaso.Common;
using Hwaso.Imaging;
using Hwaso.Onnx.Quantising;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;

namespace Hwaso.Inference.Quantising;

/// <summary>
/// Puts the convolutions of an exported segmentation network into 8 bits after training: weights by output channel, activations by the
/// numbers that some images give. Layers that lose too much stay in single precision.
/// </summary>
public sealed class NetworkQuantiser
{
    // A histogram of some ten thousand numbers an image is as good as one of all.
    const int SampledNumbers = 1 << 16, ProbedImages = 4;

    readonly QuantisableFile file;
    readonly string name;
    readonly QuantiserOptions options;
    readonly RuntimeOptions runtime;
    readonly List<(float[] Numbers, int[] Shape)> inputs = [];
    readonly IReadOnlyList<ChannelImage> images;
    readonly List<byte[]> labels = [];

    NetworkQuantiser(ReadOnlyMemory<byte> bytes, string name, IReadOnlyList<ChannelImage> images, QuantiserOptions options)
    {
        (this.name, this.images, this.options) = (name, images, options);
        runtime = new RuntimeOptions { Threads = options.Threads };
        // Its reader checks everything that a file says; the one that rewrites files trusts it.
        using var model = SegmentationModel.Load(bytes, name, runtime, options.Known);
        file = QuantisableFile.Read(bytes, name);
        foreach (var image in images)
        {
            var values = Bytes(image);
            inputs.Add(model.InputOf(values, image.Width, image.Height));
            labels.Add(model.Segment(values, image.Width, image.Height).Labels);
        }
    }

    /// <summary>Quantises a network.</summary>
    /// <param name="bytes">The ONNX file, in single precision.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="images">Images like those that it will see; some tens are enough.</param>
    /// <param name="options">How ranges are chosen, and which layers are left as they are.</param>
    /// <param name="progress">Receives what is done now.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    /// <exception cref="InvalidDataException">The file has no convolution that can be put into 8 bits, or is quantised already.</exception>
    /// <exception cref="ModelFormatException">The file is damaged, or no segmentation network.</exception>
    /// <exception cref="ArgumentException">There is no image, or one does not fit the network.</exception>
    public static QuantisedNetwork Quantise(
        ReadOnlyMemory<byte> bytes, string name, IReadOnlyList<ChannelImage> images, QuantiserOptions? options = null,
        Action<string>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            throw new ArgumentException("no image was given; ranges are chosen from what the network makes of some");
        return new NetworkQuantiser(bytes, name, images, options ?? new()).Run(progress, stop);
    }

    QuantisedNetwork Run(Action<string>? progress, CancellationToken stop)
    {
        var layers = file.Layers;
        var ranges = layers.SelectMany(l => new[] { l.Input, l.Output }).Distinct(StringComparer.Ordinal)
            .ToDictionary(t => t, _ => new ActivationRange(), StringComparer.Ordinal);
        progress?.Invoke($"watching {ranges.Count} tensors on {inputs.Count} images");
        Watch([.. ranges.Keys], (tensor, numbers) => ranges[tensor].Add(numbers, Math.Max(1, numbers.Length / SampledNumbers)), stop);
        var codes = ranges.ToDictionary(r => r.Key, r => r.Value.Code(options.Ranges), StringComparer.Ordinal);

        progress?.Invoke($"comparing {layers.Count} layers in 8 bits with themselves");
        var noise = Noise(codes, stop);
        var chosen = layers.Where(l => noise[l.Name] >= options.LeastDecibels).ToList();
        // The noisiest first.
        var order = new Queue<QuantisableLayer>(chosen.OrderBy(l => noise[l.Name]));
        var score = options.Score ?? (now => 1 - Changed(now));
        var before = score(labels);
        for (var step = 1; ; step *= 2)
        {
            var written = file.Quantised(chosen, codes);
            progress?.Invoke($"segmenting {images.Count} images with {chosen.Count} layers in 8 bits");
            var now = Labels(written, stop);
            if (before - score(now) <= options.MostLoss || chosen.Count == 0)
                return new QuantisedNetwork(written,
                    [.. layers.Select(l => new QuantisedLayer(l.Name, l.Weights, noise[l.Name], chosen.Contains(l)))], Changed(now));
            for (var k = 0; k < step && order.TryDequeue(out var layer); k++)
                chosen.Remove(layer);
        }
    }

    /// <summary>Runs the network with further outputs; where they take too much memory at once, with half of them at a time.</summary>
    void Watch(string[] tensors, Action<string, float[]> seen, CancellationToken stop)
    {
        using var model = OnnxModel.Load(file.WithOutputs(tensors), name, runtime);
        var wanted = tensors.ToHashSet(StringComparer.Ordinal);
        Session? session = null;
        int[] opened = [];
        // The largest image first: if its numbers fit, those of all others do.
        foreach (var (numbers, shape) in inputs.OrderByDescending(i => i.Numbers.Length))
        {
            stop.ThrowIfCancellationRequested();
            if (session is null || !opened.SequenceEqual(shape))
                try
                {
                    (session, opened) = (model.Open(shape), shape);
                }
                catch (ModelFormatException) when (tensors.Length > 1 && session is null)
                {
                    Watch(tensors[..(tensors.Length / 2)], seen, stop);
                    Watch(tensors[(tensors.Length / 2)..], seen, stop);
                    return;
                }
            numbers.CopyTo(session.Input(0));
            session.Run(stop);
            for (var output = 0; output < model.Outputs.Count; output++)
                if (wanted.Contains(model.Outputs[output].Name) && session.IsFloat(output))
                    seen(model.Outputs[output].Name, session.Output(output).ToArray());
        }
    }

    /// <summary>
    /// Of each layer 10 · log₁₀ of its result's squares over the squares of what 8 bits change of it, from the same input.
    /// </summary>
    Dictionary<string, double> Noise(Dictionary<string, TensorCode> codes, CancellationToken stop)
    {
        var few = inputs.Take(ProbedImages).ToArray();
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        // Each layer once more, as many at a time as memory allows.
        for (int first = 0, count = file.Layers.Count; first < file.Layers.Count; first += count)
        {
            count = Math.Min(count, file.Layers.Count - first);
            var layers = file.Layers.Skip(first).Take(count).ToArray();
            var (signal, lost) = (new double[count], new double[count]);
            try
            {
                Probe(file.WithProbes(layers, codes), few, signal, lost, stop);
            }
            catch (ModelFormatException) when (count > 1)
            {
                count = (count + 1) / 2;
                first -= count;
                continue;
            }
            for (var k = 0; k < count; k++)
                found[layers[k].Name] = lost[k] == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal[k] / lost[k]);
        }
        return found;
    }

    void Probe(
        byte[] probed, IReadOnlyList<(float[] Numbers, int[] Shape)> given, double[] signal, double[] lost, CancellationToken stop)
    {
        using var model = OnnxModel.Load(probed, name, runtime);
        // Both results of each layer follow the network's own outputs.
        var begin = model.Outputs.Count - (2 * signal.Length);
        foreach (var (numbers, shape) in given)
        {
            stop.ThrowIfCancellationRequested();
            var session = model.Open(shape);
            numbers.CopyTo(session.Input(0));
            session.Run(stop);
            for (var k = 0; k < signal.Length; k++)
            {
                var single = session.Output(begin + (2 * k));
                var rounded = session.Output(begin + (2 * k) + 1);
                for (var i = 0; i < single.Length; i++)
                {
                    var difference = (double)single[i] - rounded[i];
                    signal[k] += (double)single[i] * single[i];
                    lost[k] += difference * difference;
                }
            }
        }
    }

    byte[][] Labels(byte[] written, CancellationToken stop)
    {
        using var model = SegmentationModel.Load(written, name, runtime, options.Known);
        return [.. images.Select(i => model.Segment(Bytes(i), i.Width, i.Height, stop: stop).Labels)];
    }

    /// <summary>The share of all pixels whose label is another one than in single precision.</summary>
    double Changed(IReadOnlyList<byte[]> now)
    {
        var (changed, all) = (0L, 0L);
        for (var k = 0; k < now.Count; k++)
        {
            for (var i = 0; i < now[k].Length; i++)
                changed += now[k][i] != labels[k][i] ? 1 : 0;
            all += now[k].Length;
        }
        return (double)changed / all;
    }

    static byte[] Bytes(ChannelImage image) => image.Bytes ?? Array.ConvertAll(image.Words!, w => (byte)(w >> 8));
}

/// <summary>How a network is quantised.</summary>
public sealed record QuantiserOptions
{
    /// <summary>How the ranges of activations are chosen.</summary>
    public RangeRule Ranges { get; init; }

    /// <summary>Layers whose signal is fewer decibels above their rounding noise stay in single precision.</summary>
    public double LeastDecibels { get; init; } = 15;

    /// <summary>
    /// How good the labels of the images are, given one array an image, in their order; null: the share of pixels that keep the label of
    /// single precision.
    /// </summary>
    public Func<IReadOnlyList<byte[]>, double>? Score { get; init; }

    /// <summary>
    /// How far the score may fall; while it falls farther, the noisiest layers return to single precision: first one, then 2, 4, 8, …
    /// more.
    /// </summary>
    public double MostLoss { get; init; } = 0.01;

    /// <summary>Threads to compute on; 0: one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>What is known of a network whose file does not say it; null for nothing.</summary>
    public SegmentationOptions? Known { get; init; }
}

/// <summary>A network in 8 bits.</summary>
/// <param name="File">The ONNX file.</param>
/// <param name="Layers">The layers that can be put into 8 bits, in the file's order.</param>
/// <param name="ChangedLabels">The share of the images' pixels whose label is another than before.</param>
public sealed record QuantisedNetwork(byte[] File, IReadOnlyList<QuantisedLayer> Layers, double ChangedLabels)
{
    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, File);
}

/// <summary>A layer of a quantised network.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Weights">The sizes of its weights.</param>
/// <param name="Decibels">How far its signal is above the noise that 8 bits add to it; infinite where they add none.</param>
/// <param name="IsQuantised">Whether it computes in 8 bits.</param>
public sealed record QuantisedLayer(string Name, string Weights, double Decibels, bool IsQuantised);
