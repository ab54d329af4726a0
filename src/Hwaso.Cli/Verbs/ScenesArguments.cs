using Hwaso.Recipes;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso scenes</c> was asked to do.</summary>
/// <param name="Folder">Folder to write to.</param>
/// <param name="Layout"><c>cityscapes</c> or <c>voc</c>.</param>
/// <param name="Count">Scenes to train on.</param>
/// <param name="Val">Scenes to validate on; null: a fifth of <see cref="Count"/>, at least 1.</param>
/// <param name="Size">Image size.</param>
/// <param name="Seed">The same seed renders the same scenes.</param>
sealed record ScenesArguments(string Folder, string Layout, int Count, int? Val, SizePx Size, int Seed);
