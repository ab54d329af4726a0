using System.Security.Cryptography;
using Hwaso.Server.Http;
using Microsoft.Win32.SafeHandles;

namespace Hwaso.Server.Serving;

/// <summary>
/// The file that a loaded network was read from. It is held open, so that it is the same when the file was replaced or deleted meanwhile;
/// the export of a run is held in a temporary file.
/// </summary>
sealed class ModelFile : IDisposable
{
    readonly SafeFileHandle handle;
    readonly DateTime written;
    readonly Lazy<string> tag;

    ModelFile(SafeFileHandle handle)
    {
        this.handle = handle;
        (Length, written) = (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
        tag = new Lazy<string>(() =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 16];
            for (long at = 0; RandomAccess.Read(handle, buffer, at) is > 0 and var count; at += count)
                hash.AppendData(buffer.AsSpan(0, count));
            return $"\"{Convert.ToHexStringLower(hash.GetHashAndReset())}\"";
        });
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The entity tag of its content.</summary>
    public string Tag => tag.Value;

    /// <summary>Holds a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ModelFile Of(string path) => new(File.OpenHandle(
        path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous));

    /// <summary>Holds bytes in a temporary file.</summary>
    /// <exception cref="IOException">The temporary folder is full.</exception>
    public static ModelFile Of(ReadOnlySpan<byte> bytes)
    {
        var handle = File.OpenHandle(Path.Combine(Path.GetTempPath(), $"hwaso-{Guid.NewGuid():N}.onnx"), FileMode.CreateNew,
            FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        try
        {
            RandomAccess.Write(handle, bytes, 0);
            return new ModelFile(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Writes a part of the file.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="begin">The place of its first byte.</param>
    /// <param name="end">The place behind its last byte.</param>
    /// <param name="stop">Stops writing.</param>
    /// <exception cref="RequestFailure">It was written to since the network was loaded (503).</exception>
    public async Task CopyToAsync(Stream target, long begin, long end, CancellationToken stop)
    {
        CheckUnchanged();
        var buffer = new byte[1 << 16];
        for (var at = begin; at < end;)
        {
            var count = await RandomAccess.ReadAsync(handle, buffer, at, stop);
            if (count == 0)
                throw new IOException("the model's file became shorter while it was sent");
            await target.WriteAsync(buffer.AsMemory(0, (int)Math.Min(count, end - at)), stop);
            at += count;
        }
    }

    /// <summary>Refuses a file that was written to in its place.</summary>
    /// <exception cref="RequestFailure">503.</exception>
    public void CheckUnchanged()
    {
        if (RandomAccess.GetLength(handle) != Length || File.GetLastWriteTimeUtc(handle) != written)
            throw new RequestFailure(503, "the model's file was written to since its network was loaded; load the model again");
    }

    public void Dispose() => handle.Dispose();
}
