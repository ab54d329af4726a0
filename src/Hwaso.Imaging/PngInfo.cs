namespace Hwaso.Imaging;

/// <summary>What a PNG says of itself before its pixels.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="BitDepth">Bits of one sample: 1, 2, 4, 8 or 16.</param>
/// <param name="ColorType">How pixels are held.</param>
/// <param name="Palette">The palette of an indexed one; null otherwise.</param>
/// <param name="Text">Its text entries by keyword.</param>
public sealed record PngInfo(int Width, int Height, int BitDepth, PngColorType ColorType, Palette? Palette, IReadOnlyDictionary<string, string> Text);
