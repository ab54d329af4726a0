using Hwaso.Training.Metrics;
using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso evaluate</c> was asked to do.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Data">The data set's folder.</param>
/// <param name="Layout">Its layout; null: by what is in the folder.</param>
/// <param name="Split">The split, e.g. <c>val</c>.</param>
/// <param name="Scales">Scales whose predictions are averaged.</param>
/// <param name="Flip">Average with the mirrored image.</param>
/// <param name="Crop">Size of a sliding window; null: whole images.</param>
/// <param name="Stride">Step of the sliding window; null: two thirds of the window.</param>
/// <param name="Absent">What absent classes do to means.</param>
/// <param name="Boundary">Whether boundary IoU is wanted.</param>
/// <param name="Bootstrap">Resamplings for confidence intervals; 0 for none.</param>
sealed record EvaluateArguments(
    string Source,
    string Data,
    string? Layout,
    string Split,
    IReadOnlyList<double> Scales,
    bool Flip,
    SizePx? Crop,
    SizePx? Stride,
    AbsentClasses Absent,
    bool Boundary,
    int Bootstrap);
