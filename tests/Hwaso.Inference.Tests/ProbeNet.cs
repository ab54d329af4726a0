using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests;

/// <summary>
/// Logits at half resolution that depend on a pixel, on its neighbours to the left and right, differently, and on the mean of all that was
/// given: so mirroring, windows and scales each change the answer. <see cref="PlainSegmenter"/> has the same in plain loops.
/// </summary>
sealed class ProbeNet(Weights w, bool alignCorners) : SegmentationNet(w, ProbeNet.K, alignCorners)
{
    public const int K = 4;

    readonly Tensor taps = w.Parameter("taps", [K, 3, 1, 3], t => Tap(t));
    readonly Tensor context = w.Parameter("context", [K, 3, 1, 1], t => Context(t));

    public override IReadOnlyList<string> HeadPaths => [];

    public override void InitialiseAsPublished()
    {
    }

    public static double TapAt(int k, int c, int x) => Math.Sin(1 + 9 * k + 3 * c + x);

    public static double ContextAt(int k, int c) => 1.5 * Math.Cos(2 + 3 * k + c);

    protected override Tensor Forward(Tensor x) =>
        Aten.Conv2d(x, taps, null, [2, 2], [0, 1]) + Aten.Conv2d(x.Mean([2, 3], keep: true), context, null);

    static void Tap(Tensor t)
    {
        for (int k = 0, at = 0; k < K; k++)
            for (var c = 0; c < 3; c++)
                for (var x = 0; x < 3; x++)
                    t.Span<float>()[at++] = (float)TapAt(k, c, x);
    }

    static void Context(Tensor t)
    {
        for (int k = 0, at = 0; k < K; k++)
            for (var c = 0; c < 3; c++)
                t.Span<float>()[at++] = (float)ContextAt(k, c);
    }
}
