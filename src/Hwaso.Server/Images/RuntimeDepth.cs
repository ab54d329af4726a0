using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hwaso.Data;
using Hwaso.Data.Depth;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Runtime.Format;

namespace Hwaso.Server.Images;

/// <summary>Estimates depth with an exported network on Hwaso.Runtime.</summary>
sealed class RuntimeDepth
{
    const int Colours = 3, Values = 256;

    readonly OnnxModel network;
    readonly float[] table = new float[Colours * Values];
    readonly string name;

    // Sessions of the last size that was asked for.
    readonly ConcurrentBag<Session> idle = [];
    (int Height, int Width) size;

    /// <summary>Depth by a network whose input is [1, 3, H, W] and whose first output is [1, 1, h, w].</summary>
    /// <exception cref="ModelFormatException">It has other inputs, or names no normalisation.</exception>
    public RuntimeDepth(OnnxModel network, string name)
    {
        (this.network, this.name) = (network, name);
        if (network.Inputs is not [{ IsFloat: true, Shape: [1 or -1, 3 or -1, _, _] }])
            throw new ModelFormatException(name, "is not a depth network: one input [1, 3, H, W] was wanted");
        var (mean, deviation) = (Numbers(SegmentationMetadata.MeanKey), Numbers(SegmentationMetadata.DeviationKey));
        for (var k = 0; k < table.Length; k++)
            table[k] = (float)(((k % Values / 255.0) - mean[k / Values]) / deviation[k / Values]);
    }

    /// <summary>The depth of an image in metres, at its own size.</summary>
    /// <exception cref="ArgumentException">The network does not take the image.</exception>
    public DepthMap Estimate(RgbImage image, CancellationToken stop)
    {
        var shape = network.Inputs[0].Shape!;
        var (height, width) = (shape[2] > 0 ? shape[2] : image.Height, shape[3] > 0 ? shape[3] : image.Width);
        var seen = (height, width) == (image.Height, image.Width) ? image : Resize.Bilinear(image, width, height);
        var session = Take(height, width);
        var input = session.Input(0);
        for (var c = 0; c < Colours; c++)
            for (int k = 0, area = height * width; k < area; k++)
                input[(c * area) + k] = table[(c * Values) + seen.Pixels[(Colours * k) + c]];
        session.Run(stop);
        if (session.OutputShape(0) is not [1, 1, var rows, var columns])
            throw new ArgumentException($"the network answers [{string.Join(", ", session.OutputShape(0).ToArray())}]; [1, 1, h, w] was "
                + "wanted");
        var depth = new DepthMap(image.Width, image.Height, Enlarged(session.Output(0), rows, columns, image.Height, image.Width));
        Keep(session, height, width);
        return depth;
    }

    Session Take(int height, int width)
    {
        lock (idle)
            if (size == (height, width) && idle.TryTake(out var session))
                return session;
        return network.Open([1, Colours, height, width]);
    }

    void Keep(Session session, int height, int width)
    {
        lock (idle)
        {
            if (size != (height, width))
                idle.Clear();
            size = (height, width);
            idle.Add(session);
        }
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
