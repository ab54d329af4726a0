using System.Text.Json;
using Hwaso.Data.Annotations;

namespace Hwaso.Data.Poses;

/// <summary>Opens data sets of people with joints.</summary>
public static class PoseLayouts
{
    /// <summary>COCO's keypoints, or a folder of one's own in their form.</summary>
    public const string Coco = "coco-keypoints";

    /// <summary>MPII Human Pose, as the authors' code prepares it.</summary>
    public const string Mpii = "mpii";

    /// <summary>The layouts' names.</summary>
    public static IReadOnlyList<string> All { get; } = [Coco, Mpii];

    /// <summary>Opens a split.</summary>
    /// <param name="layout">The layout's name.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">The split's name, such as <c>train</c>.</param>
    /// <exception cref="ArgumentException">The layout is not known.</exception>
    /// <exception cref="DatasetException">The folder holds no such split, or annotations that cannot be used.</exception>
    public static PoseDataset Open(string layout, string root, string split) => layout switch
    {
        Coco => OpenCoco(root, split),
        Mpii => OpenMpii(root, split),
        _ => throw new ArgumentException($"layout '{layout}' holds no poses; {string.Join(" or ", All)} was wanted"),
    };

    /// <summary>The annotation file and the image folder of a split in COCO's form.</summary>
    /// <exception cref="DatasetException">There is none.</exception>
    public static (string Annotations, string Images) FilesOf(string root, string split) =>
        CocoFolder.FilesOf(root, split, "person_keypoints");

    static PoseDataset OpenCoco(string root, string split)
    {
        var (path, images) = FilesOf(root, split);
        var file = CocoFile.Read(path);
        var withJoints = file.Categories.Where(c => c.Keypoints.Count > 0).ToArray();
        // Files of images alone, such as those of test sets, have categories without joints.
        var category = withJoints.FirstOrDefault(c => c.Name == "person") ?? withJoints.FirstOrDefault()
            ?? file.Categories.FirstOrDefault(c => c.Id == 1)
            ?? throw new DatasetException(path, "has no category with 'keypoints'; list the joints' names there");
        var description = category.Keypoints.Count == 0 && file.Annotations.Count == 0 ? PoseDescription.Coco
            : PoseDescription.Of(file, category);
        var byImage = file.Annotations.Where(a => a.CategoryId == category.Id && !a.IsCrowd).ToLookup(a => a.ImageId);
        var people = new List<PosePerson>();
        foreach (var image in file.Images)
            foreach (var annotation in byImage[image.Id])
                if (PersonOf(file, image, annotation, description, images) is { } person)
                    people.Add(person);
        return new PoseDataset($"{Path.GetFileName(Path.GetFullPath(root))} {split}", description, people, file.Images.Count)
        {
            Truth = file,
            Category = category.Id,
            ImageFolder = images,
        };
    }

    // Clean boxes end within the image, and are a pixel smaller than annotated ones.
    static PosePerson? PersonOf(
        CocoFile file, CocoImage image, CocoAnnotation annotation, PoseDescription description, string folder)
    {
        if (annotation.Keypoints is not { } keypoints || keypoints.All(k => k <= 0))
            return null;
        if (keypoints.Length != 3 * description.Count)
            throw new DatasetException(file.Path, $"annotation {annotation.Id}: {keypoints.Length} numbers of keypoints; "
                + $"{3 * description.Count} were wanted for {description.Count} joints");
        if (image.FileName.Length == 0)
            throw new DatasetException(file.Path, $"image {image.Id} has no 'file_name'");
        var box = annotation.Box;
        var (x1, y1) = (Math.Max(0, box.X), Math.Max(0, box.Y));
        var (x2, y2) = (x1 + Math.Max(0, box.Width - 1), y1 + Math.Max(0, box.Height - 1));
        if (image is { Width: > 0, Height: > 0 })
            (x2, y2) = (Math.Min(image.Width - 1, x2), Math.Min(image.Height - 1, y2));
        if (!((annotation.Area ?? box.Area) > 0) || x2 < x1 || y2 < y1)
            return null;
        var joints = (double[])keypoints.Clone();
        for (var k = 2; k < joints.Length; k += 3)
            joints[k] = Math.Min(joints[k], 1);
        return new PosePerson(
            image.Id, annotation.Id, Path.Combine(folder, image.FileName), new CocoBox(x1, y1, x2 - x1, y2 - y1), joints);
    }

    static PoseDataset OpenMpii(string root, string split)
    {
        // MPII's own name of the split.
        var path = Path.Combine(root, "annot", $"{(split == "val" ? "valid" : split)}.json");
        if (!File.Exists(path))
            throw new DatasetException(root, $"holds no annotations of split '{split}': {path} was wanted");
        var folder = Path.Combine(root, "images");
        var people = new List<PosePerson>();
        using var json = new JsonStream(path);
        json.Read();
        if (json.Token != JsonTokenType.StartArray)
            throw json.Error("no list; MPII's annotations as the authors' code has them were wanted");
        json.Items(k => people.Add(MpiiPerson(json, k, folder)));
        json.End();
        return new PoseDataset($"MPII {split}", PoseDescription.Mpii, people, people.DistinctBy(p => p.ImagePath).Count())
        {
            HeadTruth = split == "val" && File.Exists(Path.Combine(root, "annot", MpiiTruth.FileName)) ? MpiiTruth.Read(root) : null,
            ImageFolder = folder,
        };
    }

    static PosePerson MpiiPerson(JsonStream json, int index, string folder)
    {
        string? image = null;
        double[]? center = null;
        double? scale = null;
        var (joints, visible) = (new List<double>(), Array.Empty<double>());
        json.Members(name =>
        {
            switch (name)
            {
                case "image":
                    image = json.AsText();
                    break;
                case "center":
                    center = json.Numbers(2);
                    break;
                case "scale":
                    scale = json.AsNumber();
                    break;
                case "joints":
                    json.Items(_ => joints.AddRange(json.Numbers(2)));
                    break;
                case "joints_vis":
                    visible = json.Numbers();
                    break;
                default:
                    json.Skip();
                    break;
            }
        });
        if (image is null || center is null || scale is null)
            throw json.Error("a person without 'image', 'center' or 'scale'");
        var count = PoseDescription.Mpii.Count;
        if (joints.Count != 0 && (joints.Count != 2 * count || visible.Length != count))
            throw json.Error($"{joints.Count / 2} joints and {visible.Length} marks; {count} of each were wanted");
        var (x, y, size) = PersonCrop.OfMpii(center[0], center[1], scale.Value);
        return new PosePerson(index, index + 1, Path.Combine(folder, image), default, joints.Count == 0 ? []
            : [.. Enumerable.Range(0, count).SelectMany(j => new[] { joints[2 * j] - 1, joints[2 * j + 1] - 1, Math.Min(visible[j], 1) })])
        {
            Crop = new PersonCrop((float)x, (float)y, (float)size, (float)size),
        };
    }
}
