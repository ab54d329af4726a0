using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso predict</c> was asked to do.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Images">Image files, in the order in which results are listed.</param>
/// <param name="Out">Folder to write to.</param>
/// <param name="Overlay">Also the image with its labels over it.</param>
/// <param name="Crop">Size of a sliding window; null: whole images.</param>
/// <param name="Stride">Step of the sliding window; null: two thirds of the window.</param>
sealed record PredictArguments(string Source, IReadOnlyList<string> Images, string Out, bool Overlay, SizePx? Crop, SizePx? Stride);
