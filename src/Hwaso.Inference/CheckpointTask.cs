using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Recipes;

namespace Hwaso.Inference;

/// <summary>What a file of weights answers, from its header alone.</summary>
public static class CheckpointTask
{
    /// <summary>The task of a run folder's or a checkpoint's network; null for exported files and anything that does not say it.</summary>
    public static ModelTask? Of(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            return null;
        var folder = new RunFolder(source);
        var path = !Directory.Exists(source) ? source : File.Exists(folder.Best) ? folder.Best : folder.Last;
        if (!File.Exists(path))
            return null;
        try
        {
            // Checkpoints that say what network they are of are safetensors.
            return SafeTensors.ReadMetadata(path).TryGetValue(CheckpointMetadata.Recipe, out var yaml)
                ? Zoo.Define(RecipeFile.Read(yaml, path).Model).Task : null;
        }
        catch (Exception error)
            when (error is CheckpointException or RecipeException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            // Whoever opens it reports this.
            return null;
        }
    }
}
