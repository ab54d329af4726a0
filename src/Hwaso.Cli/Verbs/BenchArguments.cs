using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso bench</c> was asked to do.</summary>
/// <param name="Model">An ONNX file, a short name or a recipe.</param>
/// <param name="Size">Input size.</param>
/// <param name="Classes">Number of classes; null for what the model says.</param>
/// <param name="Runs">Runs that are timed; null for as many as a few seconds take.</param>
sealed record BenchArguments(string Model, SizePx Size, int? Classes, int? Runs);
