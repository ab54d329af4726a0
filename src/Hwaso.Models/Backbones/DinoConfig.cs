namespace Hwaso.Models.Backbones;

/// <summary>What distinguishes one DINOv2 vision transformer from another; the named sizes are the authors'.</summary>
public sealed record DinoConfig
{
    /// <summary>D, the width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads, each of Width / Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchPx { get; init; } = 14;

    /// <summary>Side of the square images that the position embedding is for, in pixels: 518 gives a grid of 37×37.</summary>
    public int ImagePx { get; init; } = 518;

    /// <summary>Width of the token-wise networks, in multiples of Width.</summary>
    public int MlpRatio { get; init; } = 4;

    /// <summary>Tokens without a place, between the class token and the patches; 4 in the models with registers, else 0.</summary>
    public int Registers { get; init; }

    /// <summary>First value of LayerScale's factors.</summary>
    public double InitialScale { get; init; } = 1;

    /// <summary>Added to the grid's sides in the scale of the position embedding's interpolation: 0.1, or 0 in the models with registers.</summary>
    public double InterpolateOffset { get; init; } = 0.1;

    /// <summary>Whether that interpolation is antialiased: only in the models with registers.</summary>
    public bool InterpolateAntialias { get; init; }

    /// <summary>The four blocks that dense heads look at; null for the ends of four equal parts.</summary>
    public IReadOnlyList<int>? Taps { get; init; }

    /// <summary>22 M parameters.</summary>
    public static DinoConfig ViTS14 => new() { Width = 384, Depth = 12, Heads = 6 };

    /// <summary>87 M parameters.</summary>
    public static DinoConfig ViTB14 => new() { Width = 768, Depth = 12, Heads = 12 };

    /// <summary>304 M parameters. Its taps are the authors', one short of the ends of four equal parts but for the last.</summary>
    public static DinoConfig ViTL14 => new() { Width = 1024, Depth = 24, Heads = 16, Taps = [4, 11, 17, 23] };

    /// <summary>The same with four registers, as Darcet et al. trained them.</summary>
    public DinoConfig WithRegisters() => this with { Registers = 4, InterpolateOffset = 0, InterpolateAntialias = true };

    /// <summary>Side of the position embedding's grid.</summary>
    public int Grid => ImagePx / PatchPx;

    /// <summary>The four taps, given or worked out.</summary>
    /// <exception cref="ArgumentException">There are fewer than four blocks.</exception>
    public IReadOnlyList<int> FourTaps => Taps ?? (Depth >= 4
        ? [.. Enumerable.Range(1, 4).Select(quarter => Depth * quarter / 4 - 1)]
        : throw new ArgumentException($"vision transformer: {Depth} blocks; a head over four wants at least 4"));

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="ArgumentException">A count out of range, heads that do not divide the width, or a tap that is no block; the message says which and what would fit.</exception>
    public void Check()
    {
        foreach (var (name, value, least) in new[] { ("width", Width, 1), ("depth", Depth, 1), ("heads", Heads, 1), ("patch", PatchPx, 1), ("mlp ratio", MlpRatio, 1), ("registers", Registers, 0) })
            if (value < least)
                throw new ArgumentException($"vision transformer: {name} {value}; at least {least} was wanted");
        if (Width % Heads != 0)
            throw new ArgumentException($"vision transformer: {Heads} heads do not divide a width of {Width}; {Divisor(Width, Heads)} would");
        if (ImagePx < PatchPx)
            throw new ArgumentException($"vision transformer: position embedding for images of {ImagePx} pixels; at least one patch of {PatchPx} was wanted");
        if (InterpolateOffset is not (>= 0 and < 1))
            throw new ArgumentException($"vision transformer: interpolation offset {InterpolateOffset}; 0 up to below 1 was wanted (0.1 or 0 in the authors' models)");
        if (Taps is { } taps && (taps.Count != 4 || taps[0] < 0 || taps[3] >= Depth || taps.Zip(taps.Skip(1)).Any(p => p.First >= p.Second)))
            throw new ArgumentException($"vision transformer: taps {string.Join(", ", taps)}; four rising numbers from 0 to {Depth - 1} were wanted");
    }

    static int Divisor(int width, int heads) => Enumerable.Range(1, width).Where(h => width % h == 0).MinBy(h => Math.Abs(h - heads));
}
