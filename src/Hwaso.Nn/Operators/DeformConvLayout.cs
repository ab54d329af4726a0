using System.Runtime.Intrinsics;

namespace Hwaso.Nn;

/// <summary>
/// How the processor's deformable convolution lays channels out: pixel by pixel, so that a sampled corner is a run of vectors. Every piece of
/// channels that shares both its offsets and its convolution group is padded with zeros to whole vectors, so that no loop has a remainder.
/// </summary>
sealed class DeformConvLayout<T> where T : unmanaged
{
    public DeformConvLayout(DeformConvGeometry g)
    {
        Piece = CommonDivisor(g.Channels / g.Groups, g.Channels / g.OffsetGroups);
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
        PieceColumn = Enumerable.Range(0, Pieces).Select(p => p / PiecesPerGroup * GroupColumn + p % PiecesPerGroup * PiecePadded).ToArray();
    }

    /// <summary>Numbers in one register.</summary>
    public static int Lanes => Vector256<T>.Count;

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

    static int CommonDivisor(int a, int b) => b == 0 ? a : CommonDivisor(b, a % b);

    static int Padded(int count) => (count + Lanes - 1) / Lanes * Lanes;
}
