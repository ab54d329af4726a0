namespace Hwaso.Common;

/// <summary>Writes files so that a reader sees the old content or the new, never a part.</summary>
static partial class AtomicFile
{
    const int MostBuffered = 1 << 20;

    // A writer pauses for seconds at most, and the clocks of machines that share a folder differ by less than an hour.
    static readonly TimeSpan abandonedAfter = TimeSpan.FromHours(1);

    /// <summary>Writes bytes under a temporary name beside the file, flushes them to disk, then renames.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="bytes">Its content.</param>
    /// <exception cref="IOException">The disk is full or the folder cannot be written; the previous file is untouched.</exception>
    public static void Write(string path, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        Write(path, bytes.Length, stream => stream.Write(bytes));
    }

    /// <summary>Writes under a temporary name beside the file, flushes to disk, then renames.</summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="length">Bytes that will be written; the space is reserved first, so that a full disk shows at once.</param>
    /// <param name="write">Writes exactly that many bytes to the stream.</param>
    /// <exception cref="IOException">The disk is full or the folder cannot be written; the previous file is untouched.</exception>
    public static void Write(string path, long length, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        // A random name: other threads, processes and machines may write the same file at the same time.
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                PreallocationSize = length,
                BufferSize = (int)Math.Clamp(length, 0, MostBuffered),
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
        catch (Exception error)
        {
            Remove(temporary);
            // The last is .NET's answer to a file larger than the file system or the user's quota allows.
            if (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" })
            {
                throw new IOException(
                    $"{path}: could not be written ({length} bytes needed); a previous file is untouched. {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>
    /// Whether a file is the leftover of a writer that was killed: one of this class's temporary names, last written an hour ago or longer.
    /// </summary>
    /// <remarks>Its age decides, because a process on another machine or in another container cannot be looked up.</remarks>
    /// <param name="path">The file, e.g. <c>best.safetensors.0f8fad5bd9cb469fa16570867728950e.tmp</c>.</param>
    public static bool IsAbandoned(string path) =>
        Path.GetFileName(path).Split('.') is [_, .., var name, "tmp"]
        && Guid.TryParseExact(name, "N", out _)
        && File.Exists(path)
        && DateTime.UtcNow - File.GetLastWriteTimeUtc(path) >= abandonedAfter;

    static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The caller reports the error before this one.
        }
    }
}
