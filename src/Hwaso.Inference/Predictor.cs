using System.Diagnostics;
using Hwaso.Imaging;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>Labels image files and writes what it sees beside their names.</summary>
/// <param name="label">Gives an image's labels, as <see cref="Segmenter.Label"/> does.</param>
/// <param name="palette">The colours of the classes.</param>
/// <param name="write">Writes a label map to a file.</param>
public sealed class Predictor(Func<RgbImage, LabelMap> label, Palette palette, Action<string, LabelMap> write)
{
    /// <summary>Reads, labels and writes one image.</summary>
    /// <param name="path">The image.</param>
    /// <param name="targets">The file of the label map and, if wanted, that of the overlay, as <see cref="Targets"/> gives them.</param>
    /// <exception cref="ImageFormatException">The image is damaged or of another kind.</exception>
    /// <exception cref="IOException">It cannot be read, or the result cannot be written.</exception>
    /// <exception cref="TorchException">The network refuses the image.</exception>
    public Prediction Predict(string path, IReadOnlyList<string> targets)
    {
        var image = ImageFile.ReadRgb(path);
        var began = Stopwatch.GetTimestamp();
        var labels = label(image);
        var milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        write(targets[0], labels);
        if (targets.Count > 1)
            Png.Write(targets[1], Overlay.Blend(image, labels, palette));
        return new Prediction(targets[0], milliseconds);
    }

    /// <summary>The files that an image's labels go to: the label map, and the overlay if wanted.</summary>
    /// <param name="folder">Where they go.</param>
    /// <param name="name">The name without extension.</param>
    /// <param name="overlay">Whether the overlay is wanted.</param>
    /// <param name="file">Where the label map goes below the folder; null: NAME.png.</param>
    public static IReadOnlyList<string> Targets(string folder, string name, bool overlay, string? file = null)
    {
        var labels = Path.Combine(folder, file ?? name + ".png");
        return overlay ? [labels, Path.Combine(folder, name + "_overlay.png")] : [labels];
    }

    /// <summary>A name for each image: its file's own where that is unique, else with as much of its folders as tells them apart.</summary>
    /// <exception cref="ArgumentException">The same file is given twice.</exception>
    public static IReadOnlyList<string> Names(IReadOnlyList<string> paths)
    {
        var parts = paths.Select(p => Path.GetFullPath(Path.ChangeExtension(p, null)!).Split(Path.DirectorySeparatorChar)).ToArray();
        if (paths.GroupBy(Path.GetFullPath).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{twice.Key} is given twice; name each image once");
        var depth = parts.Select(_ => 1).ToArray();
        while (true)
        {
            var names = parts.Select((p, k) => string.Join('_', p[Math.Max(0, p.Length - depth[k])..])).ToArray();
            var doubled = names.Select((n, k) => (n, k)).GroupBy(n => n.n).Where(g => g.Count() > 1).SelectMany(g => g.Select(n => n.k)).ToArray();
            if (doubled.Length == 0)
                return names;
            var grew = false;
            foreach (var k in doubled)
                if (depth[k] < parts[k].Length)
                    (depth[k], grew) = (depth[k] + 1, true);
            if (!grew)
                // a.jpg and a.png of one folder: the position tells them apart.
                return names.Select((n, k) => doubled.Contains(k) ? $"{n}_{k + 1}" : n).ToArray();
        }
    }
}
