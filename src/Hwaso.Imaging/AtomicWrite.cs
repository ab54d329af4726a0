using System.Diagnostics;
using System.Globalization;

namespace Hwaso.Imaging;

/// <summary>Writes a file whole or not at all.</summary>
public static class AtomicWrite
{
    /// <summary>Whether a temporary file was left behind by a process that is no longer there.</summary>
    /// <param name="path">The file, named as they are here: <c>FILE.PROCESS-THREAD.tmp</c>.</param>
    public static bool IsAbandoned(string path)
    {
        var parts = Path.GetFileName(path).Split('.');
        if (parts.Length < 3 || parts[^1] != "tmp" || !int.TryParse(parts[^2].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return false;
        try
        {
            using var process = Process.GetProcessById(id);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    internal static void Bytes(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
                stream.Write(bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception second) when (second is IOException or UnauthorizedAccessException)
            {
                // The first error is the one to tell.
            }
            throw new IOException($"{path}: {bytes.Length} bytes could not be written: {error.Message}", error);
        }
    }
}
