using Hwaso.Cli.Arguments;
using Hwaso.Inference;

namespace Hwaso.Cli.Verbs;

/// <summary>What <c>hwaso predict</c> was asked to do.</summary>
/// <param name="Source">A run folder, a checkpoint or an ONNX file.</param>
/// <param name="Images">Image files, in the order in which results are listed.</param>
/// <param name="Out">Folder to write to.</param>
/// <param name="Overlay">Also the image with its labels over it.</param>
/// <param name="Views">How the network is asked.</param>
/// <param name="Submission">The benchmark for whose server labels are written; null for label maps of training indices.</param>
sealed record PredictArguments(string Source, IReadOnlyList<string> Images, string Out, bool Overlay, ViewArguments Views, Submission? Submission);
