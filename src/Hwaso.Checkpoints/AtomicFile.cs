namespace Hwaso.Checkpoints;

/// <summary>Writes files so that a reader sees the old content or the new, never a part.</summary>
public static class AtomicFile
{
    /// <summary>Writes under a temporary name beside the file, flushes to disk, then renames.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="length">Bytes that will be written; the space is reserved first, so that a full disk shows at once.</param>
    /// <param name="write">Writes exactly that many bytes to the stream.</param>
    /// <exception cref="IOException">The disk is full or the folder cannot be written; the previous file is untouched.</exception>
    public static void Write(string path, long length, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                PreallocationSize = length,
                BufferSize = 1 << 20,
            };
            using (var stream = new FileStream(temporary, options))
            {
                write(stream);
                if (stream.Length != length)
                    throw new IOException($"{stream.Length} bytes were written where {length} were announced");
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            // The last is .NET's answer to a file larger than the file system or the user's quota allows.
            if (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" })
            {
                throw new IOException(
                    $"{path}: could not be written ({length} bytes needed); a previous file is untouched. {e.Message}", e);
            }

            throw;
        }
    }
}
