using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Graph;
using Hwaso.Imaging;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Reports;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using Hwaso.Training.Loop;

namespace Hwaso.Training.Tests.Loop;

/// <summary>
/// A task that is not segmentation: the mean brightness of an image, 0 to 1. Its batches hold images of several sizes, its score is an
/// error, of which less is better, and its report has a table of images.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="stages">Its stages.</param>
sealed class BrightnessTask(TrainRequest request, params StagePlan[] stages) : ITrainingTask
{
    readonly SegmentationDataset training = Datasets.Open("cityscapes", request.Data!, "train");
    readonly SegmentationDataset validation = Datasets.Open("cityscapes", request.Data!, "val");

    public Recipe Recipe => request.Recipe.Recipe with { Data = request.Recipe.Recipe.Data with { Root = request.Data } };

    public int SampleCount => training.Samples.Count;

    public string DataText => $"{training.Samples.Count} and {validation.Samples.Count} images to guess the brightness of";

    public IReadOnlyList<StagePlan> Stages => stages.Length == 0 ? [new StagePlan()] : stages;

    public string MainScore => "error";

    public IReadOnlyDictionary<string, string> Metadata => new Dictionary<string, string> { ["hwaso.brightest"] = "1" };

    public Validation Read(JsonObject fields) => Scored(fields);

    public void Check()
    {
    }

    public IReadOnlyList<string> CheckFiles(CancellationToken stop) => [];

    public NetworkCost Cost(SizePx input)
    {
        long parameters = 0;
        var graph = NetworkGraph.Sketch(w =>
        {
            var net = new BrightnessNet(w);
            parameters = w.ParameterCount;
            return net;
        }, [1, 3, input.Height, input.Width]);
        return new NetworkCost(parameters, Graph.Cost.Of(graph).Macs);
    }

    public ILearner Build(Weights weights, bool pretrained, Action<string> says) =>
        new BrightnessLearner(new BrightnessNet(weights), training, validation, Recipe);

    /// <summary>The mean absolute error of guesses, in its forms.</summary>
    public static Validation Scored(double error, IReadOnlyList<double> guesses) => Scored(new JsonObject
    {
        ["error"] = error,
        ["guesses"] = new JsonArray([.. guesses.Select(g => (JsonNode)g)]),
    });

    static Validation Scored(JsonObject fields)
    {
        Score[] scores = [new("error", "mean error", fields["error"]!.GetValue<double>(), LowerIsBetter: true)];
        return new Validation { All = scores, Shown = scores, Fields = fields };
    }
}

/// <summary>Guesses brightness: convolution, batch norm, mean, linear.</summary>
sealed class BrightnessNet(Weights w) : Net(w)
{
    readonly Conv2d conv = new(w / "conv", 3, 8, kernel: 3, stride: 2);
    readonly BatchNorm2d bn = new(w / "bn", 8);
    readonly Linear head = new(w / "head", 8, 1);

    protected override Tensor Forward(Tensor x) => x.Apply(conv).Apply(bn).Relu().Mean([2, 3]).Apply(head); // [N, 1]
}

sealed class BrightnessLearner(BrightnessNet net, SegmentationDataset training, SegmentationDataset validation, Recipe recipe) : ILearner
{
    public string OutputText => "one brightness";

    public IReadOnlyList<string> HeadPaths => ["head"];

    public void Enter(int stage)
    {
    }

    public ILearnerStage Stage(int stage) => new BrightnessStage(net, training, recipe);

    public Validation Validate(CancellationToken stop)
    {
        net.Eval();
        using var scope = new Scope();
        using var off = new NoGrad();
        var guesses = new List<double>();
        var error = 0.0;
        for (var k = 0; k < validation.Samples.Count; k++)
        {
            stop.ThrowIfCancellationRequested();
            var image = validation.Read(k).Image;
            guesses.Add(BrightnessBatch.Tensor(image).Apply(net).Item());
            error += Math.Abs(guesses[k] - BrightnessBatch.Brightness(image)) / validation.Samples.Count;
        }
        return BrightnessTask.Scored(error, guesses);
    }

    public long CountMacs() => Cost.Of(NetworkGraph.Of(net, [1, 3, recipe.Augment.Crop.Height, recipe.Augment.Crop.Width])).Macs;

    public RunReportData Describe(RunReportData page, IReadOnlyList<LoggedValidation> validations)
    {
        static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
        static double Error(LoggedValidation v) => v.Fields["error"]!.GetValue<double>();
        var best = validations.MinBy(Error)!;
        return page with
        {
            Headline = [new ReportFigure("Mean error", Text(Error(best)), Note: $"epoch {best.Epoch}")],
            Curves = [new ReportCurve("Mean error", [.. validations.Select(v => (v.Iteration, Error(v)))])],
            Sections =
            [
                new ReportSection("Guesses")
                {
                    Pictures = [(validation.Samples[0].Id, validation.Read(0).Image)],
                    Heads = ["image", "brightness", "guess"],
                    Rows = [.. best.Fields["guesses"]!.AsArray().Select((guess, k) => Row(k, guess!.GetValue<double>()))],
                },
            ],
        };

        string[] Row(int index, double guess) =>
            [validation.Samples[index].Id, Text(BrightnessBatch.Brightness(validation.Read(index).Image)), Text(guess)];
    }
}

sealed class BrightnessStage(BrightnessNet net, SegmentationDataset data, Recipe recipe) : ILearnerStage
{
    public void Begin() => net.Train();

    public IEnumerable<ITrainingBatch> Batches(int epoch, int firstBatch)
    {
        var order = Enumerable.Range(0, data.Samples.Count).ToArray();
        new Random(recipe.Seed + epoch).Shuffle(order);
        foreach (var batch in order.Chunk(recipe.Train.Batch).Skip(firstBatch))
            yield return new BrightnessBatch(net, [.. batch.Select(index => data.Read(index))]);
    }

    public void Dispose()
    {
    }
}

/// <summary>Images of several sizes, each of which goes through the network by itself.</summary>
sealed class BrightnessBatch(BrightnessNet net, IReadOnlyList<LabelledImage> images) : ITrainingBatch
{
    public string Text => $"{images.Count} images of several sizes";

    public IEnumerable<string> Files => images.Select(i => i.Sample.ImagePath);

    public static double Brightness(RgbImage image) => image.Pixels.Average(p => p / 255.0);

    public static Tensor Tensor(RgbImage image)
    {
        var values = new float[image.Pixels.Length];
        var plane = image.Width * image.Height;
        for (var k = 0; k < values.Length; k++)
            values[k % 3 * plane + k / 3] = image.Pixels[k] / 255f;
        return Hwaso.Torch.Tensor.From(values, 1, 3, image.Height, image.Width);
    }

    public Tensor Loss(ForwardPass pass)
    {
        Tensor? sum = null;
        foreach (var (index, item) in images.Index())
        {
            var image = Half(item.Image, index % 2 == 0);
            // Noise comes from libtorch's generator: a resumed run must draw the same.
            var x = Tensor(image) + Hwaso.Torch.Tensor.Randn([1, 3, image.Height, image.Width]) * 0.01;
            var difference = pass.Run(x.To(pass.Device), input => [input.Apply(net)])[0] - Brightness(image);
            var square = (difference * difference).Sum();
            sum = sum is null ? square : sum + square;
        }
        return sum! / images.Count;
    }

    public void Dispose()
    {
    }

    static RgbImage Half(RgbImage image, bool whole) =>
        whole ? image : new RgbImage(image.Width, image.Height / 2, image.Pixels[..(image.Width * (image.Height / 2) * 3)]);
}
