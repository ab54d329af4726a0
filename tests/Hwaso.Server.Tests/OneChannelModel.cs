using Hwaso.Onnx;
using Hwaso.Runtime;

namespace Hwaso.Server.Tests;

/// <summary>A network of one channel, a logit: the brightness of a pixel of any size of image.</summary>
static class OneChannelModel
{
    public static byte[] File()
    {
        using var document = new OnnxDocument();
        document.Input("image", OnnxDataType.Float32, (1, ""), (3, ""), (null, "height"), (null, "width"));
        document.Weight("w", [1, 3, 1, 1], [1.5f, 1f, 0.5f]);
        document.Node("Conv", "only", ["image", "w"], ["scores"]);
        document.Output("scores", OnnxDataType.Float32, (1, ""), (1, ""), (null, "h"), (null, "w"));
        return document.ToArray(new Dictionary<string, string>
        {
            [SegmentationMetadata.OneChannelKey] = "logit",
            [SegmentationMetadata.ThresholdKey] = "0.5",
        });
    }
}
