using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>One split of a data set on disk.</summary>
public abstract class SegmentationDataset
{
    /// <summary>Its name, with the split.</summary>
    public abstract string Name { get; }

    /// <summary>Its classes.</summary>
    public abstract ClassList Classes { get; }

    /// <summary>Its images, in a fixed order.</summary>
    public abstract IReadOnlyList<Sample> Samples { get; }

    /// <summary>The meaning of the values of a label file.</summary>
    public abstract LabelTable TableOf(Sample sample);

    /// <summary>Reads one image with its labels. May be called from any thread.</summary>
    /// <param name="index">Its place in <see cref="Samples"/>.</param>
    /// <param name="channels">The image's channels: 3 for colours, any number for files that store as many.</param>
    /// <exception cref="DatasetException">It has no label, the sizes differ, or a label is no class.</exception>
    /// <exception cref="ImageFormatException">A file is damaged, of another kind, or has other channels.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public LabelledImage Read(int index, int channels = 3)
    {
        var sample = Samples[index];
        var labelPath = LabelOf(sample);
        var image = ImageFile.ReadChannels(sample.ImagePath, channels);
        var table = TableOf(sample);
        var labels = table.Read(labelPath);
        if (labels.Width != image.Width || labels.Height != image.Height)
            throw new DatasetException(labelPath, $"is {labels.Width}×{labels.Height}, its image {sample.ImagePath} is "
                + $"{image.Width}×{image.Height}; they must be of one size{TurnedRemark(sample, image, labels)}");
        table.Apply(labels, labelPath);
        return new LabelledImage(sample, image, labels);
    }

    /// <summary>Reads the labels of one image alone. May be called from any thread.</summary>
    /// <exception cref="DatasetException">It has none, or a label is no class.</exception>
    /// <exception cref="ImageFormatException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public LabelMap ReadLabels(int index)
    {
        var sample = Samples[index];
        var labelPath = LabelOf(sample);
        var table = TableOf(sample);
        var labels = table.Read(labelPath);
        table.Apply(labels, labelPath);
        return labels;
    }

    static string TurnedRemark(Sample sample, ChannelImage image, LabelMap labels) =>
        labels.Width == image.Height && ExifOrientation.Of(File.ReadAllBytes(sample.ImagePath)) > 4
            ? "; the image's Exif data turn it in viewers, where the mask was drawn: turn the image itself"
            : "";

    string LabelOf(Sample sample) => sample.LabelPath
        ?? throw new DatasetException(sample.ImagePath, $"has no label; split of {Name} can be predicted, not trained on or scored");
}

/// <summary>A split whose images were listed already, all with labels of one kind.</summary>
/// <param name="name">Its name, with the split.</param>
/// <param name="classes">Its classes.</param>
/// <param name="table">The meaning of the values of every label file.</param>
/// <param name="samples">Its images.</param>
public sealed class FileDataset(string name, ClassList classes, LabelTable table, IReadOnlyList<Sample> samples) : SegmentationDataset
{
    /// <inheritdoc/>
    public override string Name { get; } = name;

    /// <inheritdoc/>
    public override ClassList Classes { get; } = classes;

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; } = samples;

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample) => table;
}
