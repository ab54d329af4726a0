using Hwaso.Recipes;

namespace Hwaso.Inference.Depth;

/// <summary>How a teacher is asked for an image's depth.</summary>
/// <param name="Tiles">Size of the tiles that an image is cut into, each asked by itself; null asks whole images.</param>
/// <param name="Stride">Step from tile to tile, 1 up to a tile; null for two thirds of it.</param>
/// <param name="Flip">Whether the mirrored image is asked too, and both answers averaged.</param>
public sealed record DepthViews(SizePx? Tiles = null, SizePx? Stride = null, bool Flip = false)
{
    /// <summary>The step, worked out; null for whole images.</summary>
    public SizePx? Step => Tiles is not { } tiles ? null : Stride ?? new SizePx(Math.Max(1, tiles.Height * 2 / 3), Math.Max(1, tiles.Width * 2 / 3));

    /// <summary>Checks that the settings fit each other.</summary>
    /// <exception cref="ArgumentException">A step without tiles, or one that skips pixels.</exception>
    public void Check()
    {
        if (Stride is { } given && Tiles is null)
            throw new ArgumentException($"stride {given} without tiles: name their size too");
        if (Tiles is { } tiles && Step is { } step && (step.Height > tiles.Height || step.Width > tiles.Width || step.Height < 1 || step.Width < 1))
            throw new ArgumentException($"stride {step} with tiles of {tiles}: it must be from 1 to the tile's size, or pixels are skipped");
    }

    /// <summary>In words, as they stand in the files that come of them.</summary>
    public override string ToString() => (Tiles is null ? "whole" : $"tiles {Tiles} every {Step}") + (Flip ? ", mirrored too" : "");
}
