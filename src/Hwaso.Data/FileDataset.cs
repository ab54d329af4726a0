namespace Hwaso.Data;

/// <summary>A split whose images were listed already, all with labels of one kind.</summary>
/// <param name="name">Its name, with the split.</param>
/// <param name="classes">Its classes.</param>
/// <param name="table">What the values of every label file mean.</param>
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
