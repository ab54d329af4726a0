using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Scenes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Training.Tasks.Segmentation;

namespace Hwaso.Training.Tests.Tasks.Segmentation;

public sealed class BatchTensorsTests : TensorTest
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-batch").FullName;

    [Fact]
    public void A_batch_becomes_tensors_that_outlive_its_buffers()
    {
        SceneSet.Write(folder, SceneLayout.Cityscapes, count: 2, width: 64, height: 32, seed: 1, val: 0);
        using var scope = new Scope();
        var data = Datasets.Open("cityscapes", folder, "train");
        var loader = new Loader(data, new Augmentation { CropHeight = 32, CropWidth = 32 }, new LoaderOptions { BatchSize = 2 });
        var batch = loader.Epoch(0).First();
        var (pixels, indices) = (batch.Images.ToArray(), batch.Labels.ToArray());
        var (images, labels) = batch.ToTensors();
        batch.Dispose();
        Assert.Equal([2, 3, batch.Height, batch.Width], images.Shape);
        Assert.Equal([2, batch.Height, batch.Width], labels.Shape);
        Assert.Equal(pixels, images.ToArray<float>());
        Assert.Equal(indices.Select(k => (long)k), labels.ToArray<long>());
    }

    public override void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        base.Dispose();
    }
}
