using System.Security.Cryptography;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Server.Http;

namespace Hwaso.Server.DataSets;

/// <summary>
/// The data set of <c>--data</c>: its images by split and key. Keys are looked up and never joined to a path, and a file that is a link out
/// of the folder is none of the data set.
/// </summary>
sealed class DataFolder : IDisposable
{
    static readonly string[] usual = ["train", "val", "test"];

    readonly Dictionary<(string Split, string Key), DataImage> images;

    DataFolder(string root, string layout, IReadOnlyList<DataImage> all)
    {
        (Root, Layout, All) = (Path.GetFullPath(root), layout, all);
        images = all.ToDictionary(i => (i.Split, i.Key));
        Classes = Datasets.ClassesOf(layout, root);
        Scan = new DataScan(this);
    }

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>Its layout.</summary>
    public string Layout { get; }

    /// <summary>Its classes.</summary>
    public ClassList Classes { get; }

    /// <summary>All images, split by split, in the order of the layout.</summary>
    public IReadOnlyList<DataImage> All { get; }

    /// <summary>The splits that are there.</summary>
    public IEnumerable<string> Splits => All.Select(i => i.Split).Distinct();

    /// <summary>What is in the labels, found in the background.</summary>
    public DataScan Scan { get; }

    /// <summary>Lists a data set's splits train, val and test, as far as they are there.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="layout">Its layout; null to recognise it.</param>
    /// <exception cref="DatasetException">It holds no data set.</exception>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    public static DataFolder Open(string root, string? layout)
    {
        var named = layout ?? Datasets.LayoutOf(root);
        var all = new List<DataImage>();
        DatasetException? missing = null;
        foreach (var split in usual)
            try
            {
                var set = Datasets.OpenLeniently(named, root, split, _ => { });
                var keys = new HashSet<string>(StringComparer.Ordinal);
                all.AddRange(set.Samples.Select(sample => new DataImage(split, Key(sample.Id, keys), set, sample)));
            }
            catch (DatasetException error)
            {
                missing ??= error;
            }
        return all.Count > 0 ? new DataFolder(root, named, all) : throw missing ?? new DatasetException(root, "no image in it");
    }

    /// <summary>An image.</summary>
    /// <exception cref="RequestFailure">There is none of this split and key (404).</exception>
    public DataImage Find(string split, string key) => images.TryGetValue((split, key), out var image) ? image
        : throw RequestFailure.NotFound($"no image '{RequestFailure.Shown(key)}' is in split '{RequestFailure.Shown(split)}'; "
            + $"GET /v1/data/images lists the images of {string.Join(", ", Splits)}");

    /// <summary>The bytes of a file of the data set.</summary>
    /// <exception cref="RequestFailure">It is not there, or leads out of the folder (404).</exception>
    public byte[] Read(string path)
    {
        try
        {
            if (File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target
                && !target.FullName.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw RequestFailure.NotFound($"{Relative(path)} is a link out of the data set; serve the folder that it leads to");
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequestFailure.NotFound($"{Relative(path)} is not there any more");
        }
    }

    /// <summary>A path or a message without the folder, which is the server's own business.</summary>
    public string Relative(string text) => text.Replace(Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    public void Dispose() => Scan.Dispose();

    // A name with folders would be several parts of an address.
    static string Key(string id, HashSet<string> keys)
    {
        var plain = id.Replace('/', '~').Replace('\\', '~');
        var key = plain;
        for (var k = 2; !keys.Add(key); k++)
            key = FormattableString.Invariant($"{plain}~{k}");
        return key;
    }
}

/// <summary>An image of the data set, with its label as it is now.</summary>
/// <param name="split">Its split.</param>
/// <param name="key">Its name in addresses.</param>
/// <param name="set">The split's data set.</param>
/// <param name="sample">Its files.</param>
sealed class DataImage(string split, string key, SegmentationDataset set, Sample sample)
{
    volatile Sample sample = sample;

    public string Split { get; } = split;

    public string Key { get; } = key;

    /// <summary>Its files; the label's changes when one is drawn for an image that had none.</summary>
    public Sample Sample { get => sample; set => sample = value; }

    /// <summary>Its address, without the part behind it.</summary>
    public string Address => $"/v1/data/images/{Uri.EscapeDataString(Split)}/{Uri.EscapeDataString(Key)}";

    /// <summary>Held while its label is written.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The meaning of the values of its label as it would be with other files.</summary>
    public LabelTable TableWith(Sample other) => set.TableOf(other);

    /// <summary>The meaning of its label's values.</summary>
    public LabelTable Table => set.TableOf(Sample);
}

/// <summary>Entity tags of files.</summary>
static class FileTag
{
    /// <summary>The strong tag of a content (RFC 9110 section 8.8.3).</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"";

    /// <summary>A tag of files that changes when one of them is written; cheaper than their contents.</summary>
    public static string Of(string form, params IEnumerable<string> paths) => Of(System.Text.Encoding.UTF8.GetBytes(form + string.Concat(
        paths.Select(p => new FileInfo(p) is { Exists: true } file
            ? FormattableString.Invariant($"|{file.Length}-{file.LastWriteTimeUtc.Ticks}") : "|"))));
}
