using Hwaso.Checkpoints;
using Hwaso.Inference;
using Hwaso.Inference.Networks;
using Hwaso.Models.Detectors;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Runtime.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Tests;

/// <summary>
/// A checkpoint of a detector with the formula's weights, its last layers scaled so that scores differ and nothing saturates, and an image
/// of which no side is a multiple of 32; its answers on libtorch, and those of other runtimes beside them.
/// </summary>
sealed class FormulaDetector : IDisposable
{
    // The bounds of recorded detectors: a twentieth of a pixel and 1e-4 of a score.
    const float Pixels = 0.05f, Scores = 1e-4f;

    const int Numbers = 6, Side = 28;

    static readonly string[] names = ["car", "person", "sign"];

    readonly LoadedModel model;

    /// <param name="path">The checkpoint, which it writes.</param>
    /// <param name="yaml">The model section of a recipe: <c>name: …</c> or <c>family: …</c> and what follows, a line each.</param>
    /// <param name="height">Height of the image.</param>
    /// <param name="width">Its width.</param>
    /// <param name="most">Detections of an image.</param>
    public FormulaDetector(string path, string yaml, int height, int width, int most = 100)
    {
        (Height, Width) = (height, width);
        var recipe = $"""
            name: formula
            model:
              {yaml.Replace("\n", "\n  ", StringComparison.Ordinal)}
              classes: {names.Length}
            data:
              layout: coco
            """;
        using var scope = new Scope();
        using var off = new NoGrad();
        Image = Tensor.From(FormulaWeights.Fill("input", 1, 3, height, width)).Own();
        var definition = (DetectorDefinition)Zoo.Define(RecipeFile.Read(recipe, path).Model);
        using (var weights = Weights.Create(initialise: false))
        {
            var net = definition.Build(weights, names.Length);
            foreach (var (key, tensor) in weights.State)
                tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
            net.Eval();
            Scale(net, Batch(definition.Detection.Form));
            WeightFile.Save(path, weights, new Dictionary<string, string>
            {
                [CheckpointMetadata.Recipe] = recipe,
                [BoxMetadata.Key] = new BoxMetadata { Categories = [.. names.Select((n, k) => (k + 1L, n))], Most = most }.Write(),
            });
        }
        model = LoadedModel.Open(path, Device.Cpu);
        var form = definition.Detection.Form;
        DetectorImage[] images = [new DetectorImage(height, width, Scales[0], Scales[1])];
        var limits = new DetectionLimits { Kept = most };
        Found = Net.HasMasks
            ? [.. Net.DetectMasks(Batch(form), images, limits)[0].Select(d => (d.Detection, d.Mask))]
            : [.. Net.Detect(Batch(form), images, limits)[0].Select(d => (d, Array.Empty<float>()))];
    }

    /// <summary>What the stored image was enlarged by, across and down.</summary>
    public static float[] Scales { get; } = [1.25f, 1.5f];

    public int Height { get; }

    public int Width { get; }

    /// <summary>[1, 3, H, W].</summary>
    public Tensor Image { get; }

    /// <summary>libtorch's detections, and the mask of each where the network finds masks.</summary>
    public IReadOnlyList<(Detection Detection, float[] Mask)> Found { get; }

    /// <summary>Whether it finds masks too.</summary>
    public bool HasMasks => Net.HasMasks;

    /// <summary>The checkpoint as an ONNX file.</summary>
    public byte[] Export(bool isFixed, bool folds) => Exporter.Make(
        model, new ExportOptions(isFixed ? new SizePx(Height, Width) : null, FoldBatchNorm: folds)).Bytes;

    /// <summary>Compares a file's answers with libtorch's, as sets.</summary>
    /// <param name="answers">Detections [1, D, 6], and masks [1, D, 28, 28].</param>
    /// <returns>How many detections are in one of both alone, and the largest difference of a mask's probability.</returns>
    public (int Alone, float Masks) Compare(IReadOnlyList<float[]> answers)
    {
        float[][] rows = [.. answers[0].Chunk(Numbers)];
        var given = Enumerable.Range(0, rows.Length).Where(k => rows[k][4] > 0).ToList();
        var (missing, difference) = (0, 0f);
        foreach (var (one, mask) in Found)
        {
            var at = given.FindIndex(k => Agrees(rows[k], one));
            if (at < 0)
            {
                missing++;
                continue;
            }
            if (mask.Length > 0)
                difference = Math.Max(difference, mask.Zip(
                    answers[1].Skip(given[at] * Side * Side), (a, b) => float.IsNaN(b) ? float.PositiveInfinity : Math.Abs(a - b)).Max());
            given.RemoveAt(at);
        }
        return (Math.Max(missing, given.Count), difference);
    }

    public void Dispose()
    {
        Image.Dispose();
        model.Dispose();
    }

    Detector Net => (Detector)model.Net;

    static bool Agrees(float[] row, Detection wanted) =>
        Math.Abs(row[0] - wanted.Box.X1) <= Pixels && Math.Abs(row[1] - wanted.Box.Y1) <= Pixels
        && Math.Abs(row[2] - wanted.Box.X2) <= Pixels && Math.Abs(row[3] - wanted.Box.Y2) <= Pixels
        && Math.Abs(row[4] - wanted.Score) <= Scores && (int)row[5] == wanted.Label;

    /// <summary>The image in the batch that detectors take it in.</summary>
    Tensor Batch(BoxForm form)
    {
        var batch = Tensor.Zeros([1, 3, Padded(Height), Padded(Width)]);
        Aten.Copy_(batch.Narrow(2, 0, Height).Narrow(3, 0, Width), Image);
        return batch;

        long Padded(int side) => Math.Max(form == BoxForm.Torchvision ? 32 : 64, (side + 31) / 32 * 32);
    }

    /// <summary>The formula's weights grow numbers from layer to layer; the last layers bring them back.</summary>
    static void Scale(Detector net, Tensor batch)
    {
        var levels = net.Levels(batch);
        var maps = net.Maps(levels);
        var half = maps.Length / 2;
        To(2, Last(net, "rpn_cls", "cls_logits"), maps[..half]);
        To(0.3, Last(net, "rpn_reg", "rpn.head.bbox_pred"), maps[half..]);
        var image = new DetectorImage((int)batch.Size(2), (int)batch.Size(3));
        Box[] boxes = [.. net.Proposals(net.Maps(levels), image.Height, image.Width, [image])[0].Select(p => p.Box)];
        var answers = net.Head(net.Pool(levels, [boxes]));
        Apart(Last(net, "fc_cls", "cls_score"), Last(net, "fc_cls", "cls_score", "bias"), answers[0]);
        To(1, Last(net, "fc_reg", "box_predictor.bbox_pred"), answers[1]);
        if (!net.HasMasks)
            return;
        var few = net.Pool(levels, [boxes[..Math.Min(boxes.Length, 20)]], MaskHead.Side);
        To(2, Last(net, "conv_logits", "mask_fcn_logits"), net.Masks(few));
    }

    static Tensor Last(Detector net, string own, string torchvision, string kind = "weight") => net.Weights.State.First(s =>
        new[] { own, torchvision }.Any(name => s.Key.EndsWith($"{name}.{kind}", StringComparison.Ordinal))).Value;

    /// <summary>Every class, the background among them, is as likely as the others on the whole, and boxes differ in theirs.</summary>
    static void Apart(Tensor weight, Tensor bias, Tensor logits)
    {
        var linear = logits - bias;
        var middle = linear.Mean([0]);
        var scale = Tensor.From([2f]) / Aten.Sqrt(((linear - middle) * (linear - middle)).Mean([0]));
        Aten.Mul_(weight, scale.Unsqueeze(1));
        Aten.Copy_(bias, middle * scale * -1);
    }

    static void To(double deviation, Tensor weight, params Tensor[] given)
    {
        var largest = given.Max(t => Math.Sqrt(t.ToArray<float>().Average(v => (double)v * v)));
        Aten.Mul_(weight, deviation / largest);
    }
}
