namespace Hwaso.Nn;

/// <summary>Which computations of a training run by Hwaso's own kernels instead of libtorch's.</summary>
public static class OwnKernels
{
    /// <summary>Whether a <see cref="OwnKernelsScope"/> lives on this thread: resizing, sums and losses ask.</summary>
    internal static bool AreOn => RemadeMaps.Current is not null;

    extension(Weights weights)
    {
        /// <summary>
        /// Lets the network's layers learn by Hwaso's own kernels where there are such: in float32 on a processor, convolutions of 3×3
        /// (stride 1 or 2), of 1×1, and of each channel by itself, where they are faster, and batch norms. All others stay libtorch's.
        /// </summary>
        public void UseOwnKernels()
        {
            foreach (var module in weights.Modules)
                module.UsesOwnKernels = true;
        }
    }
}

/// <summary>
/// While it lives, what this thread computes between layers, and losses, run by Hwaso's own kernels where there are such: in float32 on a
/// processor, where autograd follows, bilinear resizing, sums with a ReLU behind them and cross entropy. Convolutions keep nothing of a
/// batch norm's result, which the backward pass computes again.
/// </summary>
public readonly ref struct OwnKernelsScope
{
    readonly RemadeMaps? before;

    /// <summary>Begins.</summary>
    /// <param name="on">False leaves everything to libtorch.</param>
    public OwnKernelsScope(bool on) => before = RemadeMaps.Replace(on ? new RemadeMaps() : null);

    /// <summary>Restores what was before.</summary>
    public void Dispose() => RemadeMaps.Replace(before);
}
