using System.Text.Json;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The depth of each pixel in metres.</summary>
/// <param name="estimate">Estimates the depth of an image at its own size.</param>
sealed class DepthTask(Func<RgbImage, CancellationToken, DepthMap> estimate) : ImageTask
{
    static readonly AnswerForm png = new("png", "image/png");

    public override string Address => "depth";

    public override IReadOnlyList<AnswerForm> Forms { get; } = [png, LabelAnswer.Json, LabelAnswer.Overlay];

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        var depth = estimate(image, stop);
        return form => Write(form, model, image, depth);
    }

    public override void Describe(Utf8JsonWriter json) => json.WriteString("unit", "metre");

    static ReadOnlyMemory<byte> Write(AnswerForm form, string model, RgbImage image, DepthMap depth)
    {
        if (form == png)
            return DepthPng.Encode(depth);
        var there = depth.Values.Where(v => v > 0 && float.IsFinite(v)).ToArray();
        if (form == LabelAnswer.Overlay)
            return Png.Encode(HeatMap.Render(
                [.. depth.Values.Select(v => float.IsFinite(v) ? v : 0)], depth.Width, depth.Height));
        return Object(json =>
        {
            json.WriteString("model", model);
            json.WriteNumber("width", image.Width);
            json.WriteNumber("height", image.Height);
            json.WriteString("unit", "metre");
            json.WriteNumber("pixels", there.Length);
            if (there.Length == 0)
                return;
            json.WriteNumber("nearest", there.Min());
            json.WriteNumber("farthest", there.Max());
            json.WriteNumber("mean", there.Average(v => (double)v));
        });
    }
}
