using Hwaso.Training.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso export</c> was asked to do.</summary>
/// <param name="Source">A run folder or a checkpoint.</param>
/// <param name="Out">The file to write.</param>
/// <param name="Size">Size of the images; null: free.</param>
sealed record ExportArguments(string Source, string Out, SizePx? Size);
