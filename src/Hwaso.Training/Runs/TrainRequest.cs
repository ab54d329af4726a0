using Hwaso.Inference;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Training.Runs;

/// <summary>What is to be trained, on what, and where it is kept.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Data">The data set's folder; null takes the recipe's.</param>
/// <param name="Folder">The run folder.</param>
/// <param name="Resume">Whether to go on where the folder's run stopped.</param>
/// <param name="Device">What to train on.</param>
/// <param name="Threads">Threads for operators and for reading images.</param>
public sealed record TrainRequest(RecipeFile Recipe, string? Data, RunFolder Folder, bool Resume, Device Device, int Threads);
