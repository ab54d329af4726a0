using Hwaso.Models.Networks;
using Hwaso.Runtime.Format;
using Hwaso.Tests;

namespace Hwaso.Bench;

/// <summary>
/// Exported detectors on ONNX Runtime and Hwaso.Runtime beside libtorch: which detections are in one of two answers alone, and how far
/// masks are apart. Prints a Markdown table.
/// </summary>
sealed class DetectorAgreement(OnnxRuntimeProcess peer)
{
    const int Height = 150, Width = 210;

    // Of a set 99 % have to be there: near-equal scores change the choice of a few. Masks are of single precision.
    const double Missing = 0.01, Masks = 1e-3;

    /// <summary>Runs each detector in its conventions, at free and at fixed sizes.</summary>
    /// <returns>How many rows there are, and how many of them agree.</returns>
    public (int All, int Good) Run(IReadOnlyList<string> names)
    {
        var (across, down) = (FormulaDetector.Scales[0], FormulaDetector.Scales[1]);
        Console.WriteLine($"""

            Detectors, on an image of {Height}x{Width}, enlarged by {across} and {down}. Of each runtime: how many detections are in its
            answer or in libtorch's alone (a box may differ by a twentieth of a pixel, a score by 1e-4), and the largest difference of a
            mask's probability.

            | network | conventions | file | libtorch finds | ONNX Runtime | Hwaso.Runtime |
            |---|---|---|--:|--:|--:|
            """);
        var (all, good) = (0, 0);
        foreach (var name in names)
            foreach (var conventions in (string?[])(Zoo.Find(name) is HRNetDetectorDefinition ? ["authors", "mmdetection"] : [null]))
            {
                var checkpoint = Path.Combine(Path.GetTempPath(), $"hwaso-agreement-{Environment.ProcessId}.safetensors");
                try
                {
                    var model = $"name: {name}" + (conventions is null ? "" : $"\nconventions: {conventions}");
                    using var detector = new FormulaDetector(checkpoint, model, Height, Width);
                    foreach (var (kind, isFixed, folds) in new[] { ("free", false, false), ("fixed, folded", true, true) })
                    {
                        all++;
                        good += Compare(detector, name, conventions ?? "torchvision", kind, detector.Export(isFixed, folds)) ? 1 : 0;
                    }
                }
                finally
                {
                    File.Delete(checkpoint);
                }
            }
        return (all, good);
    }

    bool Compare(FormulaDetector detector, string name, string conventions, string kind, byte[] file)
    {
        (float[], IReadOnlyList<long>)[] inputs = [(detector.Image.ToArray<float>(), detector.Image.Shape), (FormulaDetector.Scales, [2])];
        var theirs = Side(() => peer.Answers(file, inputs));
        var ours = Side(() => ManagedRuntime.Answers(file, inputs));
        Console.WriteLine($"| `{name}` | {conventions} | {kind} | {detector.Found.Count} | {theirs.Text} | {ours.Text} |");
        return theirs.Good && ours.Good;

        (bool Good, string Text) Side(Func<float[][]> run)
        {
            try
            {
                var (alone, masks) = detector.Compare(run());
                return (alone <= Missing * detector.Found.Count && masks <= Masks && detector.Found.Count > 0,
                    detector.HasMasks ? FormattableString.Invariant($"{alone} alone, masks {masks:0.0e+0}") : $"{alone} alone");
            }
            catch (Exception error) when (error is NotSupportedException or ModelFormatException or ArgumentException)
            {
                return (false, error.Message);
            }
        }
    }
}
