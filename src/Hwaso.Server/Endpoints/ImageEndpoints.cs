using System.Diagnostics;
using System.Globalization;
using Hwaso.Imaging;
using Hwaso.Runtime;
using Hwaso.Server.Http;
using Hwaso.Server.Images;
using Hwaso.Server.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hwaso.Server.Endpoints;

/// <summary>The interface for images: an image in, what the network says about it out.</summary>
static class ImageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, ServerParts parts)
    {
        routes.MapPost("/v1/models/{model}/segment", (HttpContext context, string model) => Segment(context, parts, model));
    }

    static async Task Segment(HttpContext context, ServerParts parts, string name)
    {
        using var time = parts.Begin(context);
        using var lease = parts.Models.Use(name, null);
        var model = lease.Model;
        if (model.Segmentation is not { TakesColours: true } network)
            throw new RequestFailure(422, $"model '{name}' does not segment images of three colours: "
                + (model.NoImages ?? $"it is a network for {model.Task}"));
        var form = AnswerChoice.Of(context.Request, LabelAnswer.Forms);
        var alpha = Number(context.Request, "opacity", 0, 1) ?? 0.5;
        ImageUpload.CheckType(context.Request.ContentType);
        await time.RunAsync(model.Statistics, async () =>
        {
            ReadOnlyMemory<byte> answer;
            using (var body = await parts.Bodies.ReadAsync(context.Request, time.Stop))
            {
                parts.Meters.Bytes("received", body.Length);
                var bytes = await ImageUpload.BytesAsync(body, context.Request.ContentType, time.Stop);
                var (width, height) = ImageUpload.Size(bytes.Span, parts.Settings.MaxPixels);
                using (parts.Queue.Enter(model.Statistics))
                {
                    var began = Stopwatch.GetTimestamp();
                    var image = Decoded(bytes.Span);
                    var decoded = Stopwatch.GetElapsedTime(began);
                    Segmentation? result = null;
                    var times = await parts.Queue.RunAsync(
                        (model, width, height), stop => result = Segmented(network, image, stop), time.Stop);
                    began = Stopwatch.GetTimestamp();
                    answer = LabelAnswer.Write(
                        form, name, image, new LabelMap(result!.Width, result.Height, result.Labels), network.Classes, (float)alpha);
                    model.Statistics.Succeed(decoded, times, Stopwatch.GetElapsedTime(began));
                }
            }
            context.Response.ContentType = form.MediaType;
            parts.Meters.Bytes("sent", answer.Length);
            await Json.WriteAsync(context, answer);
        });
    }

    static RgbImage Decoded(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ImageFile.DecodeRgb(bytes, "the image");
        }
        catch (ImageFormatException error)
        {
            throw new RequestFailure(422, error.Message);
        }
    }

    static Segmentation Segmented(SegmentationModel network, RgbImage image, CancellationToken stop)
    {
        try
        {
            return network.Segment(image.Pixels, image.Width, image.Height, stop: stop);
        }
        catch (Exception error) when (error is ArgumentException or ArithmeticException)
        {
            throw new RequestFailure(422, error.Message);
        }
    }

    /// <summary>A number in the address; null if it is not there.</summary>
    /// <exception cref="RequestFailure">It is no number of the range (400).</exception>
    static double? Number(HttpRequest request, string name, double least, double most)
    {
        if (!request.Query.TryGetValue(name, out var text))
            return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw RequestFailure.BadRequest(
                string.Create(CultureInfo.InvariantCulture, $"{name}={text}: a number from {least} to {most} was wanted"));
    }
}
