using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Imaging;
using Hwaso.Imaging.Masks;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tests.Loop;

namespace Hwaso.Training.Tests.Tasks.Boxes;

/// <summary>
/// Detectors of each convention, with data, masks, choices, losses and trainer, against twenty steps of plain PyTorch
/// (benchmarks/peers/detection.py) and of torchvision's own, made small by the settings in tests/fixtures/reference/boxes.json.
/// </summary>
public sealed class BoxPeerTests : TensorTest
{
    // PyTorch's own float32 gets as far from float64 as a few millionths; a kink of ReLU or of smooth L1, which another order of sums
    // crosses, moves a loss by some more (1.2e-5 with AVX-512). A wrong choice of one box changes a loss by ten-thousandths.
    const double Tolerance = 3e-5;

    static readonly JsonObject recorded = (JsonObject)JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/boxes.json")))!;

    static readonly int width = recorded["width"]!.GetValue<int>(), height = recorded["height"]!.GetValue<int>(),
        classes = recorded["classes"]!.GetValue<int>();

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-box-peer").FullName;

    public static TheoryData<string> Cases => [.. recorded["cases"]!.AsObject().Select(c => c.Key)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Detector_trains_as_PyTorch_does(string name)
    {
        var wanted = recorded["cases"]![name]!;
        WriteData("train");
        WriteData("val");
        var weights = At("formula.safetensors");
        var file = RecipeFile.Load(
            RepositoryRoot.File("recipes", wanted["recipe"]!.GetValue<string>()),
            [.. wanted["settings"]!.AsArray().Select(s => s!.GetValue<string>()), $"model.pretrained='{weights}'"]);
        WriteWeights(weights, file, wanted["scales"]!.AsObject());
        PeerRun.Check(file, folder, new RunFolder(At("run")), wanted, Tolerance);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static void WriteWeights(string path, RecipeFile file, JsonObject scales)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        using var weights = Weights.Create(initialise: false);
        Zoo.Define(file.Model).Build(weights, classes);
        foreach (var (key, tensor) in weights.State)
        {
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            if (scales[key] is { } scale)
                Aten.Mul_(tensor, scale.GetValue<double>());
        }
        WeightFile.Save(path, weights);
    }

    /// <summary>Writes the images and objects of record_boxes.py as COCO has them: boxes with ellipses as run lengths.</summary>
    void WriteData(string split)
    {
        Directory.CreateDirectory(At($"images/{split}2017"));
        Directory.CreateDirectory(At("annotations"));
        var boxes = recorded["boxes"]!.AsArray().Select(b => b!.AsArray().Select(n => n!.GetValue<double>()).ToArray()).ToArray();
        var images = new JsonArray();
        for (var k = 0; k <= boxes.Max(b => (int)b[0]); k++)
        {
            var image = new RgbImage(width, height);
            for (var at = 0; at < image.Pixels.Length; at++)
            {
                var (x, y, c) = (at / 3 % width, at / 3 / width, at % 3);
                image.Pixels[at] = (byte)(x * 5 + y * 3 + c * 40 + k * 70 + x * y / 7);
            }
            Png.Write(At($"images/{split}2017/{k}.png"), image);
            images.Add(new JsonObject { ["id"] = k, ["file_name"] = $"{k}.png", ["width"] = width, ["height"] = height });
        }
        var objects = boxes.Select((b, k) => (JsonNode)new JsonObject
        {
            ["id"] = k + 1,
            ["image_id"] = (int)b[0],
            ["category_id"] = (int)b[1] + 1,
            ["iscrowd"] = 0,
            ["area"] = b[4] * b[5],
            ["bbox"] = new JsonArray(b[2], b[3], b[4], b[5]),
            ["segmentation"] = new JsonObject
            {
                ["size"] = new JsonArray(height, width),
                ["counts"] = RunLengthText.Write(Ellipse(b[2], b[3], b[4], b[5])),
            },
        });
        File.WriteAllText(At($"annotations/instances_{split}2017.json"), new JsonObject
        {
            ["images"] = images,
            ["annotations"] = new JsonArray([.. objects]),
            ["categories"] = new JsonArray(
                [.. Enumerable.Range(1, classes).Select(k => new JsonObject { ["id"] = k, ["name"] = $"class {k}" })]),
        }.ToJsonString());
    }

    static RunLengths Ellipse(double left, double top, double across, double down)
    {
        var bits = new byte[height * width];
        for (var at = 0; at < bits.Length; at++)
        {
            double x = (at % width + 0.5 - left - across / 2) / (across / 2), y = (at / width + 0.5 - top - down / 2) / (down / 2);
            bits[at] = x * x + y * y <= 1 ? (byte)1 : (byte)0;
        }
        return RunLengths.Of(bits, height, width);
    }

    string At(string name) => Path.Combine(folder, name);
}
