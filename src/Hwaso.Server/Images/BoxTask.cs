using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Inference.Boxes;
using Hwaso.Nn.Boxes;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The boxes of objects, and their masks where the network finds them.</summary>
/// <param name="network">The exported network.</param>
/// <param name="torch">Computes on libtorch; null for Hwaso.Runtime.</param>
sealed class BoxTask(DetectorNetwork network, TorchEngine? torch) : ImageTask
{
    public override string Address => "boxes";

    public override IReadOnlyList<AnswerForm> Forms { get; } = [LabelAnswer.Json, LabelAnswer.Overlay];

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var all = torch?.Find(image, stop) ?? network.Finder.Find(image);
        if (!all.All(d => double.IsFinite(d.Score + d.Box.X1 + d.Box.Y1 + d.Box.X2 + d.Box.Y2)))
            throw new ArithmeticException("the network's boxes are not finite; check the file's weights and its normalisation");
        FoundObject[] found = [.. all.Where(d => d.Score >= question.Score).OrderByDescending(d => d.Score)];
        var drawnFrom = question.Score > 0 ? question.Score : ObjectPicture.DrawnFrom;
        return form => form == LabelAnswer.Overlay ? Png.Encode(ObjectPicture.Draw(image, found, network, drawnFrom))
            : Object(json => Write(json, model, image, found));
    }

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteStartArray("categories");
        foreach (var (id, name) in network.Categories ?? [])
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("name", name);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    void Write(Utf8JsonWriter json, string model, RgbImage image, FoundObject[] found)
    {
        var extent = network.Finder.Form.Extent;
        json.WriteString("model", model);
        json.WriteNumber("width", image.Width);
        json.WriteNumber("height", image.Height);
        json.WriteStartArray("objects");
        foreach (var one in found)
        {
            var (id, name) = network.CategoryOf(one.Label);
            json.WriteStartObject();
            json.WriteNumber("category_id", id);
            json.WriteString("category", name);
            json.WriteNumber("score", one.Score);
            json.WriteStartArray("box");
            foreach (var side in new[]
            {
                one.Box.X1, one.Box.Y1, one.Box.X2 - one.Box.X1 + extent, one.Box.Y2 - one.Box.Y1 + extent,
            })
                json.WriteNumberValue(side);
            json.WriteEndArray();
            if (one.Mask is { } mask)
            {
                // COCO's run lengths: by columns.
                json.WriteStartObject("segmentation");
                json.WriteStartArray("size");
                json.WriteNumberValue(image.Height);
                json.WriteNumberValue(image.Width);
                json.WriteEndArray();
                json.WriteString("counts", mask);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
