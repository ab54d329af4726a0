using Hwaso.Torch;

namespace Hwaso.Models.Backbones;

/// <summary>Square windows of maps of tokens [N, H, W, D].</summary>
static class Windows
{
    const float Apart = -100;

    /// <summary>What is missing to a multiple.</summary>
    public static long Missing(long size, int multiple) => (multiple - size % multiple) % multiple;

    /// <summary>Tokens moved up and left round the edges by a number; down and right if it is negative.</summary>
    public static Tensor Roll(Tensor x, int by)
    {
        foreach (var dimension in new[] { 1, 2 })
        {
            var (size, first) = (x.Size(dimension), (by % x.Size(dimension) + x.Size(dimension)) % x.Size(dimension));
            if (first > 0)
                x = Tensor.Concat([x.Narrow(dimension, first, size - first), x.Narrow(dimension, 0, first)], dimension);
        }
        return x;
    }

    /// <summary>[N, H, W, D] to windows [N·windows, side², D].</summary>
    public static Tensor Cut(Tensor x, int side)
    {
        var (count, height, width, depth) = (x.Size(0), x.Size(1), x.Size(2), x.Size(3));
        return x.Reshape(count, height / side, side, width / side, side, depth).Permute(0, 1, 3, 2, 4, 5).Reshape(-1, side * side, depth);
    }

    /// <summary>Windows [N·windows, side², D] back to [N, H, W, D].</summary>
    public static Tensor Join(Tensor windows, long height, long width, int side)
    {
        var depth = windows.Size(2);
        return windows.Reshape(-1, height / side, width / side, side, side, depth).Permute(0, 1, 3, 2, 4, 5)
            .Reshape(-1, height, width, depth);
    }

    /// <summary>
    /// What keeps apart tokens that a shift brought into one window from different edges: [windows, side², side²], −100 where they are, 0
    /// elsewhere.
    /// </summary>
    public static Tensor Mask(long height, long width, int side, int shift)
    {
        var (down, across, tokens) = ((int)(height / side), (int)(width / side), side * side);
        // Only the last row and column of windows have tokens of several regions.
        static int Region(long at, long size, int side, int shift) => at < size - side ? 0 : at < size - shift ? 1 : 2;
        var mask = new float[down * across * tokens * tokens];
        var regions = new int[tokens];
        for (var window = 0; window < down * across; window++)
        {
            for (var t = 0; t < tokens; t++)
                regions[t] = 3 * Region(window / across * side + t / side, height, side, shift)
                    + Region(window % across * side + t % side, width, side, shift);
            for (var a = 0; a < tokens; a++)
                for (var b = 0; b < tokens; b++)
                    mask[(window * tokens + a) * tokens + b] = regions[a] == regions[b] ? 0 : Apart;
        }
        return Tensor.From<float>(mask, down * across, tokens, tokens);
    }
}
