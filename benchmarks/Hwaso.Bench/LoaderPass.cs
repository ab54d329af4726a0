using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;

namespace Hwaso.Bench;

/// <summary>Files to normalised crops on one thread, with the choices that the other side makes.</summary>
sealed class LoaderPass : Case
{
    readonly SegmentationDataset data;
    readonly Augmentation augmentation;
    readonly CropSampler sampler;
    readonly float[] image;
    readonly byte[] labels;
    readonly long[] targets;
    readonly int images;
    double sum;

    public LoaderPass(JsonObject request)
    {
        data = Datasets.Open(request["layout"]!.GetValue<string>(), request["root"]!.GetValue<string>(), "train");
        var (height, width) = (request["crop"]![0]!.GetValue<int>(), request["crop"]![1]!.GetValue<int>());
        augmentation = new Augmentation { CropHeight = height, CropWidth = width, BaseSize = request["base"]!.GetValue<int>() };
        sampler = new CropSampler(augmentation);
        (image, labels, targets) = (new float[3 * height * width], new byte[height * width], new long[height * width]);
        images = request["images"]?.GetValue<int>() ?? 24;
    }

    protected override int Pieces => images;

    public override void WarmUp()
    {
        for (var k = 0; k < images; k++)
        {
            One(k);
            sum += image.Sum(v => (double)v) / image.Length;
        }
        Value = sum / images;
    }

    public override void Run()
    {
        for (var k = 0; k < images; k++)
            One(k);
    }

    public override void Dispose()
    {
    }

    void One(int k)
    {
        var item = data.Read(k % data.Samples.Count);
        int w = item.Image.Width, h = item.Image.Height;
        var longSide = (int)(augmentation.BaseSize!.Value * (0.5 + Formula.Choice("scale", k, 17) / 10.0) + 0.5);
        var (scaledWidth, scaledHeight) = w > h
            ? (longSide, (int)((double)h * longSide / w + 0.5))
            : ((int)((double)w * longSide / h + 0.5), longSide);
        var y = Formula.Choice("crop_y", k, Math.Max(0, scaledHeight - augmentation.CropHeight) + 1);
        var x = Formula.Choice("crop_x", k, Math.Max(0, scaledWidth - augmentation.CropWidth) + 1);
        var choices = new KeyedRandom(0, 0, k);
        sampler.Fill(item, new CropPlan(scaledWidth, scaledHeight, x, y, Formula.Choice("flip", k, 2) == 1), ref choices, image, labels);
        // The other side hands out 64-bit labels.
        for (var p = 0; p < labels.Length; p++)
            targets[p] = labels[p];
    }
}
