// Example for docs/add-an-attention-module.md: one weight a pixel from a convolution over what its channels have in common, after no paper.
using Hwaso.Models.Attention;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Documentation.Tests;

/// <summary>x · sigmoid(conv(mean over channels of x)).</summary>
public sealed record PixelGate : AttentionModule
{
    static readonly Settings<AttentionModule> settings = Common.Include(m => (PixelGate)m, (_, m) => m, new Settings<PixelGate>()
        .Int("window", m => m.Window, (m, v) => m with { Window = v }, 1, "kernel of `gate`'s convolution; 7", odd: true));

    /// <summary>Side of the kernel, odd.</summary>
    public int Window { get; init; } = 7;

    /// <inheritdoc/>
    public override string Name => "gate";

    /// <inheritdoc/>
    public override Settings<AttentionModule> Settings => settings;

    /// <inheritdoc/>
    public override Net Build(Weights w, int channels) => new PixelGateNet(w, Window);
}

/// <summary>One weight a pixel.</summary>
public sealed class PixelGateNet : Net
{
    readonly Conv2d conv;

    internal PixelGateNet(Weights w, int window) : base(w) => conv = new(w / "conv", 1, 1, kernel: window, bias: true);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x * x.Mean([1], keep: true).Apply(conv).Sigmoid();          // [N, C, H, W]
}
