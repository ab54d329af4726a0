namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso train</c> was asked to do.</summary>
/// <param name="Recipe">The recipe file.</param>
/// <param name="Data">The data set's folder; null: the recipe's.</param>
/// <param name="Run">The run folder; null: <c>runs/</c> and the recipe's name.</param>
/// <param name="Set">Values that replace the recipe's, each <c>key=value</c>.</param>
/// <param name="Resume">Go on where the run stopped.</param>
sealed record TrainArguments(string Recipe, string? Data, string? Run, IReadOnlyList<string> Set, bool Resume);
