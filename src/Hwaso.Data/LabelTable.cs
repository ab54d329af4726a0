using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>What each of the 256 values of a label file means: a training index, ignored, or nothing that may stand there.</summary>
public sealed class LabelTable
{
    const short Unknown = -1;

    readonly short[] meanings;

    LabelTable(short[] meanings) => this.meanings = meanings;

    /// <summary>Values are training indices; 255 is ignored; others are errors.</summary>
    public static LabelTable Plain(int classes) =>
        new(Enumerable.Range(0, 256).Select(v => v < classes || v == ClassList.Ignore ? (short)v : Unknown).ToArray());

    /// <summary>Cityscapes' label ids 0 to 33: those of the 19 classes become their training index, the rest and 255 (id −1) are ignored.</summary>
    public static LabelTable CityscapesIds { get; } = new(Enumerable.Range(0, 256)
        .Select(v => Array.IndexOf(CityscapesClassIds, v) is var train and >= 0 ? (short)train : v is <= 33 or 255 ? ClassList.Ignore : Unknown).ToArray());

    /// <summary>Values 1 to <paramref name="classes"/> are training index + 1; 0 and 255 are ignored; others are errors.</summary>
    public static LabelTable FromOne(int classes) =>
        new(Enumerable.Range(0, 256).Select(v => v is 0 or ClassList.Ignore ? ClassList.Ignore : v <= classes ? (short)(v - 1) : Unknown).ToArray());

    /// <summary>The label id of each of Cityscapes' training classes.</summary>
    public static int[] CityscapesClassIds => [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

    /// <summary>Replaces every value by its meaning.</summary>
    /// <exception cref="DatasetException">A value that may not stand there; the message names the file, the value and how many pixels hold it.</exception>
    public void Apply(LabelMap labels, string path)
    {
        // Most maps are fine: their values are only counted where one is not.
        if (HasUnknown(labels.Labels))
        {
            var unknown = UnknownValues(labels);
            throw new DatasetException(path,
                $"label {unknown[0].Value} ({unknown[0].Pixels} pixels){(unknown.Count > 1 ? $" and {unknown.Count - 1} more values" : "")} is none of the {Classes} classes nor {ClassList.Ignore} (ignored); is it of another data set, or a colour file saved as gray?");
        }
        Span<byte> table = stackalloc byte[256];
        for (var v = 0; v < 256; v++)
            table[v] = (byte)meanings[v];
        foreach (ref var value in labels.Labels.AsSpan())
            value = table[value];
    }

    bool HasUnknown(ReadOnlySpan<byte> labels)
    {
        Span<byte> unknown = stackalloc byte[256];
        for (var v = 0; v < 256; v++)
            unknown[v] = meanings[v] == Unknown ? (byte)1 : (byte)0;
        int found = 0, at = 0;
        for (; at <= labels.Length - 4; at += 4)
            found |= unknown[labels[at]] | unknown[labels[at + 1]] | unknown[labels[at + 2]] | unknown[labels[at + 3]];
        for (; at < labels.Length; at++)
            found |= unknown[labels[at]];
        return found != 0;
    }

    /// <summary>The values that may not stand there, with their pixels.</summary>
    public IReadOnlyList<(int Value, long Pixels)> UnknownValues(LabelMap labels)
    {
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (var value in labels.Labels)
            counts[value]++;
        var found = new List<(int, long)>();
        for (var v = 0; v < 256; v++)
            if (counts[v] > 0 && meanings[v] == Unknown)
                found.Add((v, counts[v]));
        return found;
    }

    int Classes => meanings.Where(m => m is not (Unknown or ClassList.Ignore)).Distinct().Count();
}
