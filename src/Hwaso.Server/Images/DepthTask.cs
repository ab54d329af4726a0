using System.Globalization;
using System.Text.Json;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The depth of each pixel in metres.</summary>
sealed class DepthTask : ImageTask
{
    const int Colours = 3, Values = 256;

    static readonly AnswerForm png = new("png", "image/png");

    readonly OnnxModel network;
    readonly float[] table = new float[Colours * Values];
    readonly string name;

    /// <summary>Depth by a network whose input is [1, 3, H, W] and whose first output is [1, 1, h, w].</summary>
    /// <exception cref="ModelFormatException">It has other inputs, or names no normalisation.</exception>
    public DepthTask(OnnxModel network, string name)
    {
        (this.network, this.name) = (network, name);
        if (network.Inputs is not [{ IsFloat: true, Shape: [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(name, "is not a depth network: one input [1, 3, H, W] was wanted");
        var (mean, deviation) = (Numbers(SegmentationMetadata.MeanKey), Numbers(SegmentationMetadata.DeviationKey));
        for (var k = 0; k < table.Length; k++)
            table[k] = (float)(((k % Values / 255.0) - mean[k / Values]) / deviation[k / Values]);
    }

    public override string Address => "depth";

    public override IReadOnlyList<AnswerForm> Forms { get; } = [png, LabelAnswer.Json, LabelAnswer.Overlay];

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        var shape = network.Inputs[0].Shape!;
        var (height, width) = (shape[2] > 0 ? shape[2] : image.Height, shape[3] > 0 ? shape[3] : image.Width);
        var seen = (height, width) == (image.Height, image.Width) ? image : Resize.Bilinear(image, width, height);
        var session = network.Open([1, Colours, height, width]);
        var input = session.Input(0);
        for (var c = 0; c < Colours; c++)
            for (int k = 0, area = height * width; k < area; k++)
                input[(c * area) + k] = table[(c * Values) + seen.Pixels[(Colours * k) + c]];
        session.Run(stop);
        if (session.OutputShape(0) is not [1, 1, var rows, var columns])
            throw new ArgumentException($"the network answers [{string.Join(", ", session.OutputShape(0).ToArray())}]; [1, 1, h, w] was "
                + "wanted");
        var depth = new DepthMap(image.Width, image.Height, Enlarged(session.Output(0), rows, columns, image.Height, image.Width));
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

    // Between the centres of elements, as scores of labels are resized.
    static float[] Enlarged(ReadOnlySpan<float> values, int rows, int columns, int height, int width)
    {
        var result = new float[height * width];
        for (var y = 0; y < height; y++)
        {
            var (top, lower, down) = Between(y, height, rows);
            for (var x = 0; x < width; x++)
            {
                var (left, right, across) = Between(x, width, columns);
                var above = values[(top * columns) + left] + ((values[(top * columns) + right] - values[(top * columns) + left]) * across);
                var below = values[(lower * columns) + left]
                    + ((values[(lower * columns) + right] - values[(lower * columns) + left]) * across);
                result[(y * width) + x] = above + ((below - above) * down);
            }
        }
        return result;
    }

    static (int First, int Second, float Part) Between(int at, int size, int count)
    {
        var place = Math.Clamp(((at + 0.5) * count / size) - 0.5, 0, count - 1);
        var first = (int)place;
        return (first, Math.Min(first + 1, count - 1), (float)(place - first));
    }

    double[] Numbers(string key)
    {
        try
        {
            if (network.Metadata.TryGetValue(key, out var text)
                && JsonSerializer.Deserialize<double[]>(text) is { Length: Colours } numbers)
                return numbers;
        }
        catch (JsonException)
        {
            // Reported below.
        }
        throw new ModelFormatException(name, string.Create(
            CultureInfo.InvariantCulture, $"metadata {key} is not {Colours} numbers; export the network with Hwaso"));
    }
}
