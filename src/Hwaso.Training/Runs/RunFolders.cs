using Hwaso.Inference;

namespace Hwaso.Training.Runs;

/// <summary>Prepares run folders for writing.</summary>
static class RunFolders
{
    /// <summary>Makes the folders and deletes files that a killed process left half written in them.</summary>
    /// <exception cref="TrainingException">They cannot be made or written to.</exception>
    public static void Make(this RunFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Checkpoints);
            foreach (var leftover in Directory.EnumerateFiles(folder.Checkpoints, "*.safetensors.*.tmp"))
                File.Delete(leftover);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"{folder.Root}: no run can be kept there: {error.Message} Name a folder that can be written to with --run", error);
        }
    }
}
