using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Hwaso.Tests;

/// <summary>
/// Gives thousands of damaged files to a reader: each is read or refused with the reader's own exception, in seconds, and takes no more
/// memory than its size explains.
/// </summary>
/// <remarks>HWASO_FUZZ_FILES sets the number of files, and HWASO_FUZZ_SEED the first seed, for longer runs (<c>make fuzz</c>).</remarks>
/// <param name="files">Whole files, which damage is done to.</param>
/// <param name="words">Texts that the format gives a meaning, to be put anywhere.</param>
sealed class Fuzz(IReadOnlyList<byte[]> files, params string[] words)
{
    static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    static readonly long[] numbers =
    [
        0, 1, 2, 3, 7, 8, 255, 256, 1 << 15, (1 << 16) - 1, 1 << 16, 1 << 20, 1 << 24, int.MaxValue, 1L << 31, 1L << 32, long.MaxValue, -1,
        -2, int.MinValue, long.MinValue,
    ];

    /// <summary>Bytes that may be allocated for one byte of a file, such as 1032 where it is deflated.</summary>
    public long BytesOfByte { get; init; } = 64;

    /// <summary>Bytes that may be allocated for any file, beside its content and by the test itself.</summary>
    public long AnyFile { get; init; } = 32 << 20;

    /// <summary>Mends what guards the content, such as check sums, in half of the files, so that damage gets past the guards.</summary>
    public Action<byte[]>? Mend { get; init; }

    /// <summary>Reads damaged files.</summary>
    /// <param name="usual">The number of files unless the environment names another.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="isRefusal">Whether an exception is the reader's own.</param>
    public void Run(int usual, Action<byte[]> read, Func<Exception, bool> isRefusal)
    {
        var (count, first) = (Asked("HWASO_FUZZ_FILES") ?? usual, Asked("HWASO_FUZZ_SEED") ?? 0);
        var (refused, failures) = (0, new List<string>());
        foreach (var whole in files)
            read(whole);
        for (var seed = first; seed < first + count && failures.Count < 10; seed++)
        {
            var file = Next(new Random(seed));
            var (began, before) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                read(file);
            }
            catch (Exception error) when (isRefusal(error))
            {
                refused++;
            }
#pragma warning disable CA1031 // Whatever it is, it is reported with the file's seed.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failures.Add($"seed {seed}: {error}"[..Math.Min(900, $"seed {seed}: {error}".Length)]);
            }
            var (allocated, time) = (GC.GetAllocatedBytesForCurrentThread() - before, Stopwatch.GetElapsedTime(began));
            if (allocated > AnyFile + BytesOfByte * file.Length)
                failures.Add($"seed {seed}: {allocated >> 20} MiB were allocated for {file.Length} bytes");
            if (time > patience)
                failures.Add($"seed {seed}: {time.TotalSeconds:0} s for {file.Length} bytes");
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(refused > count / 10, $"{refused} of {count} files were refused: the damage does not reach the reader");
    }

    /// <summary>One damaged file.</summary>
    public byte[] Next(Random random)
    {
        byte[] file = [.. files[random.Next(files.Count)]];
        for (var change = random.Next(1, 5); change > 0 && file.Length > 1; change--)
            file = Changed(file, random);
        if (Mend is not null && random.Next(2) == 0)
            Mend(file);
        return file;
    }

    byte[] Changed(byte[] file, Random random)
    {
        var at = random.Next(file.Length);
        switch (random.Next(words.Length > 0 ? 10 : 8))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                return file;
            case 1:
                file[at] = (byte)random.Next(256);
                return file;
            case 2:
                return file[..at];
            case 3:
                return [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 60))..]];
            case 4:
                return [.. file[..at], .. Enumerable.Repeat((byte)random.Next(256), random.Next(1, 200)), .. file[at..]];
            case 5:
                var other = files[random.Next(files.Count)];
                var from = random.Next(other.Length);
                return [.. file[..at], .. other[from..Math.Min(other.Length, from + random.Next(1, 200))], .. file[at..]];
            case 6 or 7:
                // A number where the format may keep a size or a place.
                Number(file, at, random);
                return file;
            case 8:
                var word = Encoding.UTF8.GetBytes(words[random.Next(words.Length)]);
                var times = random.Next(8) == 0 ? random.Next(2000) : 1;
                return [.. file[..at], .. Enumerable.Repeat(word, times).SelectMany(w => w), .. file[at..]];
            default:
                var text = Encoding.UTF8.GetBytes(numbers[random.Next(numbers.Length)].ToString(CultureInfo.InvariantCulture));
                return [.. file[..at], .. text, .. file[Math.Min(file.Length, at + random.Next(3))..]];
        }
    }

    static void Number(byte[] file, int at, Random random)
    {
        var value = numbers[random.Next(numbers.Length)];
        Span<byte> bytes = stackalloc byte[8];
        var (wide, big) = (1 << random.Next(1, 4), random.Next(2) == 0);
        if (big)
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        else
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        var number = big ? bytes[(8 - wide)..] : bytes[..wide];
        number[..Math.Min(wide, file.Length - at)].CopyTo(file.AsSpan(at));
    }

    static int? Asked(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : null;
}
