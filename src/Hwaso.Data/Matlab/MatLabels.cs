using Hwaso.Data.Converting;
using Hwaso.Imaging;

namespace Hwaso.Data.Matlab;

/// <summary>Labels in MATLAB files: PASCAL Context's 459, SBD's 20, or the one matrix of any other.</summary>
static class MatLabels
{
    const string Context = "LabelMap", Sbd = "GTcls", Segmentation = "Segmentation";

    /// <summary>The labels as their PNG would have them: PASCAL Context's as 0 and 1 to 59, others as they are.</summary>
    /// <exception cref="DatasetException">It is of another version, damaged, or holds no labels that fit 8 bits.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LabelMap Read(string path)
    {
        var variables = MatFile.Read(path);
        if (variables.TryGetValue(Context, out var context))
            return OfContext(context, path);
        var matrix = variables.TryGetValue(Sbd, out var truth) && truth.Fields.TryGetValue(Segmentation, out var segmentation) ? segmentation
            : variables.Values.Where(v => v.Numbers is { Length: > 1 }).ToArray() is [var only] ? only
            : throw new DatasetException(path, $"has neither {Context} nor {Sbd}.{Segmentation} nor one matrix alone, but {(variables.Count == 0 ? "nothing" : string.Join(", ", variables.Keys))}");
        var image = matrix.ToImage(path);
        return image.Values.FirstOrDefault(v => v > byte.MaxValue) is > 0 and var odd
            ? throw new DatasetException(path, $"holds label {odd}; 0 to {byte.MaxValue} were wanted")
            : new LabelMap(image.Width, image.Height, Array.ConvertAll(image.Values, v => (byte)v));
    }

    /// <summary>PASCAL Context's labels 0 to 59.</summary>
    /// <exception cref="DatasetException">It is none of its files.</exception>
    public static LabelMap ReadContext(string path) => MatFile.Read(path).TryGetValue(Context, out var map)
        ? OfContext(map, path)
        : throw new DatasetException(path, $"has no {Context}; PASCAL Context's annotations of 459 classes were wanted");

    /// <summary>SBD's labels 0 to 20.</summary>
    /// <exception cref="DatasetException">It is none of its files.</exception>
    public static LabelMap ReadSbd(string path)
    {
        if (!MatFile.Read(path).TryGetValue(Sbd, out var truth) || !truth.Fields.TryGetValue(Segmentation, out var segmentation))
            throw new DatasetException(path, $"has no {Sbd}.{Segmentation}; SBD's dataset/cls was wanted, not inst");
        return Below(segmentation.ToImage(path), ClassList.Voc.Count, path, v => (byte)v);
    }

    static LabelMap OfContext(MatArray map, string path)
    {
        var labels = ContextConversion.LabelOfId;
        return Below(map.ToImage(path), labels.Length, path, v => labels[v]);
    }

    static LabelMap Below(Gray16Image image, int end, string path, Converter<ushort, byte> meaning) => image.Values.FirstOrDefault(v => v >= end) is > 0 and var odd
        ? throw new DatasetException(path, $"holds label {odd}; 0 to {end - 1} were wanted")
        : new LabelMap(image.Width, image.Height, Array.ConvertAll(image.Values, meaning));
}
