using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso profile</c> was asked to do.</summary>
/// <param name="Model">A short name or a recipe.</param>
/// <param name="Size">Input size.</param>
/// <param name="Classes">Number of classes; null where none was given.</param>
/// <param name="Layers">A row per layer.</param>
/// <param name="Draw">SVG file to draw the network to; null for none.</param>
sealed record ProfileArguments(string Model, SizePx Size, int? Classes, bool Layers, string? Draw);
