using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The class of each pixel.</summary>
/// <param name="network">The network.</param>
/// <param name="file">The model under it.</param>
/// <param name="mostBytes">The most bytes of the scores that probabilities are computed from.</param>
/// <param name="torch">Computes on libtorch; null for Hwaso.Runtime.</param>
sealed class SegmentTask(SegmentationModel network, OnnxModel file, long mostBytes, TorchEngine? torch) : ImageTask
{
    public override string Address => "segment";

    public override IReadOnlyList<AnswerForm> Forms => LabelAnswer.Forms;

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        var threshold = question.Threshold;
        if (threshold is not null && network.Metadata.OneChannel is not (OneChannel.Logit or OneChannel.Probability))
            throw new ArgumentException("a threshold is for networks of one output channel; this one has a score for each class");
        var isCertain = question.Form == LabelAnswer.Probability;
        if (isCertain)
            CheckMemory(image);
        if (torch is not null)
        {
            var found = torch.Segment(image, threshold, stop);
            var scores = isCertain ? torch.Scores(image, stop) : null;
            return form => isCertain ? Certainty.Encode(found, scores, network.Metadata.OneChannel)
                : LabelAnswer.Write(form, model, image, found, network.Classes, question);
        }
        var result = network.Segment(image.Pixels, image.Width, image.Height, withScores: isCertain || threshold is not null, stop);
        var labels = new LabelMap(result.Width, result.Height, result.Labels);
        if (threshold is { } share)
            Decide(result.Scores!, network.Metadata.OneChannel == OneChannel.Logit ? Math.Log(share / (1 - share)) : share, labels.Labels);
        return form => isCertain ? Certainty.Encode(labels, result.Scores, network.Metadata.OneChannel)
            : LabelAnswer.Write(form, model, image, labels, network.Classes, question);
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
        Prepare(json);
    }

    /// <summary>Says how an image becomes the network's input, for programs that run its file themselves.</summary>
    void Prepare(Utf8JsonWriter json)
    {
        var metadata = network.Metadata;
        json.WriteStartObject("preparation");
        json.WriteNumber("channels", network.Channels);
        foreach (var (name, numbers) in new[] { ("mean", metadata.Mean), ("deviation", metadata.Deviation) })
        {
            json.WriteStartArray(name);
            foreach (var number in numbers)
                json.WriteNumberValue(number);
            json.WriteEndArray();
        }
        json.WriteNumber("range", metadata.Range);
        if (file.Inputs[0].Shape is { Count: 4 } shape)
        {
            json.WriteStartArray("input");
            foreach (var size in shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
        }
        json.WriteBoolean("align_corners", metadata.AlignCorners);
        if (metadata.OneChannel is { } one)
            json.WriteString("one_channel", one.ToString().ToLowerInvariant());
        json.WriteEndObject();
    }

    void CheckMemory(RgbImage image)
    {
        var bytes = (long)sizeof(float) * image.Width * image.Height * (network.ClassCount ?? 1);
        if (bytes > mostBytes)
            throw new ArgumentException($"probabilities of an image of {image.Width}×{image.Height} pixels need {bytes} bytes of scores; "
                + $"{mostBytes} are allowed: ask for as=png, or start the server with a larger --max-run-bytes");
    }

    // The scores of the second class are the network's values; those of the first hold its own threshold.
    static void Decide(float[] scores, double least, byte[] labels)
    {
        for (var k = 0; k < labels.Length; k++)
            labels[k] = scores[labels.Length + k] > least ? (byte)1 : (byte)0;
    }
}
