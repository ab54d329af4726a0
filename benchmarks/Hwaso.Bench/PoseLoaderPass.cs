using System.Text.Json.Nodes;
using Hwaso.Data.Loading;
using Hwaso.Data.Poses;

namespace Hwaso.Bench;

/// <summary>
/// People to normalised crops and heat maps on one thread, every image read and decoded anew as the peer does. What is timed is the loader
/// with its own random changes; the value comes from samples with the changes that the peer makes.
/// </summary>
sealed class PoseLoaderPass : Case
{
    const int BatchSize = 8;

    readonly PoseDataset data;
    readonly PoseSampling sampling;
    readonly PoseLoader loader;
    readonly int images;
    IEnumerator<PoseBatch>? batches;
    int epoch;

    public PoseLoaderPass(JsonObject request)
    {
        data = PoseLayouts.Open(PoseLayouts.Coco, request["root"]!.GetValue<string>(), "train");
        sampling = new PoseSampling
        {
            Height = request["crop"]![0]!.GetValue<int>(),
            Width = request["crop"]![1]!.GetValue<int>(),
            Augmentation = new PoseAugmentation { HalfBody = 0 },
        };
        loader = new PoseLoader(data, sampling, new LoaderOptions { BatchSize = BatchSize, Shuffle = false, DropLast = true });
        images = request["images"]?.GetValue<int>() ?? 24;
    }

    // A call takes whole batches.
    protected override int Pieces => (images + BatchSize - 1) / BatchSize * BatchSize;

    public override void WarmUp()
    {
        var sum = 0.0;
        for (var k = 0; k < images; k++)
            sum += MeanOf(k);
        Value = sum / images;
        Run();
    }

    public override void Run()
    {
        for (var taken = 0; taken < Pieces; taken += BatchSize)
        {
            while (batches is null || !batches.MoveNext())
            {
                batches?.Dispose();
                batches = loader.Epoch(epoch++).GetEnumerator();
            }
            batches.Current.Dispose();
        }
    }

    public override void Dispose() => batches?.Dispose();

    // The mean of a sample's values and, a hundred times as heavy, of its heat maps, which are nearly all 0.
    double MeanOf(int k)
    {
        var person = data.People[k % data.People.Count];
        var image = person.ReadImage();
        var (factor, degrees, mirrored) = ((float)(0.65 + 0.05 * Formula.Choice("pose.scale", k, 15)),
            15.0 * (Formula.Choice("pose.angle", k, 13) - 6), Formula.Choice("flip", k, 2) == 1);
        var crop = PoseDataset.CropOf(person, sampling.Aspect);
        var change = new PoseChange(
            crop with { ScaleX = crop.ScaleX * factor, ScaleY = crop.ScaleY * factor }, degrees, mirrored, Halved: false);
        var map = sampling.MapOf(change.In(image.Width), degrees);
        var pixels = new byte[sampling.Width * sampling.Height * 3];
        ImageWarp.Warp(image, map, sampling.Width, sampling.Height, pixels, mirrored);
        var joints = (double[])person.Joints.Clone();
        change.Move(joints, image.Width, data.Description.FlipPairs, map);
        var weights = new float[data.Description.Count];
        var maps = new float[weights.Length * sampling.MapWidth * sampling.MapHeight];
        new HeatMapTargets(sampling.MapWidth, sampling.MapHeight, sampling.Width, sampling.Height, sampling.Sigma, sampling.Form)
            .Draw(joints, maps, weights);
        var mean = pixels.Index().Average(p => (p.Item / 255.0 - sampling.Mean[p.Index % 3]) / sampling.Deviation[p.Index % 3]);
        return mean + 100 * maps.Average(v => (double)v);
    }
}
