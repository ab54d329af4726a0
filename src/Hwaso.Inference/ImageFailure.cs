using Hwaso.Torch;

namespace Hwaso.Inference;

/// <summary>An image that could not be used among others that could.</summary>
/// <param name="Image">The image file.</param>
/// <param name="Problem">Its file and the reason, in a sentence.</param>
public sealed record ImageFailure(string Image, string Problem)
{
    /// <summary>The failure of an image by whatever it threw while it was read or segmented: its format, its size, or its memory.</summary>
    /// <param name="image">The image file.</param>
    /// <param name="error">The exception.</param>
    public static ImageFailure Of(string image, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var reason = error switch
        {
            OutOfMemoryException => "too little memory for it; make it smaller, or split it into tiles",
            TorchException { IsOutOfMemory: true } => $"too little memory for it: {error.Message}",
            _ => error.Message,
        };
        return new ImageFailure(image, reason.Contains(image, StringComparison.Ordinal) ? reason : $"{image}: {reason}");
    }
}
