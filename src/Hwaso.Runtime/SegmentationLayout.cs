using System.Globalization;
using Hwaso.Runtime.Format;

namespace Hwaso.Runtime;

/// <summary>How a network takes images.</summary>
/// <param name="Channels">1 (gray), 3 (red, green, blue), 4 (with an alpha) or any other number.</param>
/// <param name="IsLast">Whether the channels are the last axis, [1, H, W, C]; else the input is [1, C, H, W].</param>
/// <param name="Height">Rows; null if they are free.</param>
/// <param name="Width">Columns; null if they are free.</param>
sealed record InputLayout(int Channels, bool IsLast, int? Height, int? Width)
{
    const int MostChannels = 512;

    public static InputLayout Of(IReadOnlyList<ModelPort> inputs, string place)
    {
        if (inputs is not [var input])
            throw new ModelFormatException(place,
                $"is not a segmentation network: it has {inputs.Count} inputs; one, [1, C, H, W] or [1, H, W, C], was wanted");
        if (input.Shape is not { } shape)
            return new(3, false, null, null);
        var given = $"its input '{input.Name}' is [{string.Join(", ", shape.Select(s => s < 0 ? "any" : $"{s}"))}]";
        if (shape.Count != 4)
            throw new ModelFormatException(place, $"is not a segmentation network: {given}; one [1, C, H, W] or [1, H, W, C] was wanted");
        if (shape[0] is not (1 or -1))
            throw new ModelFormatException(place,
                $"{given}, a batch of {shape[0]} images; a batch of 1 was wanted: export it with a free or single batch");
        static int? Size(int size) => size > 0 ? size : null;
        // The usual numbers of channels tell which axis they are on; of others, an image has fewer channels than columns.
        var (first, last) = (shape[1] is 1 or 3 or 4, shape[3] is 1 or 3 or 4);
        if (!first && (last || (shape[3] > 0 && (shape[1] < 0 || shape[1] > shape[3]))))
            return new(Bounded(shape[3]), true, Size(shape[1]), Size(shape[2]));
        return new(Bounded(Size(shape[1]) ?? 3), false, Size(shape[2]), Size(shape[3]));

        int Bounded(int channels) => channels is >= 1 and <= MostChannels ? channels : throw new ModelFormatException(place,
            $"{given}; images of 1 to {MostChannels} channels, [1, C, H, W] or [1, H, W, C], were wanted; {nameof(OnnxModel)} runs other "
                + "networks");
    }

    public int[] Shape(int rows, int columns) => IsLast ? [1, rows, columns, Channels] : [1, Channels, rows, columns];

    public string Text => Channels switch
    {
        1 => "gray",
        3 => "red, green and blue",
        4 => "red, green, blue and an alpha, which is opaque where the image has none",
        _ => "the image's own, and an image must have as many",
    };
}

/// <summary>What a network's output is.</summary>
/// <param name="Classes">The number of scores for each pixel; 0 if the output holds labels.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="IsLast">Whether the scores of a pixel lie side by side, [1, h, w, K].</param>
/// <param name="One">What a single channel holds; null for scores of several classes.</param>
sealed record OutputLayout(int Classes, int Height, int Width, bool IsLast, OneChannel? One)
{
    /// <summary>Whether the scores could as well lie in the other order, of which nothing tells.</summary>
    public bool IsAssumed { get; private init; }

    /// <param name="shape">The output's sizes.</param>
    /// <param name="isFloat">Whether its elements are floating-point numbers.</param>
    /// <param name="rows">Rows of the network's input.</param>
    /// <param name="columns">Columns of the network's input.</param>
    /// <param name="classes">The number of classes that the file names; null if it names none.</param>
    /// <param name="last">The operator that makes the output.</param>
    /// <param name="asked">What the caller says of a single channel.</param>
    /// <param name="image">The image's size, for messages.</param>
    /// <exception cref="ArgumentException">The output is neither scores nor labels of an image of this size.</exception>
    public static OutputLayout Of(
        int[] shape, bool isFloat, int rows, int columns, int? classes, LastOperator last, OneChannel? asked, SegmentationSizes image)
    {
        var text = $"the network's output [{string.Join(", ", shape)}]";
        var wrong = new ArgumentException(
            $"{text} of {(isFloat ? "floating-point numbers" : "integers")} is neither scores [1, K, h, w] or [1, h, w, K] "
            + $"nor labels [1, h, w] of an image of {image.Width}×{image.Height} pixels");
        var sizes = shape.Length == 4 && shape[0] == 1 ? shape[1..] : shape.Length == 3 && shape[0] == 1 ? [1, .. shape[1..]]
            // Without a batch it must have the image's proportions exactly, else [1, K] of a classifier could be a row of a map.
            : shape.Length == 2 && (long)shape[0] * columns == (long)shape[1] * rows ? [1, .. shape] : throw wrong;
        var first = Fits(sizes[1], sizes[2], rows, columns) && (isFloat || sizes[0] == 1);
        var behind = Fits(sizes[0], sizes[1], rows, columns) && (isFloat || sizes[2] == 1);
        if (first && behind)
            // Both are possible for a square image with as many classes as rows; the file's classes decide, then the usual order.
            behind = classes is { } named && sizes[2] == named && sizes[0] != named;
        else if (!first && !behind)
            throw wrong;
        var (count, height, width) = behind ? (sizes[2], sizes[0], sizes[1]) : (sizes[0], sizes[1], sizes[2]);
        if (count > 256)
            throw new ArgumentException($"{text} has {count} classes; labels are bytes, so at most 256 are supported");
        if (!isFloat && last.IsCut && asked != OneChannel.Label && Read(last.Type) is OneChannel.Probability or OneChannel.Logit)
            throw new ArgumentException($"{text} has one channel of integers that a Cast makes of numbers of {last.Type}; if they are "
                + $"labels, say it ({nameof(SegmentationOptions)}.{nameof(SegmentationOptions.OneChannel)}, or --one-channel label), else "
                + "export the network without the Cast");
        if (!isFloat)
            return new(0, height, width, behind, OneChannel.Label);
        if (count > 1)
            return new(count, height, width, behind, null) { IsAssumed = count == height && count == width && classes is null };
        var one = asked ?? Read(last.Type) ?? throw new ArgumentException(
            $"{text} has one channel made by {(last.Type.Length > 0 ? last.Type : "an unknown operator")}, which does not say whether "
            + "it is a logit, a probability or a label; say it "
            + $"({nameof(SegmentationOptions)}.{nameof(SegmentationOptions.OneChannel)}, or --one-channel)");
        return new(one == OneChannel.Label ? 0 : 2, height, width, behind, one);
    }

    /// <summary>What an operator's results are, where it tells.</summary>
    public static OneChannel? Read(string last) => last switch
    {
        "Sigmoid" or "HardSigmoid" => OneChannel.Probability,
        "ArgMax" or "ArgMin" or "Greater" or "Less" or "GreaterOrEqual" or "LessOrEqual" or "Equal" or "Not" or "And" or "Or" or "Where"
            or "Round" or "Floor" or "Ceil" or "Sign" => OneChannel.Label,
        "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "BatchNormalization" or "InstanceNormalization" => OneChannel.Logit,
        _ => null,
    };

    // Rows and columns shrink alike, up to an element of rounding each.
    static bool Fits(int height, int width, int rows, int columns) =>
        height > 0 && width > 0 && Math.Abs(((long)height * columns) - ((long)width * rows)) <= (long)rows + columns;
}

/// <summary>The pixels of an image as the caller gives them, from its first one on.</summary>
/// <param name="bytes">Values of 8 bits; empty for 16.</param>
/// <param name="words">Values of 16 bits; empty for 8.</param>
/// <param name="channels">Values of a pixel.</param>
readonly ref struct Pixels(ReadOnlySpan<byte> bytes, ReadOnlySpan<ushort> words, int channels)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public ReadOnlySpan<ushort> Words { get; } = words;

    public int Channels { get; } = channels;

    public bool HasWords => !Words.IsEmpty;

    /// <summary>The pixels from another one on.</summary>
    public Pixels From(int pixel) => HasWords
        ? new(default, Words[(pixel * Channels)..], Channels) : new(Bytes[(pixel * Channels)..], default, Channels);
}

/// <summary>The numbers that a pixel's values become.</summary>
static class PixelTable
{
    const int ColorValues = 256;

    /// <summary>For each channel and each of 256 values, the number that the network gets.</summary>
    public static float[] Of(SegmentationMetadata metadata, int channels)
    {
        var table = new float[channels * ColorValues];
        for (var c = 0; c < channels; c++)
            for (var v = 0; v < ColorValues; v++)
                table[(c * ColorValues) + v] = (float)(((v / 255.0 * metadata.Range) - At(metadata.Mean, c)) / At(metadata.Deviation, c));
        return table;
    }

    /// <summary>The number that the network gets for a value of 16 bits.</summary>
    public static float Of(SegmentationMetadata metadata, int channel, int value) =>
        (float)(((value / 65535.0 * metadata.Range) - At(metadata.Mean, channel)) / At(metadata.Deviation, channel));

    public static string Text(IReadOnlyList<float> numbers) =>
        string.Join(", ", numbers.Select(v => v.ToString("0.####", CultureInfo.InvariantCulture)));

    static float At(IReadOnlyList<float> numbers, int channel) => numbers[Math.Min(channel, numbers.Count - 1)];
}
