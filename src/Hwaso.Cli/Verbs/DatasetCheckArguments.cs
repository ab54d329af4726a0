namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso dataset check</c> was asked to do.</summary>
/// <param name="Folder">The data set's folder.</param>
/// <param name="Layout">Its layout.</param>
sealed record DatasetCheckArguments(string Folder, string Layout);
