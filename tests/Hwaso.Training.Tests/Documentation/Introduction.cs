using Hwaso.Data.Layouts;
using Hwaso.Data.Loading;
using Hwaso.Graph;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Scenes;
using Hwaso.Training.Tasks.Segmentation;

// Outside Hwaso's namespaces, as a user's program is.
namespace Documentation.Tests;

/// <summary>The program of docs/introduction.md, word for word.</summary>
static class Introduction
{
    public static void Run()
    {
        SceneSet.Write("streets", SceneLayout.Cityscapes, count: 32, width: 192, height: 96, seed: 1);
        var train = Datasets.Open("cityscapes", "streets", "train");
        var val = Datasets.Open("cityscapes", "streets", "val");

        using var weights = Weights.Create();
        var net = Zoo.FindSegmentation("hrnetv2-w18-small-v1+psa-spatial").Build(weights, train.Classes.Count);

        var loader = new Loader(train, new Augmentation { CropHeight = 96, CropWidth = 192 }, new LoaderOptions { BatchSize = 4 });
        using var loss = new CrossEntropy();
        using var optimiser = new Adam([new ParameterGroup([.. weights.Parameters])], learningRate: 1e-3);
        for (var epoch = 0; epoch < 3; epoch++)
            foreach (var batch in loader.Epoch(epoch))
                using (batch)
                    Console.WriteLine(optimiser.Minimise(() =>
                    {
                        var (images, labels) = batch.ToTensors();
                        return loss.Of(images.Apply(net), labels);
                    }));
        WeightFile.Save("streets.safetensors", weights);

        using var segmenter = Segmenter.Of(net);
        Console.WriteLine($"mIoU {Evaluator.Score(segmenter, val).Scores.Miou:P1}");
        var street = val.Read(0).Image;
        Png.Write("labels.png", Overlay.Blend(street, segmenter.Segment(street), val.Classes.Palette));

        Console.WriteLine(Cost.Of(NetworkGraph.Of(net, [1, 3, 96, 192])));
    }
}
