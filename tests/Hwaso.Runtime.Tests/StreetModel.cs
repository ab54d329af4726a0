using Hwaso.Onnx;

namespace Hwaso.Runtime.Tests;

/// <summary>
/// A segmentation network of three layers that sees only a few pixels around each: small, fast, and independent of how an image is cut.
/// </summary>
static class StreetModel
{
    public const int Classes = 5;

    /// <summary>Writes the network's file for images of any size; its scores are 4 times smaller than the image.</summary>
    /// <param name="labels">Whether the file returns labels instead of scores.</param>
    /// <param name="metadata">The metadata in the file.</param>
    public static byte[] File(bool labels = false, Dictionary<string, string>? metadata = null)
    {
        var random = new Random(3);
        float[] Weights(int count) => Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w1", [16, 3, 3, 3], Weights(16 * 27));
        document.Weight("w2", [Classes, 16, 1, 1], Weights(Classes * 16));
        document.Node("Conv", "first", ["image", "w1"], ["a"], OnnxValue.Of("pads", 1, 1, 1, 1));
        document.Node("Relu", "", ["a"], ["b"]);
        document.Node("AveragePool", "", ["b"], ["c"], OnnxValue.Of("kernel_shape", 4, 4), OnnxValue.Of("strides", 4, 4));
        document.Node("Conv", "second", ["c", "w2"], ["scores"]);
        if (labels)
            document.Node("ArgMax", "", ["scores"], ["labels"], OnnxValue.Of("axis", 1L), OnnxValue.Of("keepdims", 0L));
        if (labels)
            document.Output("labels", OnnxDataType.Int64, (1, ""), (null, "h"), (null, "w"));
        else
            document.Output("scores", OnnxDataType.Float32, (1, ""), (Classes, ""), (null, "h"), (null, "w"));
        return document.ToArray(metadata ?? []);
    }

    /// <summary>An image of soft waves, with another wavelength and direction for each colour.</summary>
    public static byte[] Image(int width, int height)
    {
        var image = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var c = 0; c < 3; c++)
                    image[(((y * width) + x) * 3) + c] = (byte)(127.5 + (127 * Math.Sin((x * (c + 1) * 0.07) + (y * (3 - c) * 0.05) + c)));
        return image;
    }
}
