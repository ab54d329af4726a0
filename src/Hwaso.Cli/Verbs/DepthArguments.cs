using Hwaso.Inference.Depth;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso depth</c> was asked to do.</summary>
/// <param name="Images">Image files, or one folder: of images, or a data set.</param>
/// <param name="Teacher">The network: a short name, a recipe, or the folder of a run.</param>
/// <param name="Weights">Its checkpoints, or <c>formula</c>; none of a run.</param>
/// <param name="Out">Folder to write to.</param>
/// <param name="Layout">The data set's layout; null: by what is in the folder, which need be none.</param>
/// <param name="Split">The split of a data set.</param>
/// <param name="Views">Whole or in tiles, mirrored too or not.</param>
/// <param name="Overwrite">Files by other teachers give way.</param>
sealed record DepthArguments(
    IReadOnlyList<string> Images, string Teacher, IReadOnlyList<string> Weights, string Out, string? Layout, string Split, DepthViews Views, bool Overwrite);
