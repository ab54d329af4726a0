using System.Diagnostics;
using System.Globalization;
using Hwaso.Data.Loading;
using Hwaso.Data.Poses;

namespace Hwaso.Bench;

/// <summary>Times the loader of people at 256×192 on one thread, every image read and decoded anew as the peer does.</summary>
static class PoseLoaderPass
{
    /// <summary>Runs for some seconds and prints crops a second.</summary>
    /// <param name="root">A data set of layout coco-keypoints.</param>
    /// <param name="seconds">How long.</param>
    public static void Run(string root, double seconds)
    {
        var data = PoseLayouts.Open(PoseLayouts.Coco, root, "train");
        var sampling = new PoseSampling { Width = 192, Height = 256, Augmentation = new PoseAugmentation { HalfBody = 0 } };
        var loader = new PoseLoader(data, sampling, new LoaderOptions { BatchSize = 8, Shuffle = false });
        var (clock, crops) = (Stopwatch.StartNew(), 0);
        for (var epoch = 0; clock.Elapsed.TotalSeconds < seconds; epoch++)
            foreach (var batch in loader.Epoch(epoch))
            {
                crops += batch.Count;
                batch.Dispose();
                if (clock.Elapsed.TotalSeconds >= seconds)
                    break;
            }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{crops / clock.Elapsed.TotalSeconds:0.0} crops a second"));
    }
}
