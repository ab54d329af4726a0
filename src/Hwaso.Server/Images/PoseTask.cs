using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime.Poses;
using Hwaso.Server.Http;

namespace Hwaso.Server.Images;

/// <summary>The joints of people, in boxes that the request names or on the whole image.</summary>
/// <param name="network">The exported network.</param>
/// <param name="torch">Computes on libtorch; null for Hwaso.Runtime.</param>
sealed class PoseTask(PoseModel network, TorchEngine? torch) : ImageTask
{
    // Joints below this score are not drawn; the JSON has them.
    const double DrawnFrom = 0.2;

    public override string Address => "poses";

    public override IReadOnlyList<AnswerForm> Forms { get; } = [LabelAnswer.Json, LabelAnswer.Overlay];

    public override Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop)
    {
        var people = torch is not null ? torch.Estimate(image, question.Boxes, stop)
            : network.Estimate(image.Pixels, image.Width, image.Height, question.Boxes, stop);
        if (!people.All(p => double.IsFinite(p.Score) && p.Keypoints.All(float.IsFinite)))
            throw new ArithmeticException("the network's joints are not finite; check the file's weights and its normalisation");
        return form => form == LabelAnswer.Overlay ? Draw(image, people) : Object(json => Write(json, model, image, people));
    }

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteStartArray("joints");
        foreach (var joint in network.Metadata.Joints)
            json.WriteStringValue(joint);
        json.WriteEndArray();
        json.WriteStartArray("skeleton");
        foreach (var (from, to) in network.Metadata.Skeleton)
        {
            json.WriteStartArray();
            json.WriteNumberValue(from);
            json.WriteNumberValue(to);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    ReadOnlyMemory<byte> Draw(RgbImage image, IReadOnlyList<EstimatedPose> people)
    {
        var picture = new RgbImage(image.Width, image.Height, (byte[])image.Pixels.Clone());
        foreach (var (n, person) in people.Index())
            Skeleton.Draw(picture, [.. person.Keypoints.Select(v => (double)v)], network.Metadata.Skeleton, DrawnFrom,
                people.Count > 1 ? n : null);
        return Png.Encode(picture);
    }

    void Write(Utf8JsonWriter json, string model, RgbImage image, IReadOnlyList<EstimatedPose> people)
    {
        json.WriteString("model", model);
        json.WriteNumber("width", image.Width);
        json.WriteNumber("height", image.Height);
        json.WriteStartArray("people");
        foreach (var person in people)
        {
            json.WriteStartObject();
            json.WriteStartArray("box");
            foreach (var side in new[] { person.Box.X, person.Box.Y, person.Box.Width, person.Box.Height })
                json.WriteNumberValue(side);
            json.WriteEndArray();
            json.WriteNumber("score", person.Score);
            json.WriteStartArray("joints");
            for (var k = 0; k < network.Metadata.Joints.Count; k++)
            {
                json.WriteStartObject();
                json.WriteString("name", network.Metadata.Joints[k]);
                json.WriteNumber("x", person.Keypoints[3 * k]);
                json.WriteNumber("y", person.Keypoints[(3 * k) + 1]);
                json.WriteNumber("score", person.Keypoints[(3 * k) + 2]);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
