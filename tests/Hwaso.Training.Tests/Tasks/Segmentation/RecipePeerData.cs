using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Tests;
using static System.FormattableString;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

/// <summary>Plain PyTorch's results for every recipe (tests/fixtures/reference/recipes.json), and their data on disk.</summary>
public sealed class RecipePeerData : IDisposable
{
    readonly int block, classes;
    readonly double scale;

    /// <summary>Writes the images, labels and depths by the formula.</summary>
    public RecipePeerData()
    {
        var recorded = JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/recipes.json")))!;
        int Number(string key) => recorded[key]!.GetValue<int>();
        (Count, block, classes, scale) = (Number("count"), Number("block"), Number("classes"), recorded["scale"]!.GetValue<double>());
        (Height, Width) = (recorded["size"]![0]!.GetValue<int>(), recorded["size"]![1]!.GetValue<int>());
        Cases = recorded["cases"]!.AsObject();
        Write();
    }

    /// <summary>What was recorded, by the name of a recipe, of a study's row or of a recipe with other settings.</summary>
    public JsonObject Cases { get; }

    /// <summary>Images of both splits.</summary>
    public int Count { get; }

    /// <summary>Their height in pixels.</summary>
    public int Height { get; }

    /// <summary>Their width in pixels.</summary>
    public int Width { get; }

    /// <summary>Their folder, in the layout <c>list</c>, <c>Depth</c> beside.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("hwaso-peer").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    void Write()
    {
        foreach (var kind in new[] { "images", "labels", "Depth" })
            Directory.CreateDirectory(At(kind));
        File.WriteAllLines(At("labels.txt"), Enumerable.Range(0, classes).Select(k => $"class{k}"));
        foreach (var split in new[] { "train", "val" })
            File.WriteAllLines(At($"{split}.txt"), Enumerable.Range(0, Count).Select(k => $"images/{k}.png labels/{k}.png"));
        var (image, label, depth, hole) = (Blocks("image", 3), Blocks("label", 1), Blocks("depth", 1), Blocks("hole", 1));
        for (var n = 0; n < Count; n++)
        {
            var (pixels, labels, values) = (new RgbImage(Width, Height), new LabelMap(Width, Height), new Gray16Image(Width, Height));
            for (var k = 0; k < Height * Width; k++)
            {
                var at = (n * (Height / block) + k / Width / block) * (Width / block) + k % Width / block;
                for (var c = 0; c < 3; c++)
                    pixels.Pixels[3 * k + c] = (byte)(image[3 * at + c] * 256);
                var own = (byte)(label[at] * (classes + 1));
                labels.Labels[k] = own == classes ? (byte)255 : own;
                values.Values[k] = hole[at] >= 0.1 ? (ushort)(depth[at] * 65536) : (ushort)0;
            }
            Png.Write(At($"images/{n}.png"), pixels);
            Png.WriteGray(At($"labels/{n}.png"), labels);
            Png.WriteGray16(At($"Depth/{n}.png"), values, new Dictionary<string, string> { [DepthPng.ScaleKey] = Invariant($"{scale}") });
        }
    }

    double[] Blocks(string key, int channels)
    {
        var values = FormulaWeights.Fill($"{key}.running_var", Count * (Height / block) * (Width / block) * channels);
        return [.. values.ToFloats().Select(v => v - 0.5)];
    }

    string At(string name) => Path.Combine(Folder, name);
}
