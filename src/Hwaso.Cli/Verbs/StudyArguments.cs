namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso study</c> was asked to do.</summary>
/// <param name="Study">The study's file.</param>
/// <param name="Data">The data set's folder; null: each recipe's, or rendered scenes with <paramref name="Small"/>.</param>
/// <param name="Seeds">Runs of each variant; null: the study's.</param>
/// <param name="Small">The small form, on rendered scenes.</param>
/// <param name="Out">Folder of runs and tables; null: <c>runs/studies/</c> and the study's name.</param>
/// <param name="Set">Values that replace every recipe's, each <c>key=value</c>.</param>
sealed record StudyArguments(string Study, string? Data, int? Seeds, bool Small, string? Out, IReadOnlyList<string> Set);
