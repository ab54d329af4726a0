using Hwaso.Data.Matlab;
using Hwaso.Imaging;

namespace Hwaso.Data;

/// <summary>Labels in MATLAB files: those of PASCAL Context (459 classes) and SBD (20), or the only matrix of any other file.</summary>
static class MatLabels
{
    const string Context = "LabelMap", Sbd = "GTcls", Segmentation = "Segmentation";

    /// <summary>Reads labels as a label PNG would hold them: PASCAL Context's as 0 and 1 to 59, others unchanged.</summary>
    /// <exception cref="DatasetException">The file is of another version or damaged, or holds no labels that fit 8 bits.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LabelMap Read(string path) => Read(path, variables =>
    {
        if (variables.TryGetValue(Context, out var context))
            return OfContext(context);
        var matrix = SegmentationOf(variables)
            ?? (variables.Values.Where(v => v.Numbers is { Length: > 1 }).ToArray() is [var only] ? only : null)
            ?? throw new InvalidDataException($"has neither {Context} nor {Sbd}.{Segmentation} nor one matrix alone, but "
                + $"{(variables.Count == 0 ? "nothing" : string.Join(", ", variables.Keys))}");
        return Below(matrix.ToImage(), byte.MaxValue + 1, v => (byte)v);
    });

    /// <summary>Reads PASCAL Context's labels, 0 to 59.</summary>
    /// <exception cref="DatasetException">The file is none of PASCAL Context's.</exception>
    public static LabelMap ReadContext(string path) => Read(path, variables => variables.TryGetValue(Context, out var map)
        ? OfContext(map)
        : throw new InvalidDataException($"has no {Context}; PASCAL Context's annotations of 459 classes were wanted"));

    /// <summary>Reads SBD's labels, 0 to 20.</summary>
    /// <exception cref="DatasetException">The file is none of SBD's.</exception>
    public static LabelMap ReadSbd(string path) => Read(path, variables => SegmentationOf(variables) is { } segmentation
        ? Below(segmentation.ToImage(), ClassList.Voc.Count, v => (byte)v)
        : throw new InvalidDataException($"has no {Sbd}.{Segmentation}; SBD's dataset/cls was wanted, not inst"));

    static LabelMap Read(string path, Func<IReadOnlyDictionary<string, MatArray>, LabelMap> labels)
    {
        try
        {
            return labels(MatFile.Read(path));
        }
        catch (InvalidDataException error)
        {
            throw new DatasetException(path, error.Message, error);
        }
    }

    static MatArray? SegmentationOf(IReadOnlyDictionary<string, MatArray> variables) =>
        variables.TryGetValue(Sbd, out var truth) ? truth.Fields.GetValueOrDefault(Segmentation) : null;

    static LabelMap OfContext(MatArray map)
    {
        var labels = PublishedLabels.ContextLabelOfId;
        return Below(map.ToImage(), labels.Count, v => labels[v]);
    }

    static LabelMap Below(Gray16Image image, int end, Converter<ushort, byte> meaning) =>
        image.Values.FirstOrDefault(v => v >= end) is > 0 and var odd
        ? throw new InvalidDataException($"holds label {odd}; 0 to {end - 1} were wanted")
        : new LabelMap(image.Width, image.Height, Array.ConvertAll(image.Values, meaning));
}
