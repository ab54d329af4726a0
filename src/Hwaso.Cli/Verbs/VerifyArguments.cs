namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso verify</c> was asked to do.</summary>
/// <param name="Model">A short name or a recipe.</param>
/// <param name="Weights">A checkpoint, or <c>formula</c>.</param>
/// <param name="Fixture">The safetensors file with <c>input</c> and <c>output…</c>.</param>
/// <param name="Classes">Number of classes; null: the recipe's, or as the weights have it.</param>
/// <param name="Tolerance">Largest relative error that passes.</param>
sealed record VerifyArguments(string Model, string Weights, string Fixture, int? Classes, double Tolerance);
