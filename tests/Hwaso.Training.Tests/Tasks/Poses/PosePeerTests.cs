using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Poses;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Poses;

/// <summary>
/// Every pose recipe, with data, crops, heat maps, loss and trainer, against twenty steps of plain PyTorch, NumPy and OpenCV
/// (benchmarks/peers/poses.py), made small by the settings in tests/fixtures/reference/poses.json.
/// </summary>
public sealed class PosePeerTests : TensorTest
{
    // Another order of sums moves float32 as far from float64 as PyTorch's own did, or a few times that (five with AVX-512); a kink of ReLU
    // moves a loss by millionths. A wrong step changes losses by thousandths.
    const double Times = 8, Kink = 3e-6;

    static readonly JsonObject recorded = (JsonObject)JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/poses.json")))!;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-pose-peer").FullName;

    public static TheoryData<string> Cases => [.. recorded["cases"]!.AsObject().Select(c => c.Key)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recipe_trains_as_PyTorch_does(string name)
    {
        var wanted = recorded["cases"]![name]!;
        var settings = wanted["settings"]!.AsArray().Select(s => s!.GetValue<string>())
            .Append(name.Split(' ') is [_, var asked] ? asked : "seed=304");
        WriteData();
        var weights = At("formula.safetensors");
        var file = RecipeFile.Load(
            RepositoryRoot.File("recipes", wanted["recipe"]!.GetValue<string>()), [.. settings, $"model.pretrained='{weights}'"]);
        using (var shapes = Weights.Create(initialise: false))
        {
            Zoo.Define(file.Model).Build(shapes, PoseDescription.Coco.Count);
            SafeTensors.Write(weights, shapes.State.Select(s => KeyValuePair.Create(s.Key, FormulaWeights.Fill(s.Key, s.Value.Shape))));
        }
        var tolerance = Times * wanted["float32_loss_error"]!.GetValue<double>() + Kink;
        PeerRun.Check(file, folder, new RunFolder(At("run")), wanted, tolerance);
    }

    [Fact]
    public void Every_shipped_pose_recipe_is_recorded() => Assert.All(
        Directory.GetFiles(RepositoryRoot.File("recipes"), "*.yaml").Where(f => Zoo.Define(Recipe.Load(f).Model).Task == ModelTask.Pose),
        f => Assert.True(recorded["cases"]!.AsObject().ContainsKey(Path.GetFileName(f)), $"{f}: run record_poses.py"));

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Writes the images and people of record_poses.py as COCO has them.</summary>
    void WriteData()
    {
        var (width, height) = (recorded["width"]!.GetValue<int>(), recorded["height"]!.GetValue<int>());
        var boxes = recorded["boxes"]!.AsArray().Select(b => b!.AsArray().Select(n => n!.GetValue<double>()).ToArray()).ToArray();
        foreach (var split in new[] { "train", "val" })
        {
            Directory.CreateDirectory(At($"images/{split}2017"));
            Directory.CreateDirectory(At("annotations"));
            for (var k = 0; k < 3; k++)
            {
                var image = new RgbImage(width, height);
                for (var at = 0; at < image.Pixels.Length; at++)
                {
                    var (x, y, c) = (at / 3 % width, at / 3 / width, at % 3);
                    image.Pixels[at] = (byte)(x * 5 + y * 3 + c * 40 + k * 70 + x * y / 7);
                }
                Png.Write(At($"images/{split}2017/{k}.png"), image);
            }
            var images = Enumerable.Range(0, 3).Select(k => (JsonNode)new JsonObject
            {
                ["id"] = k,
                ["file_name"] = $"{k}.png",
                ["width"] = width,
                ["height"] = height,
            });
            var people = boxes.Select((b, k) => (JsonNode)new JsonObject
            {
                ["id"] = k + 1,
                ["image_id"] = (int)b[0],
                ["category_id"] = 1,
                ["iscrowd"] = 0,
                ["area"] = b[3] * b[4],
                ["bbox"] = new JsonArray(b[1], b[2], b[3], b[4]),
                ["num_keypoints"] = Joints(b).Where((v, at) => at % 3 == 2 && v > 0).Count(),
                ["keypoints"] = new JsonArray([.. Joints(b).Select(v => (JsonNode)v)]),
            });
            File.WriteAllText(At($"annotations/person_keypoints_{split}2017.json"), new JsonObject
            {
                ["images"] = new JsonArray([.. images]),
                ["annotations"] = new JsonArray([.. people]),
                ["categories"] = new JsonArray(new JsonObject
                {
                    ["id"] = 1,
                    ["name"] = "person",
                    ["keypoints"] = new JsonArray([.. PoseDescription.Coco.Joints.Select(j => (JsonNode)j)]),
                }),
            }.ToJsonString());
        }
    }

    static double[] Joints(double[] box)
    {
        var count = PoseDescription.Coco.Count;
        return [.. Enumerable.Range(0, count).SelectMany(j => new[]
        {
            box[1] + box[3] * (j * 7 % count) / count, box[2] + box[4] * (j * 11 % count) / count, j % 5 == 0 ? 0 : 1.0,
        })];
    }

    string At(string name) => Path.Combine(folder, name);
}
