namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso models</c> was asked to do.</summary>
/// <param name="Names">The networks to list; all where there are none.</param>
/// <param name="Markdown">As a Markdown table.</param>
/// <param name="Draw">Folder for a drawing of each; null for none.</param>
sealed record ModelsArguments(IReadOnlyList<string> Names, bool Markdown, string? Draw);
