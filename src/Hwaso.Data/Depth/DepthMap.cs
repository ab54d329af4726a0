namespace Hwaso.Data.Depth;

/// <summary>One value a pixel, rows from the top: metres of depth, or pixels of disparity.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Values">height × width values; NaN where there is none.</param>
public sealed record DepthMap(int Width, int Height, float[] Values);
