using System.Globalization;
using System.Text.Json.Nodes;
using Hwaso.Models.Detectors;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;
using static System.StringComparison;

namespace Hwaso.Training.Verifying;

/// <summary>Compares the operators of detectors that have gradients, and the sizes of images, with recorded ones.</summary>
static class DetectorOperators
{
    // Sums of a few float32 products in another order.
    const double Means = 1e-5, LossNumbers = 1e-6, Pixels = 1e-5;

    public static void Pooling(OperatorFixture fixture, OperatorCheck check)
    {
        var bins = fixture.List(fixture.Json, "output_height_width");
        foreach (var (name, fields) in fixture.Cases)
            Pool(name, (int)fixture.Number(fields, "sampling_ratio"), fixture.Number(fields, "spatial_scale"),
                fields["aligned"]!.GetValue<bool>() ? RoiAlignForm.Aligned : RoiAlignForm.Plain);
        foreach (var name in fixture.Names.Where(n => n.StartsWith("mmdet1_ratio", Ordinal) && n.EndsWith(".output", Ordinal)))
        {
            // mmdet1_ratio2, or mmdet1_ratio2_scale0.25.
            var parts = name[..^".output".Length].Split('_');
            Pool(name[..^".output".Length], int.Parse(parts[1]["ratio".Length..], CultureInfo.InvariantCulture),
                parts.Length > 2 ? double.Parse(parts[2]["scale".Length..], CultureInfo.InvariantCulture) : 0.25, RoiAlignForm.Inclusive);
        }

        void Pool(string name, int sampling, double scale, RoiAlignForm form)
        {
            check.Begin(name);
            using var scope = new Scope();
            var features = Tensor.From(fixture["features"]);
            features.RequiresGrad = true;
            var output = RoiAlign.Apply(features, Tensor.From(fixture["rois"]), scale, (int)bins[0], (int)bins[1], sampling, form);
            check.Near("output", output.ToArray<float>(), fixture.Floats($"{name}.output"), Means);
            var gradient = Gradients.Of(output, [features], Tensor.From(fixture["grad_output"]))[0];
            check.Near("grad", gradient.ToArray<float>(), fixture.Floats($"{name}.grad"), Means);
        }
    }

    public static void Losses(OperatorFixture fixture, OperatorCheck check)
    {
        var cases = fixture.Json["cases"] as JsonObject ?? throw fixture.Error("cases", "is no object");
        foreach (var (name, value) in cases)
        {
            check.Begin(name);
            using var scope = new Scope();
            var fields = value as JsonObject ?? throw fixture.Error(name, "is no object");
            var form = BoxOperators.FormOf(name.Split('.')[^1])?.Form ?? BoxForm.Torchvision;
            switch (name.Split('.')[0])
            {
                case "head":
                    HeadLoss(fixture, check, name, fields, form);
                    break;
                case "rpn":
                    ProposalLoss(fixture, check, name, fields, form);
                    break;
                case "mask":
                    MaskLoss(fixture, check, name, fields);
                    break;
                default:
                    throw fixture.Error(name, "is no loss that is known: head, rpn or mask was wanted");
            }
        }
    }

    static void HeadLoss(OperatorFixture fixture, OperatorCheck check, string name, JsonObject fields, BoxForm form)
    {
        Tensor logits = Learned(fixture, "head.logits"), regression = Learned(fixture, "head.regression");
        var labels = Tensor.From(fixture["head.labels"]);
        var positive = Places(labels, label => label > 0);
        var samples = labels.Size(0);
        // [n, K + 1, 4]: each truth's own class learns.
        var own = DetectionLosses.OfClass(
            DetectionLosses.Rows(regression.Reshape(samples, -1, 4), positive), DetectionLosses.Rows(labels, positive));
        var boxes = DetectionLosses.Boxes(
            own, DetectionLosses.Rows(Tensor.From(fixture["head.targets"]), positive), form.HeadBeta, samples);
        var classes = DetectionLosses.Classes(logits, labels);
        Loss(fixture, check, fields, ["loss_classifier", "loss_cls"], classes, logits, $"{name}.grad_logits");
        Loss(fixture, check, fields, ["loss_box_reg", "loss_reg", "loss_bbox"], boxes, regression, $"{name}.grad_regression");
    }

    static void ProposalLoss(OperatorFixture fixture, OperatorCheck check, string name, JsonObject fields, BoxForm form)
    {
        Tensor objectness = Learned(fixture, "rpn.objectness"), deltas = Learned(fixture, "rpn.deltas");
        var labels = Tensor.From(fixture["rpn.labels"]);
        Tensor drawn = Places(labels, label => label >= 0), positive = Places(labels, label => label > 0);
        var classes = DetectionLosses.Objectness(
            DetectionLosses.Rows(objectness, drawn), DetectionLosses.Rows(labels, drawn), drawn.Size(0));
        var boxes = DetectionLosses.Boxes(
            DetectionLosses.Rows(deltas, positive), DetectionLosses.Rows(Tensor.From(fixture["rpn.targets"]), positive), form.ProposalBeta,
            drawn.Size(0));
        Loss(fixture, check, fields, ["loss_objectness", "loss_rpn_cls"], classes, objectness, $"{name}.grad_objectness");
        Loss(fixture, check, fields, ["loss_rpn_box_reg", "loss_rpn_reg"], boxes, deltas, $"{name}.grad_deltas");
    }

    static void MaskLoss(OperatorFixture fixture, OperatorCheck check, string name, JsonObject fields)
    {
        var logits = Learned(fixture, $"{name}.logits");
        var loss = DetectionLosses.Masks(logits, Tensor.From(fixture[$"{name}.labels"]), Tensor.From(fixture[$"{name}.targets"]));
        Loss(fixture, check, fields, ["loss_mask"], loss, logits, $"{name}.grad");
    }

    /// <summary>Compares a loss with the number of one of the names, and its gradient.</summary>
    static void Loss(
        OperatorFixture fixture, OperatorCheck check, JsonObject fields, string[] names, Tensor loss, Tensor of, string gradient)
    {
        if (names.FirstOrDefault(fields.ContainsKey) is { } named)
            check.Near(named, [loss.Item()], [fixture.Number(fields, named)], LossNumbers);
        if (fixture.Has(gradient))
            check.Near(gradient, Gradients.Of(loss, [of])[0].ToArray<float>(), fixture.Floats(gradient), LossNumbers);
    }

    static Tensor Learned(OperatorFixture fixture, string name)
    {
        var tensor = Tensor.From(fixture[name]);
        tensor.RequiresGrad = true;
        return tensor;
    }

    static Tensor Places(Tensor labels, Func<float, bool> wanted) =>
        Tensor.From(labels.ToArray<float>().Index().Where(l => wanted(l.Item)).Select(l => (long)l.Index).ToArray());

    public static void Resizing(OperatorFixture fixture, OperatorCheck check)
    {
        foreach (var node in fixture.Json["cases"] as JsonArray ?? throw fixture.Error("cases", "is no list"))
        {
            var fields = node as JsonObject ?? throw fixture.Error("cases", "holds something that is no object");
            var (height, width) = ((int)fixture.Number(fields, "height"), (int)fixture.Number(fields, "width"));
            check.Begin($"{width}x{height}");
            foreach (var (name, form) in new[] { ("torchvision", BoxForm.Torchvision), ("mmdet", BoxForm.Authors) })
            {
                if (fields[name] is not JsonObject wanted)
                    continue;
                // The list was made by division, the image below by torchvision itself.
                var size = new ResizeRule(form) { Divides = true }.Of(height, width);
                check.Near($"{name}.scale", [size.Scale], [fixture.Number(wanted, "scale")], 1e-12);
                int[] sides = Whole(fixture.Number(wanted, "width"), fixture.Number(wanted, "height"));
                check.Same($"{name}.size", [size.Width, size.Height], sides);
                check.Same($"{name}.padded", [size.PaddedWidth, size.PaddedHeight], Whole(fixture.List(wanted, "padded")));
                if (wanted["scale_w_h_of_mmdet2"] is not null)
                    check.Near("scale_w_h", [size.ScaleX, size.ScaleY], fixture.List(wanted, "scale_w_h_of_mmdet2"), 1e-12);
            }
        }
        if (fixture.Json["small"] is JsonObject small && fixture.Has("image"))
            Image(fixture, check, small);
    }

    static void Image(OperatorFixture fixture, OperatorCheck check, JsonObject small)
    {
        check.Begin("small");
        using var scope = new Scope();
        var image = Tensor.From(fixture["image"]);
        var rule = new ResizeRule(
            BoxForm.Torchvision, (int)fixture.Number(small, "min_size"), (int)fixture.Number(small, "max_size"));
        var size = rule.Of((int)image.Size(1), (int)image.Size(2));
        check.Same("image_size", [size.Height, size.Width], Whole(fixture.List(small, "image_size")));
        check.Near("batched", DetectorInput.Batch([image], rule).ToArray<float>(), fixture.Floats("batched"), Pixels);
        if (fixture.Has("boxes") && small["note"] is JsonValue note)
        {
            // "boxes given 2 3 20 15".
            float[] given = [.. note.GetValue<string>().Split(' ').Where(w => float.TryParse(w, CultureInfo.InvariantCulture, out _))
                .Select(w => float.Parse(w, CultureInfo.InvariantCulture))];
            float[] factors = [(float)size.ScaleX, (float)size.ScaleY];
            check.Near("boxes", [.. given.Select((v, k) => v * factors[k % 2])], fixture.Floats("boxes"), Pixels);
        }
    }

    static int[] Whole(params double[] values) => Array.ConvertAll(values, v => (int)v);
}
