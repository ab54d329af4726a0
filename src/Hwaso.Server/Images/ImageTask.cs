using System.Globalization;
using System.Text.Json;
using Hwaso.Imaging;
using Hwaso.Runtime.Poses;
using Hwaso.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Images;

/// <summary>What a network does with an image: the part of the interface for images that differs between tasks.</summary>
abstract class ImageTask
{
    /// <summary>The last part of the address: <c>segment</c>, <c>poses</c>, <c>boxes</c> or <c>depth</c>.</summary>
    public abstract string Address { get; }

    /// <summary>The forms of the answer, the usual one first.</summary>
    public abstract IReadOnlyList<AnswerForm> Forms { get; }

    /// <summary>Runs the network; the result writes the answer, which needs the network no more.</summary>
    /// <exception cref="ArgumentException">The network does not take the image or the question.</exception>
    public abstract Func<AnswerForm, ReadOnlyMemory<byte>> Run(
        string model, RgbImage image, ImageQuestion question, CancellationToken stop);

    /// <summary>Writes members that describe the network: its classes or joints.</summary>
    public abstract void Describe(Utf8JsonWriter json);

    /// <summary>An object's members as the bytes of JSON.</summary>
    protected static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json.Plain))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}

/// <summary>What a request asks of an image.</summary>
sealed record ImageQuestion
{
    const int MostBoxes = 256;

    // Coarser than a screen shows.
    const double MostSimple = 100;

    /// <summary>The form of the answer.</summary>
    public required AnswerForm Form { get; init; }

    /// <summary>The share of the colours in an overlay.</summary>
    public double Opacity { get; init; }

    /// <summary>The probability above which a pixel is of the second class; null for the network's own.</summary>
    public double? Threshold { get; init; }

    /// <summary>How far in pixels polygons may depart from the pixels' borders.</summary>
    public double Simplify { get; init; }

    /// <summary>The least score of objects that are listed.</summary>
    public double Score { get; init; }

    /// <summary>Boxes of people; null for one person who fills the image.</summary>
    public IReadOnlyList<PoseBox>? Boxes { get; init; }

    /// <summary>Reads the address and the header Accept.</summary>
    /// <exception cref="RequestFailure">A value is no number of its range (400), or no form of the answer is accepted (406).</exception>
    public static ImageQuestion Of(HttpRequest request, IReadOnlyList<AnswerForm> forms) => new()
    {
        Form = AnswerChoice.Of(request, forms),
        Opacity = Number(request, "opacity", 0, 1) ?? 0.5,
        Threshold = Number(request, "threshold", 0.000001, 0.999999),
        Score = Number(request, "score", 0, 1) ?? 0,
        Simplify = Number(request, "simplify", 0, MostSimple) ?? 0,
        Boxes = request.Query["box"] is { Count: > 0 } boxes ? [.. boxes.Take(MostBoxes).Select(Box)] : null,
    };

    /// <summary>A number in the address; null if it is not there.</summary>
    /// <exception cref="RequestFailure">It is no number of the range (400).</exception>
    public static double? Number(HttpRequest request, string name, double least, double most)
    {
        if (!request.Query.TryGetValue(name, out var text))
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw RequestFailure.BadRequest(
                string.Create(CultureInfo.InvariantCulture, $"{name}={text}: a number from {least} to {most} was wanted"));
    }

    static PoseBox Box(string? text)
    {
        var parts = (text ?? "").Split(',');
        var numbers = new double[parts.Length];
        for (var k = 0; k < parts.Length; k++)
            if (!double.TryParse(parts[k], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[k])
                || !double.IsFinite(numbers[k]))
                throw Wrong();
        return numbers is [var x, var y, > 0 and var width, > 0 and var height] ? new PoseBox(x, y, width, height) : throw Wrong();

        RequestFailure Wrong() => RequestFailure.BadRequest($"box={text}: X,Y,WIDTH,HEIGHT in pixels was wanted, the sides above 0");
    }
}
