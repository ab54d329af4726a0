using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics;
using Hwaso.Training.Loop;
using static System.FormattableString;

namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>The images of a validation: the mIoU of each, and small pictures of the worst and the best.</summary>
/// <param name="classes">The classes.</param>
sealed class ValidatedImages(ClassList classes)
{
    const int OfEach = 3, MostSide = 640, Quality = 88;

    readonly List<ImageScore> scores = [];
    readonly List<Example> worst = [], best = [];

    /// <summary>The mIoU of every image that has one, over the classes that are in it or predicted.</summary>
    public IReadOnlyList<ImageScore> Scores => scores;

    /// <summary>Counts an image and keeps it if it is among the worst or the best so far.</summary>
    /// <param name="item">The image with its labels.</param>
    /// <param name="predicted">The network's labels.</param>
    public void Add(LabelledImage item, LabelMap predicted)
    {
        var confusion = new ConfusionMatrix(classes.Count);
        confusion.Add(item.Labels.Labels, predicted.Labels, ClassList.Ignore);
        if (Metrics.Scores.Of(confusion).Miou is not { } miou)
            return;
        scores.Add(new ImageScore(item.Sample.Id, miou));
        var isWorse = worst.Count < OfEach || miou < worst[^1].Miou;
        var isBetter = best.Count < OfEach || miou > best[^1].Miou;
        if (!isWorse && !isBetter)
            return;
        var example = Example.Of(item, predicted, miou);
        if (isWorse)
            Insert(worst, example, (a, b) => a.Miou.CompareTo(b.Miou));
        if (isBetter)
            Insert(best, example, (a, b) => b.Miou.CompareTo(a.Miou));
    }

    /// <summary>The files that the run keeps.</summary>
    /// <param name="all">The scores of the images of all processes.</param>
    public IReadOnlyList<ValidationFile> Files(IEnumerable<ImageScore> all)
    {
        // Of few images none is both.
        var each = Math.Min(OfEach, (scores.Count + 1) / 2);
        var files = new List<ValidationFile>();
        var pictures = new JsonArray();
        foreach (var (group, examples) in new[] { ("worst", worst.Take(each)), ("best", best.Take(Math.Min(each, scores.Count - each))) })
            foreach (var (k, example) in examples.Index())
            {
                string Kept(string end, byte[] bytes)
                {
                    var name = Invariant($"{group}-{k + 1}-{end}");
                    files.Add(new ValidationFile(name, bytes));
                    return name;
                }
                pictures.Add(new JsonObject
                {
                    ["group"] = group,
                    ["id"] = example.Id,
                    ["miou"] = example.Miou,
                    ["image"] = Kept("image.jpg", Jpeg.Encode(example.Image, Quality)),
                    ["truth"] = Kept("truth.png", Png.EncodeIndexed(example.Truth, classes.Palette)),
                    ["prediction"] = Kept("prediction.png", Png.EncodeIndexed(example.Prediction, classes.Palette)),
                });
            }
        var index = new JsonObject
        {
            ["images"] = new JsonArray([.. all.Select(s => (JsonNode)new JsonObject { ["id"] = s.Id, ["miou"] = s.Miou })]),
            ["pictures"] = pictures,
        };
        files.Add(new ValidationFile(ValidationFolder.Index, JsonSerializer.SerializeToUtf8Bytes(index)));
        return files;
    }

    static void Insert(List<Example> list, Example example, Comparison<Example> order)
    {
        list.Add(example);
        list.Sort(order);
        if (list.Count > OfEach)
            list.RemoveAt(OfEach);
    }

    sealed record Example(string Id, double Miou, RgbImage Image, LabelMap Truth, LabelMap Prediction)
    {
        public static Example Of(LabelledImage item, LabelMap predicted, double miou)
        {
            var image = item.Image;
            var share = Math.Min(1, (double)MostSide / Math.Max(image.Width, image.Height));
            var (width, height) = (Math.Max(1, (int)(image.Width * share)), Math.Max(1, (int)(image.Height * share)));
            return share == 1 ? new Example(item.Sample.Id, miou, image, item.Labels, predicted)
                : new Example(item.Sample.Id, miou, Resize.Bilinear(image, width, height), Resize.Nearest(item.Labels, width, height),
                    Resize.Nearest(predicted, width, height));
        }
    }
}

/// <summary>The score of one image.</summary>
/// <param name="Id">Its name in the data set.</param>
/// <param name="Miou">Its mIoU, as a share of 1.</param>
sealed record ImageScore(string Id, double Miou);
