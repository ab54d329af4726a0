using System.Text.Json.Nodes;
using Hwaso.Data.Annotations;
using Hwaso.Data.Poses;

namespace Hwaso.Scenes.Tests;

public sealed class ScenePeopleTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-people").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Visible_joints_lie_on_their_person()
    {
        var (seen, hidden) = (0, 0);
        for (var seed = 1; seed <= 6; seed++)
        {
            var scene = SceneRenderer.Render(192, 128, (ulong)seed, SceneCrowd.Mixed);
            foreach (var person in scene.People)
                for (var j = 0; j < PoseDescription.Coco.Count; j++)
                {
                    var (x, y, v) = (person.Joints[3 * j], person.Joints[3 * j + 1], person.Joints[3 * j + 2]);
                    Assert.InRange(x, 0, 191);
                    Assert.InRange(y, 0, 127);
                    if (v == 2)
                        Assert.Equal(
                            person.Instance, scene.InstanceIds.Values[(int)Math.Round(y) * 192 + (int)Math.Round(x)]);
                    (seen, hidden) = (seen + (v == 2 ? 1 : 0), hidden + (v == 1 ? 1 : 0));
                }
        }
        Assert.True(seen > 100, $"{seen} joints seen");
        Assert.True(hidden > 30, $"{hidden} joints hidden");
    }

    [Fact]
    public void Annotations_are_in_COCOs_form_without_faults_and_the_same_on_any_number_of_threads()
    {
        SceneSet.Write(Path.Combine(root, "one"), SceneLayout.Coco, 3, 96, 64, seed: 5, val: 1, threads: 1);
        SceneSet.Write(Path.Combine(root, "two"), SceneLayout.Coco, 3, 96, 64, seed: 5, val: 1, threads: 2);

        foreach (var file in Directory.GetFiles(Path.Combine(root, "one"), "*", SearchOption.AllDirectories))
        {
            var other = Path.Combine(root, "two", Path.GetRelativePath(Path.Combine(root, "one"), file));
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(other));
        }
        Assert.Empty(AnnotationCheck.Run(PoseLayouts.Coco, Path.Combine(root, "one"), ["train", "val"]).Problems);
        var instances = CocoFile.Read(Path.Combine(root, "one", "annotations", "instances_train2017.json"));
        Assert.Contains(instances.Annotations, a => a.CategoryId == 3);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(root, "one", "annotations", "instances_train2017.json")))!;
        foreach (var annotation in json["annotations"]!.AsArray())
        {
            var runs = annotation!["segmentation"]!["counts"]!.AsArray().Select(n => n!.GetValue<int>()).ToArray();
            Assert.Equal(96 * 64, runs.Sum());
            Assert.Equal(annotation["area"]!.GetValue<int>(), runs.Where((_, k) => k % 2 == 1).Sum());
        }
    }
}
