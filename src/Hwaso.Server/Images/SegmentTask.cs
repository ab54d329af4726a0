using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The class of each pixel.</summary>
sealed class SegmentTask(SegmentationModel network) : ImageTask
{
    public override string Address => "segment";

    public override IReadOnlyList<AnswerForm> Forms => LabelAnswer.Forms;

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        var threshold = question.Threshold;
        if (threshold is not null && network.Metadata.OneChannel is not (OneChannel.Logit or OneChannel.Probability))
            throw new ArgumentException("a threshold is for networks of one output channel; this one has a score for each class");
        var result = network.Segment(image.Pixels, image.Width, image.Height, withScores: threshold is not null, stop);
        var labels = new LabelMap(result.Width, result.Height, result.Labels);
        if (threshold is { } share)
            Decide(result.Scores!, network.Metadata.OneChannel == OneChannel.Logit ? Math.Log(share / (1 - share)) : share, labels.Labels);
        return form => LabelAnswer.Write(form, model, image, labels, network.Classes, (float)question.Opacity);
    }

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteStartArray("classes");
        foreach (var (k, one) in network.Classes.Index())
        {
            json.WriteStartObject();
            json.WriteNumber("class", k);
            json.WriteString("name", one.Name);
            json.WriteString("color", $"#{one.R:x2}{one.G:x2}{one.B:x2}");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (network.Metadata.OneChannel is not null)
            json.WriteNumber("threshold", network.Metadata.Threshold);
    }

    // The scores of the second class are the network's values; those of the first hold its own threshold.
    static void Decide(float[] scores, double least, byte[] labels)
    {
        for (var k = 0; k < labels.Length; k++)
            labels[k] = scores[labels.Length + k] > least ? (byte)1 : (byte)0;
    }
}
