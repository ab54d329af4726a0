using System.Globalization;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Inference.Boxes;
using Hwaso.Nn.Boxes;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The boxes of objects, and their masks where the network finds them.</summary>
sealed class BoxTask(DetectorNetwork network) : ImageTask
{
    // Objects below this score are not drawn unless a limit is given; the JSON has them.
    const double DrawnFrom = 0.3;

    public override string Address => "boxes";

    public override IReadOnlyList<AnswerForm> Forms { get; } = [LabelAnswer.Json, LabelAnswer.Overlay];

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        FoundObject[] found = [.. network.Finder.Find(image).Where(d => d.Score >= question.Score).OrderByDescending(d => d.Score)];
        var drawnFrom = question.Score > 0 ? question.Score : DrawnFrom;
        return form => form == LabelAnswer.Overlay ? Draw(image, found, drawnFrom) : Object(json => Write(json, model, image, found));
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

    (long Id, string Name) CategoryOf(FoundObject one) =>
        network.Categories is { } known && one.Label < known.Count ? known[one.Label] : (one.Label + 1, "");

    ReadOnlyMemory<byte> Draw(RgbImage image, FoundObject[] found, double drawnFrom)
    {
        var picture = new RgbImage(image.Width, image.Height, (byte[])image.Pixels.Clone());
        FoundObject[] drawn = [.. found.Where(d => d.Score >= drawnFrom)];
        foreach (var one in drawn.Reverse())
            if (one.MaskOf(image.Height, image.Width) is { } pixels)
                MaskDrawing.Draw(picture, image, pixels, BoxDrawing.ColourOf(one.Label));
        foreach (var one in drawn)
        {
            var (id, name) = CategoryOf(one);
            BoxDrawing.Draw(picture, one.Box.X1, one.Box.Y1, one.Box.X2, one.Box.Y2, BoxDrawing.ColourOf(one.Label),
                string.Create(CultureInfo.InvariantCulture, $"{(name.Length > 0 ? name : id)} {one.Score:0.00}"));
        }
        return Png.Encode(picture);
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
            var (id, name) = CategoryOf(one);
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
