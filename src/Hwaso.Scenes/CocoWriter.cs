using System.Collections.Concurrent;
using System.Text.Json;
using Hwaso.Data.Poses;
using Hwaso.Imaging;

namespace Hwaso.Scenes;

/// <summary>
/// COCO 2017's layout: <c>images/train2017</c> and <c>images/val2017</c>, and in <c>annotations</c> the instances with run-length masks and
/// the keypoints of people.
/// </summary>
sealed class CocoWriter(string dir) : ISceneWriter
{
    const int LargestId = 1_000_000;

    readonly ConcurrentDictionary<(string Split, int Number), SceneObject[]> written = new();
    (int Width, int Height) size;

    /// <summary>The categories of scenes by COCO's numbers.</summary>
    public static IReadOnlyList<(int Id, string Name, byte Label)> Categories { get; } =
    [
        (1, "person", StreetLabels.Person), (2, "bicycle", StreetLabels.Bicycle), (3, "car", StreetLabels.Car),
        (4, "motorcycle", StreetLabels.Motorcycle), (6, "bus", StreetLabels.Bus), (7, "train", StreetLabels.Train),
        (8, "truck", StreetLabels.Truck),
    ];

    public void Begin(int train, int val)
    {
        foreach (var split in new[] { "train", "val" })
            Directory.CreateDirectory(Path.Combine(dir, "images", $"{split}2017"));
        Directory.CreateDirectory(Path.Combine(dir, "annotations"));
    }

    public void Write(string split, int number, Scene scene)
    {
        size = (scene.Image.Width, scene.Image.Height);
        Jpeg.Write(Path.Combine(dir, "images", $"{split}2017", FileName(split, number)), scene.Image);
        written[(split, number)] = Objects(scene);
    }

    public void End()
    {
        foreach (var split in new[] { "train", "val" })
        {
            var scenes = written.Where(w => w.Key.Split == split).OrderBy(w => w.Key.Number).ToArray();
            Annotations(split, "instances", scenes, _ => true);
            Annotations(split, "person_keypoints", scenes, o => o.Category == 1);
        }
    }

    // Numbers of images differ between the splits, as COCO's do.
    static int Id(string split, int number) => number + 1 + (split == "val" ? LargestId : 0);

    static string FileName(string split, int number) => $"{Id(split, number):000000000000}.jpg";

    void Annotations(
        string split, string kind, KeyValuePair<(string Split, int Number), SceneObject[]>[] scenes, Func<SceneObject, bool> wanted)
    {
        var keypoints = kind == "person_keypoints";
        using var stream = File.Create(Path.Combine(dir, "annotations", $"{kind}_{split}2017.json"));
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteStartArray("images");
        foreach (var ((_, number), _) in scenes)
        {
            json.WriteStartObject();
            json.WriteNumber("id", Id(split, number));
            json.WriteString("file_name", FileName(split, number));
            json.WriteNumber("width", size.Width);
            json.WriteNumber("height", size.Height);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("annotations");
        var id = 0;
        foreach (var ((_, number), objects) in scenes)
            foreach (var one in objects.Where(wanted))
                one.Write(json, ++id, Id(split, number), size.Height, size.Width, keypoints);
        json.WriteEndArray();
        json.WriteStartArray("categories");
        foreach (var (number, name, _) in Categories.Where(c => !keypoints || c.Id == 1))
        {
            json.WriteStartObject();
            json.WriteNumber("id", number);
            json.WriteString("name", name);
            if (keypoints)
            {
                json.WriteStartArray("keypoints");
                foreach (var joint in PoseDescription.Coco.Joints)
                    json.WriteStringValue(joint);
                json.WriteEndArray();
                json.WriteStartArray("skeleton");
                foreach (var (from, to) in PoseDescription.Coco.Skeleton)
                {
                    json.WriteStartArray();
                    json.WriteNumberValue(from + 1);
                    json.WriteNumberValue(to + 1);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static SceneObject[] Objects(Scene scene)
    {
        int width = scene.LabelIds.Width, height = scene.LabelIds.Height;
        var joints = scene.People.ToDictionary(p => p.Instance, p => p.Joints);
        var found = new SortedDictionary<ushort, (int Category, List<int> Places)>();
        // Column by column, as COCO's masks run.
        for (var x = 0; x < width; x++)
            for (var y = 0; y < height; y++)
            {
                var at = y * width + x;
                var instance = scene.InstanceIds.Values[at];
                if (instance < 1000)
                    continue;
                if (!found.TryGetValue(instance, out var one))
                {
                    var label = scene.LabelIds.Labels[at] == StreetLabels.Rider ? StreetLabels.Person : scene.LabelIds.Labels[at];
                    found[instance] = one = (Categories.FirstOrDefault(c => c.Label == label).Id, []);
                }
                one.Places.Add(x * height + y);
            }
        return [.. found.Where(f => f.Value.Category > 0)
            .Select(f => new SceneObject(f.Value.Category, [.. f.Value.Places], joints.GetValueOrDefault(f.Key)))];
    }
}

/// <summary>An object of a scene.</summary>
/// <param name="Category">COCO's number of its category.</param>
/// <param name="Places">Its pixels, column by column.</param>
/// <param name="Joints">A person's joints; null for others.</param>
sealed record SceneObject(int Category, int[] Places, double[]? Joints)
{
    /// <summary>Objects of fewer visible pixels count as crowds among the instances.</summary>
    const int Smallest = 64;

    /// <summary>Writes the annotation.</summary>
    public void Write(Utf8JsonWriter json, int id, int image, int height, int width, bool withJoints)
    {
        int left = width, top = height, right = 0, bottom = 0;
        foreach (var place in Places)
        {
            var (x, y) = (place / height, place % height);
            (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
        }
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteNumber("image_id", image);
        json.WriteNumber("category_id", Category);
        // Nobody draws a box around a dot: scores leave such objects out, found or not. Files of joints have zeros there instead.
        json.WriteNumber("iscrowd", !withJoints && Places.Length < Smallest ? 1 : 0);
        json.WriteNumber("area", Places.Length);
        Numbers(json, "bbox", [left, top, right - left + 1, bottom - top + 1]);
        json.WriteStartObject("segmentation");
        Numbers(json, "size", [height, width]);
        Numbers(json, "counts", Runs(height * width));
        json.WriteEndObject();
        if (withJoints)
        {
            var joints = Joints ?? new double[3 * Figure.Count];
            json.WriteNumber("num_keypoints", joints.Where((value, k) => k % 3 == 2 && value > 0).Count());
            Numbers(json, "keypoints", joints);
        }
        json.WriteEndObject();
    }

    // Lengths of runs outside and inside, beginning outside.
    IEnumerable<double> Runs(int pixels)
    {
        var (end, start) = (0, Places[0]);
        for (var k = 0; k < Places.Length; k++)
        {
            if (k + 1 < Places.Length && Places[k + 1] == Places[k] + 1)
                continue;
            yield return start - end;
            end = Places[k] + 1;
            yield return end - start;
            start = k + 1 < Places.Length ? Places[k + 1] : start;
        }
        if (end < pixels)
            yield return pixels - end;
    }

    static void Numbers(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
