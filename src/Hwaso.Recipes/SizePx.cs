namespace Hwaso.Recipes;

/// <summary>Height and width of an image, in that order as everywhere in a recipe: <c>[512, 1024]</c>.</summary>
/// <param name="Height">Rows, in pixels, at least 1.</param>
/// <param name="Width">Columns, in pixels, at least 1.</param>
public readonly record struct SizePx(int Height, int Width)
{
    /// <summary>The size as the command writes it, height first: <c>512x1024</c>.</summary>
    public override string ToString() => $"{Height}x{Width}";
}
