using Hwaso.Inference;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso export</c> was asked to do.</summary>
/// <param name="Source">A run folder or a checkpoint.</param>
/// <param name="Out">The file to write.</param>
/// <param name="Options">What it is to be like.</param>
sealed record ExportArguments(string Source, string Out, ExportOptions Options);
