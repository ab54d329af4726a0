using System.Runtime.ExceptionServices;
using Hwaso.Data;
using Hwaso.Imaging;

namespace Hwaso.Inference.Depth;

/// <summary>The depth maps of image files, each estimated once: finished files are kept, so that the work can be continued.</summary>
public sealed class DepthFiles
{
    readonly IReadOnlyList<string> images, names;
    readonly DepthTeacher teacher;
    readonly DepthStore store;
    readonly string folder;

    /// <summary>Names the files and checks that none replaces an image; nothing is written yet.</summary>
    /// <param name="images">The image files.</param>
    /// <param name="folder">The folder to write to.</param>
    /// <param name="teacher">Estimates depth.</param>
    /// <param name="overwrite">Whether files by other teachers are replaced.</param>
    /// <exception cref="ArgumentException">The same image is given twice, or a depth map would replace an image.</exception>
    public DepthFiles(IReadOnlyList<string> images, string folder, DepthTeacher teacher, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(teacher);
        (this.images, this.folder, this.teacher) = (images, folder, teacher);
        names = ImageNames.Of(images);
        store = new DepthStore(folder, teacher.Identity, overwrite);
        var inputs = images.Select(Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        if (names.Select(store.PathOf).FirstOrDefault(target => inputs.Contains(Path.GetFullPath(target))) is { } image)
            throw new ArgumentException($"{image} is one of the images and would be replaced by its depth; name another folder with --out");
    }

    /// <summary>
    /// Estimates and writes the depth maps that are missing; an image that cannot be read or estimated is left out and listed.
    /// </summary>
    /// <param name="begins">Receives the number of maps kept and of maps to make, before the first is made.</param>
    /// <param name="progress">Receives the number of images tried.</param>
    /// <param name="stop">Ends the work after the image in hand.</param>
    /// <exception cref="ArgumentException">
    /// The folder holds another teacher's depth map, or a picture, under a name that is needed.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="Torch.TorchException">There is too little memory for every image; tiles need less.</exception>
    public DepthFilesResult Write(Action<int, int>? begins = null, Action<int>? progress = null, CancellationToken stop = default)
    {
        OutputFolder.Make(folder);
        store.Sweep();
        var failures = new SortedDictionary<int, Exception>();
        var left = Enumerable.Range(0, images.Count).Where(k => IsMissing(failures, k)).ToArray();
        var kept = images.Count - left.Length - failures.Count;
        begins?.Invoke(kept, left.Length);
        var (tried, made) = (0, 0);
        foreach (var k in left.TakeWhile(_ => !stop.IsCancellationRequested))
        {
            if (Estimate(failures, k) is { } depth)
            {
                store.Write(names[k], depth);
                made++;
            }
            progress?.Invoke(++tried);
        }
        // Where no image works, for another reason than damage, the network or the machine is to blame.
        if (made + kept == 0 && failures.Values.FirstOrDefault() is not (null or ImageFormatException) and var first)
            ExceptionDispatchInfo.Throw(first);
        return new DepthFilesResult(
            [.. names.Where((_, k) => !failures.ContainsKey(k)).Select(store.PathOf)], made, kept,
            [.. failures.Select(f => ImageFailure.Of(images[f.Key], f.Value))], tried == left.Length);
    }

    bool IsMissing(SortedDictionary<int, Exception> failures, int k)
    {
        try
        {
            return !store.Has(names[k], images[k]);
        }
        catch (ImageFormatException error)
        {
            failures.Add(k, error);
            return false;
        }
    }

    // One bad image among many costs that image, not the others.
    DepthMap? Estimate(SortedDictionary<int, Exception> failures, int k)
    {
        try
        {
            return teacher.Depth(ImageFile.ReadRgb(images[k]));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            failures.Add(k, error);
            return null;
        }
    }
}

/// <summary>The result of estimating the depth of image files.</summary>
/// <param name="Files">The depth maps of all images that are not damaged, in their order.</param>
/// <param name="Made">How many of them were made now.</param>
/// <param name="Kept">How many were there.</param>
/// <param name="Failed">The images that could not be read or estimated.</param>
/// <param name="Finished">Whether the work came to its end.</param>
public sealed record DepthFilesResult(IReadOnlyList<string> Files, int Made, int Kept, IReadOnlyList<ImageFailure> Failed, bool Finished);
