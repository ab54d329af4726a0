using System.Globalization;
using Hwaso.Common;
using Hwaso.Inference;

namespace Hwaso.Training.Loop;

/// <summary>
/// The files of a run's newest validation, such as the score of each image and pictures of the worst: <c>validation/STEP/</c>. A folder is
/// complete once it has its <see cref="Index"/>, which is written last.
/// </summary>
public static class ValidationFolder
{
    /// <summary>The file that lists the others.</summary>
    public const string Index = "images.json";

    /// <summary>The folder of the newest complete validation; null where the run has none.</summary>
    /// <param name="run">The run's folder.</param>
    public static string? Newest(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Directory.Exists(run.Validation)
            ? Steps(run).OrderByDescending(s => s.Step).Select(s => s.Path).FirstOrDefault(f => File.Exists(Path.Combine(f, Index))) : null;
    }

    /// <summary>Writes the files of a validation and removes those of earlier ones.</summary>
    /// <returns>A sentence for the log where they could not be written: a training does not end for pictures.</returns>
    internal static IEnumerable<string> Keep(RunFolder run, long step, Validation validation)
    {
        if (validation.Files.Count == 0)
            return [];
        try
        {
            var folder = Path.Combine(run.Validation, step.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(folder);
            foreach (var file in validation.Files.OrderBy(f => f.Name == Index))
                AtomicFile.Write(Path.Combine(folder, file.Name), file.Bytes);
            foreach (var old in Steps(run).Where(s => s.Step != step))
                Directory.Delete(old.Path, recursive: true);
            return [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [$"the validation's pictures were not kept: {error.Message}"];
        }
    }

    static IEnumerable<(long Step, string Path)> Steps(RunFolder run) => Directory.EnumerateDirectories(run.Validation)
        .Select(f => (IsStep: long.TryParse(Path.GetFileName(f), NumberStyles.None, CultureInfo.InvariantCulture, out var s), Step: s, f))
        .Where(f => f.IsStep).Select(f => (f.Step, f.f)).ToArray();
}

/// <summary>A file that a validation leaves.</summary>
/// <param name="Name">Its name, without folders.</param>
/// <param name="Bytes">Its content.</param>
public sealed record ValidationFile(string Name, byte[] Bytes);
