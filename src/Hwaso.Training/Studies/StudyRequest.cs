using Hwaso.Metrics;
using Hwaso.Torch;

namespace Hwaso.Training.Studies;

/// <summary>What study is to be trained, on what, and where it is kept.</summary>
/// <param name="Study">The study.</param>
/// <param name="Data">The data set's folder; null takes each recipe's.</param>
/// <param name="Seeds">Runs of each variant, at least 1.</param>
/// <param name="Settings">Values <c>key=value</c> that replace those of every variant's recipe.</param>
/// <param name="Folder">Where it is kept.</param>
/// <param name="Device">What to train on.</param>
/// <param name="Threads">Threads for operators and for reading images; null for each recipe's, or as many as the machine offers.</param>
/// <param name="Teacher">How far the depth of the study's teacher is from the truth; null where it has none.</param>
public sealed record StudyRequest(Study Study, string? Data, int Seeds, IReadOnlyList<string> Settings, StudyFolder Folder, Device Device, int? Threads, DepthError? Teacher = null);
