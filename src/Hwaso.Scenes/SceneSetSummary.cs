namespace Hwaso.Scenes;

/// <summary>What was written.</summary>
/// <param name="Train">Scenes to train on.</param>
/// <param name="Val">Scenes to validate on.</param>
/// <param name="Classes">Names of the classes that the layout has.</param>
public sealed record SceneSetSummary(int Train, int Val, IReadOnlyList<string> Classes);
