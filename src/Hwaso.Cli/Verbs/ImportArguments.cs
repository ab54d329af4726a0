using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso import</c> was asked to do.</summary>
/// <param name="Files">The <c>.pth</c> or <c>.safetensors</c> files, filled in one after the other.</param>
/// <param name="Model">A short name or a recipe.</param>
/// <param name="Classes">Number of classes; null where none was given.</param>
/// <param name="Out">The safetensors file to write.</param>
/// <param name="SkipMismatched">Leave out tensors whose shape differs instead of refusing.</param>
sealed record ImportArguments(ValueList<string> Files, string Model, int? Classes, string Out, bool SkipMismatched);
