using System.Text.Json;
using Hwaso.Checkpoints;
using Hwaso.Imaging;
using Hwaso.Inference;
using Hwaso.Inference.Explaining;
using Hwaso.Recipes;
using Hwaso.Server.Http;
using Hwaso.Torch;

namespace Hwaso.Server.Images;

/// <summary>A run's attention at a pixel, on libtorch: an exported file shows its answers alone.</summary>
/// <param name="source">The run folder or checkpoint.</param>
/// <param name="device">Where it computes.</param>
sealed class Explainer(string source, Device device) : IDisposable
{
    const int SheetColumns = 3, SheetWidth = 480;

    LoadedModel? model;
    bool ends;

    /// <summary>The forms of the answer, the usual one first.</summary>
    public static IReadOnlyList<AnswerForm> Forms { get; } = [LabelAnswer.Png, LabelAnswer.Json];

    /// <summary>Draws the attention; runs on the lane, one at a time.</summary>
    /// <param name="image">The image.</param>
    /// <param name="at">The pixel; null for the whole image.</param>
    /// <exception cref="ArgumentException">The network has no attention, or the pixel lies outside.</exception>
    public Func<AnswerForm, ReadOnlyMemory<byte>> Run(RgbImage image, (int X, int Y)? at)
    {
        lock (this)
        {
            ObjectDisposedException.ThrowIf(ends, this);
            model ??= Opened();
            if (at is { } pixel && (pixel.X >= image.Width || pixel.Y >= image.Height))
                throw new ArgumentException(
                    $"x={pixel.X}, y={pixel.Y}: the image has {image.Width}×{image.Height} pixels, which count from 0");
            using var scope = new Scope();
            var views = new AttentionViewer(model.Net, model.ClassCount).View(
                model.Normalisation.ToTensor(image, device), new AttentionQuestion(At: at));
            var pictures = views.Select(v => (v.Name, Picture: AttentionPicture.Of(image, v, at))).ToArray();
            return form => form == LabelAnswer.Png
                ? Png.Encode(ContactSheet.Of([("image", image), .. pictures], SheetColumns, SheetWidth))
                : Write(views);
        }
    }

    LoadedModel Opened()
    {
        try
        {
            return LoadedModel.Open(source, device);
        }
        // It was there when the server began.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CheckpointException or RecipeException)
        {
            throw RequestFailure.Unreadable(source, error);
        }
    }

    public void Dispose()
    {
        lock (this)
        {
            ends = true;
            model?.Dispose();
            model = null;
        }
    }

    static ReadOnlyMemory<byte> Write(IReadOnlyList<AttentionView> views) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        views = views.Select(v => new { name = v.Name, width = v.Width, height = v.Height, values = v.Values }),
    });
}
