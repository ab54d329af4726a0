using Hwaso.Data.Annotations;
using Hwaso.Data.Panoptic;
using Hwaso.Imaging;

namespace Hwaso.Data.Layouts;

/// <summary>
/// COCO's panoptic segments, or a data set of one's own in that form: <c>annotations/panoptic_val2017.json</c>, the PNGs in
/// <c>annotations/panoptic_val2017</c>, the images in <c>val2017</c> or <c>images/val2017</c>. Kirillov et al., CVPR 2019. The classes are
/// the categories in the file's order.
/// </summary>
public sealed class CocoPanopticDataset : SegmentationDataset, IPanopticTruth
{
    const string Kind = "panoptic";

    readonly PanopticFile file;
    readonly Dictionary<string, PanopticEntry> entries;
    readonly HashSet<long> categories;

    CocoPanopticDataset(string name, PanopticFile file, IReadOnlyList<Sample> samples, Dictionary<string, PanopticEntry> entries)
    {
        (Name, this.file, Samples, this.entries, Classes) = (name, file, samples, entries, ClassesOf(file));
        categories = file.Categories.Select(c => c.Id).ToHashSet();
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override ClassList Classes { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Sample> Samples { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PanopticCategory> Categories => file.Categories;

    /// <inheritdoc/>
    public override LabelTable TableOf(Sample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var order = file.Categories.Index().ToDictionary(c => c.Item.Id, c => (byte)c.Index);
        return LabelTable.FromSegments(Classes.Count, entries[sample.Id].Segments.Select(s => (s.Id, order.TryGetValue(s.CategoryId, out var k)
            ? k : throw new DatasetException(file.Path, $"segment {s.Id} of {sample.Id}: category {s.CategoryId} is not listed"))));
    }

    /// <inheritdoc/>
    public PanopticMap SegmentsOf(int index) => file.MapOf(entries[Samples[index].Id], categories);

    /// <inheritdoc/>
    public long ImageIdOf(int index) => entries[Samples[index].Id].ImageId;

    /// <summary>Whether a folder holds such files.</summary>
    internal static bool Fits(string root) => Directory.Exists(Path.Combine(root, "annotations"))
        && Directory.EnumerateFiles(Path.Combine(root, "annotations"), Kind + "_*.json").Any();

    /// <summary>The classes of a folder: those of its validation or training set.</summary>
    /// <exception cref="DatasetException">There is none, or the file names no categories.</exception>
    internal static ClassList ClassesOf(string root)
    {
        Folders.Require(root, "the data set's folder");
        var path = !Fits(root) ? null : Directory.EnumerateFiles(Path.Combine(root, "annotations"), Kind + "_*.json")
            .OrderBy(f => new FileInfo(f).Length).ThenBy(f => f, StringComparer.Ordinal).First();
        return ClassesOf(PanopticFile.Read(path ?? throw new DatasetException(
            root, $"holds no annotations/{Kind}_SPLIT.json; name the folder that holds COCO's panoptic annotations")));
    }

    /// <summary>Lists a split; images whose files are missing are reported, or an error without an action.</summary>
    internal static CocoPanopticDataset Open(string root, string split, Action<DatasetProblem>? report)
    {
        Folders.Require(root, "the data set's folder");
        var (path, folder) = CocoFolder.FilesOf(root, split, Kind);
        var file = PanopticFile.Read(path);
        var named = file.Images.ToDictionary(i => i.Id, i => i.FileName);
        var (samples, entries) = (new List<Sample>(), new Dictionary<string, PanopticEntry>());
        foreach (var entry in file.Entries)
        {
            var id = Path.GetFileNameWithoutExtension(entry.FileName);
            var image = Path.Combine(folder, named.TryGetValue(entry.ImageId, out var name) && name.Length > 0 ? name : id + ".jpg");
            var label = Path.Combine(file.Folder, entry.FileName);
            if (!entries.TryAdd(id, entry))
                throw new DatasetException(path, $"two images have segments in {entry.FileName}; each has a PNG of its own");
            if (!File.Exists(image))
                (report ?? DatasetLayout.Refuse)(new DatasetProblem(image, ProblemKind.MissingFile, $"no such file, which {path} names"));
            else if (!File.Exists(label))
                (report ?? DatasetLayout.Refuse)(new DatasetProblem(label, ProblemKind.MissingFile, $"no such file, which {path} names for {image}"));
            else
                samples.Add(new Sample(id, image, label) { WantedLabel = label });
        }
        return samples.Count > 0 ? new CocoPanopticDataset($"{Path.GetFileName(Path.GetFullPath(root))} {split}", file, samples, entries)
            : throw new DatasetException(path, $"no image of split '{split}' is there");
    }

    static ClassList ClassesOf(PanopticFile file)
    {
        if (file.Categories.Count is < 1 or > ClassList.Ignore)
            throw new DatasetException(file.Path, $"has {file.Categories.Count} categories; 1 to {ClassList.Ignore} were wanted");
        return new ClassList("panoptic", [.. file.Categories.Select((c, k) =>
        {
            var (r, g, b) = c.Colour ?? Palette.Voc[k + 1];
            return new ClassEntry(c.Name, r, g, b, HasInstances: c.IsThing) { CategoryId = c.Id };
        })]);
    }
}
