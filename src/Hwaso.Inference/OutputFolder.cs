namespace Hwaso.Inference;

/// <summary>The folder that results are written to.</summary>
public static class OutputFolder
{
    /// <summary>Makes it where it is not there.</summary>
    /// <exception cref="IOException">It cannot be made; the message says why and what to do.</exception>
    public static void Make(string path)
    {
        if (File.Exists(path))
            throw new IOException($"{path}: is a file; a folder to write to was wanted");
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: this folder cannot be made: {error.Message} Name one that you may write to", error);
        }
    }
}
