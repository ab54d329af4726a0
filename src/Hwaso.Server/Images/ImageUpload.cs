using Hwaso.Imaging;
using Hwaso.Server.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Hwaso.Server.Images;

/// <summary>The image in a request: the body itself, or a field of a form. Its size is checked before a pixel is decoded.</summary>
static class ImageUpload
{
    // Types that say where the image is, not what it is, are as good as none: the first bytes decide.
    const string Accepted = "image/png, image/jpeg, image/webp, image/bmp, image/gif, image/tiff, multipart/form-data";

    const int MostFields = 16, LongestBoundary = 128;

    /// <summary>Refuses a type that no image has, before the body is read.</summary>
    /// <exception cref="RequestFailure">415.</exception>
    public static void CheckType(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType))
            return;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            throw RequestFailure.WrongType($"Content-Type: {contentType} cannot be read; send one of {Accepted}", Accepted);
        if (type.MediaType == "application/x-www-form-urlencoded")
            throw RequestFailure.WrongType(
                "Content-Type: application/x-www-form-urlencoded, which curl --data-binary sends by itself; use curl -T FILE, or add "
                + "-H 'Content-Type: image/png'", Accepted);
        if (!(type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType == "multipart/form-data"
            || type.MediaType == "application/octet-stream"))
            throw RequestFailure.WrongType($"Content-Type: {type.MediaType} is no image; send one of {Accepted}", Accepted);
    }

    /// <summary>The bytes of the image in a body.</summary>
    /// <exception cref="RequestFailure">The form is broken or has no file (400).</exception>
    public static async Task<ReadOnlyMemory<byte>> BytesAsync(HeldBody body, string? contentType, CancellationToken stop)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.MediaType != "multipart/form-data")
            return body.Bytes;
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        if (boundary.Length is 0 or > LongestBoundary)
            throw RequestFailure.BadRequest($"the form has no boundary of 1 to {LongestBoundary} characters");
        try
        {
            var form = new MultipartReader(boundary, body.Open());
            for (var field = 0; await form.ReadNextSectionAsync(stop) is { } section; field++)
            {
                if (field == MostFields)
                    throw RequestFailure.BadRequest($"the form has more than {MostFields} fields");
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                    continue;
                var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
                if (disposition.FileName.Length == 0 && disposition.FileNameStar.Length == 0 && name is not ("image" or "file"))
                    continue;
                var bytes = new MemoryStream();
                await section.Body.CopyToAsync(bytes, stop);
                return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw RequestFailure.BadRequest($"the form is broken: {error.Message}");
        }
        throw RequestFailure.BadRequest("the form has no file; send the image as a field with a file name, as curl -F image=@FILE does");
    }

    /// <summary>Width and height from the header.</summary>
    /// <exception cref="RequestFailure">It is no image (415), is broken (422), or has too many pixels (413).</exception>
    public static (int Width, int Height) Size(ReadOnlySpan<byte> bytes, long most)
    {
        if (bytes.IsEmpty)
            throw RequestFailure.BadRequest("the body is empty; an image was wanted");
        try
        {
            var (width, height) = ImageFile.Size(bytes, "the image");
            return (long)width * height <= most ? (width, height) : throw RequestFailure.TooLarge(
                $"an image of {width}×{height} pixels; at most {most} were wanted: make it smaller, or start the server with a larger "
                + "--max-pixels");
        }
        catch (ImageFormatException error)
        {
            throw !ImageFile.HasKnownStart(bytes) ? RequestFailure.WrongType(error.Message, Accepted)
                : error.Claimed is { } claimed && claimed.Width * claimed.Height > most ? RequestFailure.TooLarge(error.Message)
                : new RequestFailure(422, error.Message);
        }
    }
}
