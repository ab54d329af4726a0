using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>A head that turns what a vision transformer's blocks say into depth in metres.</summary>
public abstract record DepthHead : IVariant<DepthHead>
{
    /// <summary>The settings that every head has: its range of depths.</summary>
    protected static Settings<DepthHead> Common { get; } = new Settings<DepthHead>()
        .Number("min_depth", h => h.MinDepth, (h, v) => h with { MinDepth = v }, 0, "smallest depth in metres; 0.001")
        .Number("max_depth", h => h.MaxDepth, (h, v) => h with { MaxDepth = v }, 0,
            "largest depth in metres: 10 for heads trained on NYU, 80 for those trained on KITTI", aboveMin: true);

    /// <summary>Every head of the authors.</summary>
    public static IReadOnlyList<DepthHead> All { get; } = [new LinearDepthHead(), new LinearDepthHead { Layers = 4 }, new DptDepthHead()];

    /// <summary>Its short name, as it follows <c>-depth-</c> in a model name.</summary>
    public abstract string Name { get; }

    /// <summary>Its settings, <see cref="Common"/> included.</summary>
    public abstract Settings<DepthHead> Settings { get; }

    /// <summary>The smallest depth, in metres: 0.001 in every released head.</summary>
    public double MinDepth { get; init; } = 0.001;

    /// <summary>The largest depth, in metres: 10 for heads trained on NYU (rooms), 80 for those trained on KITTI (roads).</summary>
    public double MaxDepth { get; init; } = 10;

    /// <summary>The blocks it looks at.</summary>
    /// <exception cref="ArgumentException">The transformer has too few.</exception>
    public abstract IReadOnlyList<int> Taps(DinoConfig config);

    /// <summary>Builds it: maps and class tokens of those blocks, before the final norm, to depth [N, 1, h, w].</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit; the message says which and what would.</exception>
    public abstract Net<PatchFeatureList, Tensor> Build(Weights w, DinoConfig config);

    /// <summary>Checks the range of depths.</summary>
    /// <exception cref="SettingException">It is empty, or begins below 0.</exception>
    public void CheckRange() => CheckRange("depth_head");

    /// <inheritdoc cref="CheckRange()"/>
    protected void CheckRange(Weights w)
    {
        ArgumentNullException.ThrowIfNull(w);
        CheckRange(w.Path);
    }

    void CheckRange(string place)
    {
        if (!(MinDepth >= 0 && MaxDepth > MinDepth && double.IsFinite(MaxDepth)))
            throw new SettingException("max_depth",
                $"{place}: depths from {MinDepth} to {MaxDepth} m; "
                + "0 ≤ smallest < largest was wanted (0.001 to 10 for NYU, to 80 for KITTI)");
    }
}
