using Hwaso.Data.Loading;
using Hwaso.Data.Poses;
using Hwaso.Scenes;

namespace Hwaso.Data.Tests.Poses;

public sealed class PoseLoaderTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("hwaso-pose-loader").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Batches_are_the_same_on_any_number_of_threads_and_from_the_middle_of_an_epoch()
    {
        SceneSet.Write(root, SceneLayout.Coco, 4, 192, 128, seed: 3, val: 1);
        var data = PoseLayouts.Open(PoseLayouts.Coco, root, "train");
        PoseLoader Loader(int threads) => new(
            data, new PoseSampling { Width = 32, Height = 64, Sigma = 1 },
            new LoaderOptions { BatchSize = 2, Seed = 9, Threads = threads, CacheBytes = threads == 2 ? 1 << 20 : 0 });
        var (one, two) = (Read(Loader(1), 1, 0), Read(Loader(2), 1, 0));

        Assert.True(one.Count >= 2, $"{one.Count} batches");
        Assert.Equal(one, two);
        Assert.Equal(one.Skip(1), Read(Loader(2), 1, 1));
        Assert.NotEqual(one, Read(Loader(1), 2, 0));
    }

    [Fact]
    public void A_missing_image_is_named()
    {
        SceneSet.Write(root, SceneLayout.Coco, 4, 192, 128, seed: 3, val: 1);
        var data = PoseLayouts.Open(PoseLayouts.Coco, root, "train");
        var gone = data.People[0].ImagePath;
        File.Delete(gone);
        var sampling = new PoseSampling { Width = 32, Height = 64 };
        var loader = new PoseLoader(data, sampling, new LoaderOptions { BatchSize = 1, Shuffle = false });

        var error = Assert.Throws<DatasetException>(() => loader.Epoch(0).First());

        Assert.Equal(gone, error.Path);
    }

    static List<string> Read(PoseLoader loader, int epoch, int first)
    {
        var batches = new List<string>();
        foreach (var batch in loader.Epoch(epoch, first))
            using (batch)
            {
                var hash = new HashCode();
                foreach (var values in new[] { batch.Images.ToArray(), batch.Targets.ToArray(), batch.Weights.ToArray() })
                    foreach (var value in values)
                        hash.Add(value);
                batches.Add($"{string.Join(' ', batch.Files.Select(Path.GetFileName))} {hash.ToHashCode()}");
            }
        return batches;
    }
}
