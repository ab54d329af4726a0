namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso dataset check</c> was asked to do.</summary>
/// <param name="Folder">The data set's folder.</param>
/// <param name="Layout">Its layout.</param>
/// <param name="Splits">The splits to check.</param>
/// <param name="Page">File for the HTML page; null for none.</param>
sealed record DatasetCheckArguments(string Folder, string Layout, IReadOnlyList<string> Splits, string? Page);
