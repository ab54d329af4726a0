using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>The meaning of each of the 256 values of a label file: a training index, ignored, or not allowed.</summary>
public sealed class LabelTable
{
    const short Unknown = -1;

    readonly short[] meanings;
    readonly Dictionary<int, byte>? values;

    LabelTable(short[] meanings, Dictionary<int, byte>? values = null) => (this.meanings, this.values) = (meanings, values);

    /// <summary>Whether label files hold colours, and not indices.</summary>
    public bool OfColors => values is not null;

    /// <summary>Values are training indices; one is ignored, even where it is below the number of classes; others are errors.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="ignored">The value that is ignored.</param>
    public static LabelTable Plain(int classes, byte ignored = ClassList.Ignore) =>
        new(Enumerable.Range(0, 256).Select(v => v == ignored ? ClassList.Ignore : v < classes ? (short)v : Unknown).ToArray());

    /// <summary>
    /// Cityscapes' label ids 0 to 33: those of the 19 classes become their training index, the rest and 255 (id −1) are ignored.
    /// </summary>
    public static LabelTable CityscapesIds { get; } = new(Enumerable.Range(0, 256)
        .Select(v => Array.IndexOf(CityscapesClassIds, v) is var k and >= 0 ? (short)k : v is <= 33 or 255 ? ClassList.Ignore : Unknown)
        .ToArray());

    /// <summary>Values 1 to <paramref name="classes"/> are training index + 1; 0 and 255 are ignored; others are errors.</summary>
    public static LabelTable FromOne(int classes) =>
        new(Enumerable.Range(0, 256).Select(v => v is 0 or ClassList.Ignore ? ClassList.Ignore : v <= classes ? (short)(v - 1) : Unknown)
            .ToArray());

    /// <summary>
    /// COCO-Stuff's published ids, the category ids less 1: 0 to 90 are things, of which 11 were never used, and 91 to 181 stuffs; 255
    /// is ignored.
    /// </summary>
    public static LabelTable CocoStuffIds { get; } =
        FromValues([.. Enumerable.Range(0, 182).Except([11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90])], ClassList.Ignore);

    /// <summary>The values given are training indices 0, 1, 2, …, in order; others are errors.</summary>
    /// <param name="classes">The value of each class, 0 to 255.</param>
    /// <param name="ignored">The values to ignore.</param>
    /// <exception cref="ArgumentException">A value is given twice, or none.</exception>
    public static LabelTable FromValues(IReadOnlyList<int> classes, params IReadOnlyList<int> ignored)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(ignored);
        var all = classes.Concat(ignored).ToArray();
        if (classes.Count is < 1 or > 255 || all.Any(v => v is < 0 or > 255) || all.Distinct().Count() != all.Length)
            throw new ArgumentException(
                $"label values [{string.Join(", ", all)}]: 1 to 255 classes were wanted, values from 0 to 255, each once");
        var meanings = new short[256];
        Array.Fill(meanings, Unknown);
        for (var k = 0; k < classes.Count; k++)
            meanings[classes[k]] = (short)k;
        foreach (var value in ignored)
            meanings[value] = ClassList.Ignore;
        return new LabelTable(meanings);
    }

    /// <summary>Label files are colour pictures: the colours given are training indices 0, 1, 2, …, in order; others are errors.</summary>
    /// <param name="classes">The colour of each class, 1 to 255 of them.</param>
    /// <param name="ignored">The colours to ignore.</param>
    /// <exception cref="ArgumentException">A colour is given twice, or none.</exception>
    public static LabelTable FromColors(
        IReadOnlyList<(byte R, byte G, byte B)> classes, params IReadOnlyList<(byte R, byte G, byte B)> ignored)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(ignored);
        var values = new Dictionary<int, byte>();
        if (classes.Count is < 1 or > 255)
            throw new ArgumentException($"{classes.Count} colours; 1 to 255 were wanted");
        foreach (var (color, value) in classes.Select((c, k) => (c, k)).Concat(ignored.Select(c => (c, k: (int)ClassList.Ignore))))
            if (!values.TryAdd(Packed(color.R, color.G, color.B), (byte)value))
                throw new ArgumentException($"the colour ({color.R}, {color.G}, {color.B}) is given twice; each class needs its own");
        return new LabelTable(Plain(classes.Count).meanings, values);
    }

    /// <summary>Label files hold numbers of segments, as COCO's panoptic PNGs do; pixels of no segment are ignored.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="segments">The number and the training index of each segment.</param>
    internal static LabelTable FromSegments(int classes, IEnumerable<(int Id, byte Class)> segments)
    {
        var values = new Dictionary<int, byte> { [0] = ClassList.Ignore };
        foreach (var (id, index) in segments)
            values[Packed((byte)id, (byte)(id >> 8), (byte)(id >> 16))] = index;
        return new LabelTable(Plain(classes).meanings, values);
    }

    /// <summary>The meaning of a value of 0 to 255: a training index, 255 for ignored, or null for a value that is not allowed.</summary>
    public int? MeaningOf(int value) => meanings[value] == Unknown ? null : meanings[value];

    /// <summary>Reads a label file as it is: indices or gray values, the places of its colours, or the matrix of a MATLAB file.</summary>
    /// <exception cref="DatasetException">A colour is no class, or a MATLAB file has another version; the message names the colour and
    /// how many pixels have it.</exception>
    /// <exception cref="ImageFormatException">The file is damaged or of another kind.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public LabelMap Read(string path)
    {
        if (path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase))
            return MatLabels.Read(path);
        if (values is null)
            return ImageFile.ReadLabels(path);
        var image = ImageFile.ReadMaskColours(path);
        var labels = new LabelMap(image.Width, image.Height);
        var unknown = new Dictionary<int, int>();
        // Neighbours are mostly of one colour.
        var (last, value) = (-1, (byte)0);
        for (var p = 0; p < labels.Labels.Length; p++)
        {
            var color = Packed(image.Pixels[3 * p], image.Pixels[3 * p + 1], image.Pixels[3 * p + 2]);
            if (color != last && values.TryGetValue(color, out value))
                last = color;
            else if (color != last)
                unknown[color] = unknown.GetValueOrDefault(color) + 1;
            labels.Labels[p] = value;
        }
        if (unknown.Count == 0)
            return labels;
        var (worst, pixels) = unknown.MaxBy(u => u.Value);
        var more = unknown.Count > 1 ? $" and {unknown.Count - 1} more colours" : "";
        throw new DatasetException(path, $"the colour ({worst >> 16}, {worst >> 8 & 255}, {worst & 255}) ({pixels} pixels){more} is none "
            + $"of the {Classes} classes; was it saved as JPEG or resized with blending, or is a class missing?");
    }

    static int Packed(byte r, byte g, byte b) => r << 16 | g << 8 | b;

    /// <summary>The label id of each of Cityscapes' training classes.</summary>
    public static int[] CityscapesClassIds => [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

    /// <summary>Replaces every value by its meaning.</summary>
    /// <exception cref="DatasetException">A value is not allowed; the message names the file, the value and how many pixels have
    /// it.</exception>
    public void Apply(LabelMap labels, string path)
    {
        // Most maps are valid: values are counted only for the message about an invalid one.
        if (HasUnknown(labels.Labels))
        {
            var unknown = UnknownValues(labels);
            var more = unknown.Count > 1 ? $" and {unknown.Count - 1} more values" : "";
            throw new DatasetException(path, $"label {unknown[0].Value} ({unknown[0].Pixels} pixels){more} is none of the {Classes} "
                + $"classes nor {ClassList.Ignore} (ignored); is it of another data set, or a colour file saved as gray?");
        }
        Span<byte> table = stackalloc byte[256];
        for (var v = 0; v < 256; v++)
            table[v] = (byte)meanings[v];
        foreach (ref var value in labels.Labels.AsSpan())
            value = table[value];
    }

    /// <summary>
    /// Replaces every value of a prediction by its meaning; ignored values and values that are not allowed become 255, which is no class.
    /// </summary>
    public void ApplyToPrediction(LabelMap labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var table = Array.ConvertAll(meanings, m => m == Unknown ? ClassList.Ignore : (byte)m);
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

    /// <summary>The values that are not allowed, with their pixels.</summary>
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
