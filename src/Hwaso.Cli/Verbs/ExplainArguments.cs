namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso explain</c> was asked to do.</summary>
/// <param name="Source">A run folder or a checkpoint.</param>
/// <param name="Images">Image files.</param>
/// <param name="Out">Folder to write to.</param>
/// <param name="At">A pixel, from the left and from the top; null for none.</param>
/// <param name="Class">The name of a class; null for none.</param>
/// <param name="Modules">Every module alone too.</param>
sealed record ExplainArguments(string Source, IReadOnlyList<string> Images, string Out, (int X, int Y)? At, string? Class, bool Modules);
