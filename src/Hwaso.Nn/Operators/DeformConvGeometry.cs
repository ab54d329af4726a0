using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The sizes of one deformable convolution, checked against each other.</summary>
sealed record DeformConvGeometry
{
    public required int Images { get; init; }

    public required int Channels { get; init; }

    public required int Height { get; init; }

    public required int Width { get; init; }

    public required int OutChannels { get; init; }

    public required int OutHeight { get; init; }

    public required int OutWidth { get; init; }

    public required int KernelHeight { get; init; }

    public required int KernelWidth { get; init; }

    public required (int Y, int X) Stride { get; init; }

    public required (int Y, int X) Padding { get; init; }

    public required (int Y, int X) Dilation { get; init; }

    public required int Groups { get; init; }

    public required int OffsetGroups { get; init; }

    public int Taps => KernelHeight * KernelWidth;

    public int InPixels => Height * Width;

    public int OutPixels => OutHeight * OutWidth;

    /// <summary>Channels in a row that share both their offsets and their convolution group.</summary>
    public int SharedChannels => CommonDivisor(Channels / Groups, Channels / OffsetGroups);

    /// <summary>The geometry of a call; groups follow from the shapes, as torchvision has it.</summary>
    /// <exception cref="ArgumentException">Shapes, types or devices do not fit; the message names them and what was wanted.</exception>
    public static DeformConvGeometry Of(Tensor input, Tensor offset, Tensor weight, Tensor? bias, Tensor? mask, long[] stride,
        long[] padding, long[] dilation)
    {
        var (x, w, o) =
            (Sizes(input, "input", "[N, C, H, W]"), Sizes(weight, "weight", "[Cout, C/groups, kh, kw]"),
            Sizes(offset, "offset", "[N, 2·groups·kh·kw, H', W']"));
        foreach (var (name, given, least) in new[] { ("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1) })
            if (given.Length != 2 || given.Any(v => v < least || v > int.MaxValue))
                throw Wrong($"{name} [{string.Join(", ", given)}]: two numbers of at least {least}, for height and width, were wanted");
        if (w[0] < 1 || w[1] < 1 || w[2] < 1 || w[3] < 1)
            throw Wrong($"weight {weight}: at least one of everything was wanted");
        if (x[1] < 1 || x[1] % w[1] != 0)
            throw Wrong(
                $"input {input} with weight {weight}: {x[1]} channels are not a multiple of the {w[1]} "
                    + "that the weight takes in each group");
        var groups = x[1] / w[1];
        if (w[0] % groups != 0)
            throw Wrong(
                $"weight {weight}: {w[0]} output channels are not a multiple of the {groups} groups that {x[1]} input channels make");
        var taps = w[2] * w[3];
        var offsetGroups = o[1] / (2 * taps);
        if (o[1] == 0 || o[1] % (2 * taps) != 0 || x[1] % offsetGroups != 0)
            throw Wrong(
                $"offset {offset}: {o[1]} channels; {2 * taps} (a dy and a dx for each of {w[2]}×{w[3]} points) times a number of groups "
                + $"that divides {x[1]} channels was wanted");
        long Out(int d) => (x[2 + d] + 2 * padding[d] - dilation[d] * (w[2 + d] - 1) - 1) / stride[d] + 1;
        if (x[2] < 1 || x[3] < 1 || x[2] + 2 * padding[0] <= dilation[0] * (w[2] - 1) || x[3] + 2 * padding[1] <= dilation[1] * (w[3] - 1))
            throw Wrong(
                $"input {input}: {x[2]}×{x[3]} with padding {padding[0]}×{padding[1]} is smaller than a {w[2]}×{w[3]} kernel "
                + $"of dilation {dilation[0]}×{dilation[1]}; pad it");
        var (height, width) = (Out(0), Out(1));
        Expect(offset, "offset", [x[0], o[1], height, width]);
        if (mask is not null)
            Expect(mask, "mask", [x[0], o[1] / 2, height, width]);
        if (bias is not null)
            Expect(bias, "bias", [w[0]]);
        foreach (var (name, tensor) in new[] { ("offset", offset), ("weight", weight), ("bias", bias), ("mask", mask) })
            if (tensor is not null && (tensor.Type != input.Type || tensor.Device != input.Device))
                throw Wrong($"{name} {tensor} beside input {input}: the same element type and device were wanted");
        if (x[2] * x[3] >= int.MaxValue || height * width >= int.MaxValue)
            throw Wrong($"input {input}: an image of {int.MaxValue} or more pixels");
        return new DeformConvGeometry
        {
            Images = (int)x[0],
            Channels = (int)x[1],
            Height = (int)x[2],
            Width = (int)x[3],
            OutChannels = (int)w[0],
            OutHeight = (int)height,
            OutWidth = (int)width,
            KernelHeight = (int)w[2],
            KernelWidth = (int)w[3],
            Stride = ((int)stride[0], (int)stride[1]),
            Padding = ((int)padding[0], (int)padding[1]),
            Dilation = ((int)dilation[0], (int)dilation[1]),
            Groups = (int)groups,
            OffsetGroups = (int)offsetGroups,
        };
    }

    static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);

    static long[] Sizes(Tensor tensor, string name, string wanted) => tensor.Shape is { Length: 4 } shape
        ? shape
        : throw Wrong($"{name} {tensor}: {wanted} was wanted");

    static void Expect(Tensor tensor, string name, long[] wanted)
    {
        if (!tensor.Shape.SequenceEqual(wanted))
            throw Wrong($"{name} {tensor}: [{string.Join(", ", wanted)}] was wanted");
    }

    static ArgumentException Wrong(string what) =>
        new($"{(Door.CurrentPlace.Length > 0 ? $"{Door.CurrentPlace}: " : "")}deformable convolution, {what}");
}

/// <summary>
/// How the processor's deformable convolution lays channels out: pixel by pixel, so that a sampled corner is a run of vectors. Every piece
/// of channels that shares both its offsets and its convolution group is padded with zeros to whole vectors, so that no loop has a
/// remainder.
/// </summary>
sealed class DeformConvLayout
{
    /// <summary>The layout for vectors of so many numbers.</summary>
    public DeformConvLayout(DeformConvGeometry g, int lanes)
    {
        int Padded(int count) => (count + lanes - 1) / lanes * lanes;
        Piece = g.SharedChannels;
        PiecePadded = Padded(Piece);
        Pieces = g.Channels / Piece;
        PiecesPerOffsetGroup = Pieces / g.OffsetGroups;
        PiecesPerGroup = Pieces / g.Groups;
        Channels = Pieces * PiecePadded;
        GroupChannels = PiecesPerGroup * PiecePadded;
        GroupColumn = g.Taps * GroupChannels;
        Column = g.Groups * GroupColumn;
        OutGroupChannels = Padded(g.OutChannels / g.Groups);
        OutChannels = g.Groups * OutGroupChannels;
        PieceColumn = Enumerable.Range(0, Pieces).Select(p => p / PiecesPerGroup * GroupColumn + p % PiecesPerGroup * PiecePadded)
            .ToArray();
    }

    public int Pieces { get; }

    /// <summary>Channels of one piece, without and with padding.</summary>
    public int Piece { get; }

    public int PiecePadded { get; }

    public int PiecesPerOffsetGroup { get; }

    public int PiecesPerGroup { get; }

    /// <summary>Numbers of one input pixel.</summary>
    public int Channels { get; }

    /// <summary>Those of one convolution group.</summary>
    public int GroupChannels { get; }

    /// <summary>Numbers that one output pixel sums over in one group: tap by tap, channel by channel.</summary>
    public int GroupColumn { get; }

    /// <summary>Those of all groups, one after the other.</summary>
    public int Column { get; }

    /// <summary>Numbers of one output pixel in one group.</summary>
    public int OutGroupChannels { get; }

    /// <summary>Numbers of one output pixel.</summary>
    public int OutChannels { get; }

    /// <summary>Where a piece begins in a column, at the first tap.</summary>
    public int[] PieceColumn { get; }
}
