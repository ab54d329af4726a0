namespace Hwaso.Data.Converting;

/// <summary>An image of trainval_merged.json.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its file's name without extension.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Phase">Its split: train, val or test.</param>
sealed record ContextImage(long Id, string Name, int Width, int Height, string Phase);
