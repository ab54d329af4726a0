using Hwaso.Data;
using Hwaso.Metrics.Scoring;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso score</c> was asked to do.</summary>
/// <param name="Predictions">Predicted label PNGs: a folder, a file, or a pattern with one star.</param>
/// <param name="Truth">True ones, likewise, or the folder of a data set.</param>
/// <param name="Layout">The data set's layout, or <c>labels</c>.</param>
/// <param name="Classes">Number of classes of the layout <c>labels</c>.</param>
/// <param name="Ignored">The true value of the layout <c>labels</c> that does not count.</param>
/// <param name="Split">The split of a data set; null: val where the truth is a data set, else everything in it.</param>
/// <param name="Values">What the predicted values are.</param>
/// <param name="Absent">What absent classes do to means.</param>
/// <param name="Boundary">Whether boundary IoU is wanted.</param>
/// <param name="Bootstrap">Resamplings for confidence intervals; 0 for none.</param>
/// <param name="Against">Other predictions of the same truth, for the difference; null for none.</param>
/// <param name="Confusion">File for the confusion matrix; null for none.</param>
sealed record ScoreArguments(
    string Predictions,
    string Truth,
    string Layout,
    int? Classes,
    byte Ignored,
    string? Split,
    PredictedValues Values,
    AbsentClasses Absent,
    bool Boundary,
    int Bootstrap,
    string? Against,
    string? Confusion);
