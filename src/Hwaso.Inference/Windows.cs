using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>Windows that slide over an image.</summary>
static class Windows
{
    /// <summary>Where windows begin along a side: every stride, the last one flush with the end.</summary>
    public static IEnumerable<long> Starts(long length, long window, long stride)
    {
        for (long at = 0; at + window < length; at += stride)
            yield return at;
        yield return length - window;
    }

    /// <summary>The window [N, C, height, width] of a map, sharing its memory.</summary>
    public static Tensor Of(Tensor x, long top, long left, long height, long width) => x.Narrow(2, top, height).Narrow(3, left, width);
}
