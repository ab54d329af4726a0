using Hwaso.Imaging;

namespace Hwaso.Data.Checking;

/// <summary>Opens every file of a split once, and reads no more than its header and its end where these are right.</summary>
public static class FileCheck
{
    static readonly byte[] pngEnd = [0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xae, 0x42, 0x60, 0x82];
    static readonly byte[] jpegEnd = [0xff, 0xd9];

    /// <summary>Lists the images whose files cannot be read or do not fit each other, in the split's order.</summary>
    /// <param name="data">The split.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="channels">Channels that images must have: 3 for anything that is read as colours.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static IReadOnlyList<DatasetProblem> Run(
        SegmentationDataset data, int threads = 1, int channels = 3, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var found = new DatasetProblem?[data.Samples.Count];
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop },
            k => found[k] = Look(data.Samples[k], data, channels));
        return [.. found.OfType<DatasetProblem>()];
    }

    /// <summary>Lists those of some images that cannot be read, in their order.</summary>
    /// <param name="images">The image files.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    public static IReadOnlyList<DatasetProblem> Run(IReadOnlyList<string> images, int threads = 1, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var found = new DatasetProblem?[images.Count];
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, threads), CancellationToken = stop },
            k => found[k] = Attempt(images[k], () => SizeOf(images[k], path => ImageFile.ReadRgb(path)), out _));
        return [.. found.OfType<DatasetProblem>()];
    }

    /// <summary>Refuses images of which one cannot be read; each file is looked at once.</summary>
    /// <param name="images">The image files.</param>
    /// <param name="name">The splits in words.</param>
    /// <param name="lister">The command that lists all problems.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="stop">Cancels the work with an exception.</param>
    /// <exception cref="DatasetException">An image cannot be read.</exception>
    public static void Require(
        IEnumerable<string> images, string name, string lister, int threads = 1, CancellationToken stop = default)
    {
        if (Run([.. images.Distinct()], threads, stop) is { Count: > 0 } problems)
            throw new DatasetException(problems[0].Path, problems[0].Message + (problems.Count > 1
                ? $"; {problems.Count - 1} more images of {name} cannot be used; {lister} lists them"
                : $"; {name} cannot be used with it"));
    }

    static DatasetProblem? Look(Sample sample, SegmentationDataset data, int channels)
    {
        if (sample.LabelPath is not { } label)
            return new DatasetProblem(sample.ImagePath, ProblemKind.MissingFile, $"has no label; a split of {data.Name} needs one to be "
                + "trained or scored on");
        var file = sample.ImagePath;
        if (Attempt(file, () => SizeOf(file, path => ImageFile.ReadChannels(path, channels), channels), out var image) is { } unreadable)
            return unreadable;
        // A MATLAB file has no header of its own for the matrix.
        if (label.EndsWith(".mat", StringComparison.OrdinalIgnoreCase))
            return Attempt(label, () =>
            {
                using var matrix = File.OpenRead(label);
                return matrix.Length;
            }, out _);
        if (Attempt(label, () => SizeOf(label, path => data.TableOf(sample).Read(path)), out var size) is { } problem)
            return problem;
        return image == size ? null : new DatasetProblem(label, ProblemKind.SizeMismatch, $"is {size.Width}×{size.Height}, its image "
            + $"{sample.ImagePath} is {image.Width}×{image.Height}; they must be of one size");
    }

    // A file that does not end as its kind should is read whole: it is cut short, or something harmless follows its end.
    static (int Width, int Height) SizeOf(string path, Action<string> read, int channels = 3)
    {
        var size = ImageFile.Size(path);
        ImageFile.CheckChannels(path, channels);
        using (var stream = File.OpenRead(path))
            if (EndsWith(stream, pngEnd) || EndsWith(stream, jpegEnd))
                return size;
        read(path);
        return size;
    }

    static bool EndsWith(FileStream stream, byte[] end)
    {
        if (stream.Length < end.Length)
            return false;
        var last = new byte[end.Length];
        stream.Seek(-end.Length, SeekOrigin.End);
        stream.ReadExactly(last);
        return last.AsSpan().SequenceEqual(end);
    }

    static DatasetProblem? Attempt<T>(string path, Func<T> look, out T? value)
    {
        value = default;
        try
        {
            value = look();
            return null;
        }
        catch (DatasetException error)
        {
            return new DatasetProblem(error.Path, ProblemKind.BrokenFile, error.Problem);
        }
        catch (ImageFormatException error)
        {
            return new DatasetProblem(error.Path, ProblemKind.BrokenFile, error.Message[(error.Path.Length + 2)..]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return File.Exists(path) ? new DatasetProblem(path, ProblemKind.BrokenFile, error.Message)
                : new DatasetProblem(path, ProblemKind.MissingFile, "no such file");
        }
    }
}
