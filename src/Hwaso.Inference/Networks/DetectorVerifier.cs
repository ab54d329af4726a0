using Hwaso.Checkpoints;
using Hwaso.Models.Detectors;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Networks;

/// <summary>
/// Compares a detector with a recorded one stage by stage. The heads look at the recorded proposals, whose order near-equal scores can
/// change; proposals and detections are compared as sets.
/// </summary>
static class DetectorVerifier
{
    // Everything takes part in a recorded step: no chance.
    const int All = 1_000_000;

    // Of a set 99 % have to be there, within these.
    const double Pixels = 0.05, Scores = 1e-4, Missing = 0.01;

    public static IReadOnlyList<OutputError> Verify(DetectorDefinition definition, TensorFile? file, Fixture fixture, int? classes)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var recorded = new DetectorFixture(fixture, definition.Detection.Form);
        var detector = definition.Build(weights, classes ?? DetectorKeys.ClassesOf(fixture.ShapeOf) ?? definition.PublishedClasses);
        Verifier.Fill(weights, file);
        recorded.Scale(weights);
        detector.Eval();
        List<OutputError> errors = [];
        var (batch, images) = recorded.Input();
        using (new NoGrad())
            Stages(detector, fixture, recorded, batch, images, errors);
        if (recorded.Truth(images[0]) is { } truth)
            Step(detector, fixture, recorded, batch, images, truth, errors);
        return errors.Count > 0 ? errors
            : throw new CheckpointException(fixture.Path, null, "holds no stage of a detector that is known");
    }

    static void Stages(
        Detector detector, Fixture fixture, DetectorFixture recorded, Tensor batch, DetectorImage[] images, List<OutputError> errors)
    {
        Compare("batched", batch);
        var levels = detector.Levels(batch);
        for (var k = 0; k < levels.Length; k++)
        {
            Compare($"level{k}", levels[k]);
            Compare(k == levels.Length - 1 ? "fpn_pool" : $"fpn_{k}", levels[k]);
        }
        var maps = detector.Maps(levels);
        for (var k = 0; k < levels.Length; k++)
        {
            Compare($"rpn_cls{k}", maps[k]);
            Compare($"objectness{k}", maps[k]);
            Compare($"rpn_reg{k}", maps[levels.Length + k]);
            Compare($"deltas{k}", maps[levels.Length + k]);
        }
        var found = detector.Proposals(maps, (int)batch.Size(2), (int)batch.Size(3), images)[0];
        if (fixture.Tensors.GetValueOrDefault("proposals") is { } rows)
        {
            var width = (int)rows.Shape[1];
            errors.Add(Set("proposals", [.. found.Select(p => Row(p.Box, [p.Score]).Take(width).ToArray())], Chunks(rows)));
        }
        Box[] boxes = recorded.Proposals ?? [.. found.Select(p => p.Box)];
        var features = detector.Pool(levels, [boxes]);
        Compare("roi_features", features);
        var answers = detector.Head(features);
        Compare("cls_score", answers[0]);
        Compare("class_logits", answers[0]);
        Compare("bbox_pred", answers[1]);
        Compare("box_regression", answers[1]);
        var detections = detector.Detections(answers, [boxes], images)[0];
        var first = detector.Config.Form == BoxForm.Torchvision ? 1 : 0;
        float[][] ours = [.. detections.Select(d => Row(d.Box, [d.Score, d.Label + first]).ToArray())];
        if (fixture.Tensors.ContainsKey("labels") && (fixture.Tensors.ContainsKey("detections") || fixture.Tensors.ContainsKey("boxes")))
            errors.Add(Set("detections", ours, Recorded(fixture)));

        void Compare(string name, Tensor actual)
        {
            if (recorded.Stored(name) is { } stored)
                errors.Add(fixture.Compare(stored, actual));
        }
    }

    static void Step(
        Detector detector, Fixture fixture, DetectorFixture recorded, Tensor batch, DetectorImage[] images, DetectorTruth truth,
        List<OutputError> errors)
    {
        var losses = new DetectorLosses(detector, new SampleCounts(All, All)).Of(batch, images, [truth], new Random(0));
        losses.Total.Backward();
        foreach (var (name, value) in recorded.Losses())
        {
            var own = name switch
            {
                "loss_rpn_cls" or "loss_objectness" => losses.ProposalClasses,
                "loss_rpn_reg" or "loss_rpn_box_reg" => losses.ProposalBoxes,
                "loss_cls" or "loss_classifier" => losses.Classes,
                "loss_reg" or "loss_box_reg" or "loss_bbox" => losses.Boxes,
                _ => null,
            };
            if (own is not null)
                errors.Add(Number(name, own.Item(), value));
        }
        foreach (var (key, norm) in recorded.GradientNorms())
        {
            using var inner = new Scope();
            var gradient = detector.Weights[key].Grad;
            errors.Add(Number($"norm of {key}", gradient is null ? 0 : Math.Sqrt(gradient.ToArray<double>().Sum(g => g * g)), norm));
        }
        foreach (var name in fixture.Tensors.Keys.Where(k => k.StartsWith("grad.", StringComparison.Ordinal)))
        {
            using var inner = new Scope();
            var parameter = detector.Weights[Fixture.PlainName(name)["grad.".Length..]];
            errors.Add(fixture.Compare(name, parameter.Grad ?? Tensor.Zeros(parameter.Shape)));
        }
    }

    static OutputError Number(string name, double given, double wanted) =>
        new(name, Math.Abs(given - wanted), given == wanted ? 0 : Math.Abs(given - wanted) / Math.Max(Math.Abs(wanted), double.Epsilon));

    /// <summary>How many rows of either set are not in the other; no error where they are few.</summary>
    static OutputError Set(string name, float[][] given, float[][] wanted)
    {
        var left = given.ToList();
        var missing = 0;
        foreach (var row in wanted)
        {
            var at = left.FindIndex(other => Agree(other, row));
            if (at < 0)
                missing++;
            else
                left.RemoveAt(at);
        }
        var alone = Math.Max(missing, left.Count);
        var share = (double)alone / Math.Max(Math.Max(wanted.Length, given.Length), 1);
        return new OutputError(name, alone, share <= Missing ? 0 : share);
    }

    static bool Agree(float[] a, float[] b)
    {
        for (var k = 0; k < b.Length; k++)
            if (!(Math.Abs(a[k] - b[k]) <= (k < 4 ? Pixels : k == 4 ? Scores : 0)))
                return false;
        return true;
    }

    static float[][] Recorded(Fixture fixture)
    {
        var labels = fixture.Tensors["labels"].ToInt64s();
        var rows = fixture.Tensors.TryGetValue("detections", out var detections)
            ? Chunks(detections)
            : [.. Chunks(fixture.Tensors["boxes"]).Zip(fixture.Tensors["scores"].ToFloats(), (b, s) => (float[])[.. b, s])];
        return [.. rows.Zip(labels, (r, label) => (float[])[.. r, label])];
    }

    static float[][] Chunks(HostTensor rows) => [.. rows.ToFloats().Chunk((int)rows.Shape[^1])];

    static IEnumerable<float> Row(Box box, float[] rest) => [box.X1, box.Y1, box.X2, box.Y2, .. rest];
}
