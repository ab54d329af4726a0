namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso compare</c> was asked to do.</summary>
/// <param name="Runs">The run folders.</param>
sealed record CompareArguments(IReadOnlyList<string> Runs);
