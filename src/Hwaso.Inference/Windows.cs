using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>Windows that slide over an image.</summary>
static class Windows
{
    /// <summary>Two thirds of a window, the step of the official HRNet code.</summary>
    public static SizePx UsualStep(SizePx window) => new(Math.Max(1, window.Height * 2 / 3), Math.Max(1, window.Width * 2 / 3));

    /// <summary>Whether windows at these steps leave no pixel out.</summary>
    public static bool Cover(SizePx window, SizePx step) =>
        step.Height >= 1 && step.Width >= 1 && step.Height <= window.Height && step.Width <= window.Width;

    /// <summary>The answers of all windows, averaged where they overlap; the whole image's where it is one window.</summary>
    /// <param name="x">The image [N, C, H, W].</param>
    /// <param name="window">A window's size; where the image is smaller, the image's.</param>
    /// <param name="step">Step from window to window.</param>
    /// <param name="channels">Channels of an answer.</param>
    /// <param name="ask">Answers a window [N, C, h, w] with a map [N, channels, h, w].</param>
    /// <param name="weigh">Weights [1, 1, h, w] of a window's pixels; null weighs all alike.</param>
    public static Tensor Average(
        Tensor x, SizePx window, SizePx step, long channels, Func<Tensor, Tensor> ask, Func<long, long, Tensor>? weigh = null)
    {
        var (height, width) = (x.Size(2), x.Size(3));
        if (window.Height >= height && window.Width >= width)
            return ask(x);
        var (windowHeight, windowWidth) = (Math.Min(window.Height, height), Math.Min(window.Width, width));
        var weight = weigh?.Invoke(windowHeight, windowWidth);
        var sum = Aten.Zeros([x.Size(0), channels, height, width], x.Type, x.Device);
        var total = Aten.Zeros([1, 1, height, width], x.Type, x.Device);
        foreach (var top in Starts(height, windowHeight, step.Height))
            foreach (var left in Starts(width, windowWidth, step.Width))
            {
                using var scope = new Scope();
                var answer = ask(Of(x, top, left, windowHeight, windowWidth).Contiguous());
                Aten.Add_(Of(sum, top, left, windowHeight, windowWidth), weight is null ? answer : answer * weight);
                var counted = Of(total, top, left, windowHeight, windowWidth);
                Aten.Copy_(counted, weight is null ? counted + 1 : counted + weight);
            }
        Aten.Call("aten::div_.Tensor", sum, total);
        return sum;
    }

    /// <summary>The window [N, C, height, width] of a map, sharing its memory.</summary>
    public static Tensor Of(Tensor x, long top, long left, long height, long width) => x.Narrow(2, top, height).Narrow(3, left, width);

    // Every step, the last one flush with the end.
    static IEnumerable<long> Starts(long length, long window, long step)
    {
        for (long at = 0; at + window < length; at += step)
            yield return at;
        yield return length - window;
    }
}
