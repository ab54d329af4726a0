using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Models.Detectors;
using Hwaso.Nn;
using Hwaso.Nn.Boxes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>A detector's recorded run: the image, its size, weights' factors, true boxes and losses of one step.</summary>
sealed class DetectorFixture
{
    readonly Fixture fixture;
    readonly JsonObject json;
    readonly BoxForm form;

    public DetectorFixture(Fixture fixture, BoxForm form)
    {
        (this.fixture, this.form) = (fixture, form);
        json = fixture.Beside ?? throw new CheckpointException(
            fixture.Path, null, "has no JSON beside it, which names the image's size, the weights' factors and the losses");
    }

    /// <summary>The tensors as they are named where they are stored whole, and those stored in part.</summary>
    public string? Stored(string name) => fixture.Tensors.ContainsKey(name) ? name
        : fixture.Tensors.Keys.FirstOrDefault(key => key != name && Fixture.PlainName(key) == name);

    /// <summary>Multiplies weights by the factors that keep the formula's from saturating.</summary>
    public void Scale(Weights weights)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        foreach (var (key, factor) in json["scales"] as JsonObject ?? [])
            Aten.Mul_(weights[key], factor!.GetValue<double>());
    }

    /// <summary>The batch and the images in it.</summary>
    public (Tensor Batch, DetectorImage[] Images) Input()
    {
        if (form == BoxForm.Torchvision)
        {
            var image = fixture.Tensors.GetValueOrDefault("image") ?? throw new CheckpointException(fixture.Path, "image", "is missing");
            var rule = Rule;
            var size = rule.Of((int)image.Shape[0], (int)image.Shape[1]);
            var pixels = Tensor.From(image).To(ScalarType.Float32).Permute(2, 0, 1) / 255;
            var resized = new DetectorImage(size.Height, size.Width, (float)size.ScaleX, (float)size.ScaleY);
            return (DetectorInput.Batch([pixels], rule), [resized]);
        }
        var batch = fixture.Input();
        if (json["meta"] is not JsonObject meta)
            return (batch, [new DetectorImage((int)batch.Size(2), (int)batch.Size(3))]);
        int height = meta["img_shape"]![0]!.GetValue<int>(), width = meta["img_shape"]![1]!.GetValue<int>();
        var factor = meta["scale_factor"]!.GetValue<float>();
        Aten.Zero_(batch.Narrow(2, height, batch.Size(2) - height));
        Aten.Zero_(batch.Narrow(3, width, batch.Size(3) - width));
        return (batch, [new DetectorImage(height, width, factor, factor)]);
    }

    /// <summary>The recorded proposals of the image; null where there are none.</summary>
    public Box[]? Proposals => fixture.Tensors.GetValueOrDefault("proposals") is not { } rows ? null
        : [.. rows.ToFloats().Chunk((int)rows.Shape[1]).Select(r => new Box(r[0], r[1], r[2], r[3]))];

    /// <summary>The true boxes in pixels of the batch; null where no step was recorded.</summary>
    public DetectorTruth? Truth(DetectorImage image)
    {
        if (json["training"] is not JsonObject training)
            return null;
        var rows = (training["truth"] ?? training["boxes"])?.AsArray()
            ?? throw new CheckpointException(fixture.Path, "training", "names no true boxes");
        var scales = form == BoxForm.Torchvision ? (image.ScaleX, image.ScaleY) : (1, 1);
        Box[] boxes = [.. rows.Select(r => r!.AsArray().Select(n => n!.GetValue<float>()).ToArray())
            .Select(r => new Box(r[0], r[1], r[2], r[3]).Scaled(scales.Item1, scales.Item2))];
        // Columns from 1 on are classes.
        return new DetectorTruth(boxes, [.. training["labels"]!.AsArray().Select(n => n!.GetValue<int>() - 1)]);
    }

    /// <summary>The recorded losses by name, those of levels summed.</summary>
    public IEnumerable<(string Name, double Value)> Losses()
    {
        foreach (var (name, value) in json["training"]?["losses"] as JsonObject ?? [])
            yield return (name, value is JsonArray levels ? levels.Sum(n => n!.GetValue<double>()) : value!.GetValue<double>());
    }

    /// <summary>The recorded norms of gradients by weight.</summary>
    public IEnumerable<(string Key, double Norm)> GradientNorms() =>
        (json["training"]?["gradient_norms"] as JsonObject ?? []).Select(n => (n.Key, n.Value!.GetValue<double>()));

    ResizeRule Rule => json["settings"] is JsonObject settings
        ? new ResizeRule(form, settings["min_size"]!.GetValue<int>(), settings["max_size"]!.GetValue<int>()) : new ResizeRule(form);
}
