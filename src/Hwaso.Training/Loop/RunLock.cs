using System.Security.Cryptography;
using Hwaso.Inference;

namespace Hwaso.Training.Loop;

/// <summary>
/// Keeps a run's folder to one trainer. The lock is the system's, on an open file, so it ends with its process, however that ends; the file
/// that a killed process leaves stops nobody.
/// </summary>
sealed class RunLock : IDisposable
{
    // Of .NET's errors for a file that another process holds: EAGAIN on Linux, EWOULDBLOCK on macOS, a sharing violation on Windows.
    const int Again = 11, WouldBlock = 35, Sharing = unchecked((int)0x80070020);

    const string Words = " trains here";

    // Whoever only looks whether a folder is held has the file for less than a millisecond.
    const int Tries = 6, PauseMs = 20;

    readonly string path;
    readonly FileStream held;

    RunLock(string path, FileStream held) => (this.path, this.held) = (path, held);

    /// <summary>The line of the run's log that says who holds the folder; .NET lets nobody else read the locked file itself.</summary>
    public static string Line => FormattableString.Invariant($"process {Environment.ProcessId} on {Environment.MachineName}{Words}");

    /// <summary>Takes a folder, which is made where it is not there.</summary>
    /// <exception cref="TrainingException">Another trainer has it, or nothing can be written there.</exception>
    public static RunLock Take(RunFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Root);
            while (true)
            {
                var held = Open(folder.Lock);
                // A trainer that ends deletes its file. Whoever opened that one just before holds a file that nobody sees, and tries
                // again. The time is a mark and no clock's: others can ask for it while they cannot read the file.
                File.SetLastWriteTimeUtc(held.SafeFileHandle, DateTime.UnixEpoch.AddSeconds(RandomNumberGenerator.GetInt32(int.MaxValue)));
                if (File.GetLastWriteTimeUtc(folder.Lock) == File.GetLastWriteTimeUtc(held.SafeFileHandle))
                    return new RunLock(folder.Lock, held);
                held.Dispose();
            }
        }
        catch (IOException error) when (IsTaken(error))
        {
            throw new TrainingException(
                $"{folder.Root}: {HolderOf(folder)} trains this run; wait for it or stop it, or name another folder with --run", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"{folder.Root}: no run can be kept there: {error.Message} Name a folder that can be written to with --run", error);
        }
    }

    /// <summary>Whether a trainer has a folder now.</summary>
    public static bool IsHeld(RunFolder folder)
    {
        try
        {
            using var looked = new FileStream(folder.Lock, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (IOException error) when (IsTaken(error))
        {
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    static FileStream Open(string path)
    {
        for (var tries = 1; ; tries++)
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (IsTaken(error) && tries < Tries)
            {
                Thread.Sleep(PauseMs);
            }
    }

    static bool IsTaken(IOException error) => error.HResult is Again or WouldBlock or Sharing;

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        if (held.SafeFileHandle.IsClosed)
            return;
        try
        {
            // While it is still held: nobody can have taken it.
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The folder is gone or was made read-only; a file without a lock stops nobody.
        }
        held.Dispose();
    }

    static string HolderOf(RunFolder folder)
    {
        try
        {
            // TIME  process N on HOST trains here
            var line = File.ReadLines(folder.Log).LastOrDefault(l => l.EndsWith(Words, StringComparison.Ordinal));
            return line?.Split("  ", 2) is [var time, var who] ? $"{who[..^Words.Length]} (since {time})" : "another process";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
