using Hwaso.Cli.Arguments;
using Hwaso.Data;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso evaluate</c> was asked to do.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Data">The data set's folder.</param>
/// <param name="Layout">Its layout; null: by what is in the folder.</param>
/// <param name="Split">The split, e.g. <c>val</c>.</param>
/// <param name="Views">How the network is asked.</param>
/// <param name="Absent">What absent classes do to means.</param>
/// <param name="Boundary">Whether boundary IoU is wanted.</param>
/// <param name="Bootstrap">Resamplings for confidence intervals; 0 for none.</param>
sealed record EvaluateArguments(
    string Source,
    string Data,
    string? Layout,
    string Split,
    ViewArguments Views,
    AbsentClasses Absent,
    bool Boundary,
    int Bootstrap);
