using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Server.Http;

namespace Hwaso.Server.DataSets;

/// <summary>Pictures of the data set's images: the files themselves, smaller ones, and labels over their image.</summary>
/// <param name="data">The data set.</param>
/// <param name="mostPixels">The most pixels of an image that is decoded.</param>
sealed class DataPictures(DataFolder data, long mostPixels)
{
    // Of 60 thumbnails of a page, as many are decoded at a time as there are processors.
    readonly SemaphoreSlim places = new(Environment.ProcessorCount);

    /// <summary>The image; at most <paramref name="size"/> pixels at its longer side, or its file as it is.</summary>
    /// <exception cref="RequestFailure">The file is not there (404), no image (422) or too large (413).</exception>
    public async Task<(byte[] Bytes, string Type)> ImageAsync(DataImage image, int? size, CancellationToken stop)
    {
        await places.WaitAsync(stop);
        try
        {
            var bytes = data.Read(image.Sample.ImagePath);
            if (size is null && TypeOf(bytes) is { } type)
                return (bytes, type);
            var picture = Decode(bytes, image.Sample.ImagePath);
            return size is { } most ? (Jpeg.Encode(Smaller(picture, most), 85), "image/jpeg") : (Png.Encode(picture), "image/png");
        }
        finally
        {
            places.Release();
        }
    }

    /// <summary>The image with its labels' colours over it, as JPEG.</summary>
    /// <inheritdoc cref="ImageAsync"/>
    public async Task<byte[]> OverlayAsync(DataImage image, int size, float opacity, CancellationToken stop)
    {
        await places.WaitAsync(stop);
        try
        {
            var picture = Decode(data.Read(image.Sample.ImagePath), image.Sample.ImagePath);
            var small = Smaller(picture, size);
            if (image.Sample.LabelPath is not { } path || Labels(image, path) is not { } labels
                || labels.Width != picture.Width || labels.Height != picture.Height)
                return Jpeg.Encode(small, 85);
            var shown = Resize.Nearest(labels, small.Width, small.Height);
            return Jpeg.Encode(Overlay.Blend(small, shown, data.Classes.Palette, opacity), 85);
        }
        finally
        {
            places.Release();
        }
    }

    // A label that cannot be read is a finding of the check; its image can still be shown.
    static LabelMap? Labels(DataImage image, string path)
    {
        try
        {
            return LabelFile.Meanings(image.Table.Read(path), image.Table);
        }
        catch (Exception error) when (error is DatasetException or ImageFormatException or IOException)
        {
            return null;
        }
    }

    RgbImage Decode(byte[] bytes, string path)
    {
        try
        {
            var (width, height) = ImageFile.Size(bytes, data.Relative(path));
            return (long)width * height <= mostPixels ? ImageFile.DecodeRgb(bytes, data.Relative(path)) : throw RequestFailure.TooLarge(
                $"{data.Relative(path)} has {width}×{height} pixels, more than {mostPixels}; start the server with a larger --max-pixels");
        }
        catch (ImageFormatException error)
        {
            throw new RequestFailure(422, error.Message);
        }
    }

    static RgbImage Smaller(RgbImage image, int most)
    {
        var share = (double)most / Math.Max(image.Width, image.Height);
        return share >= 1 ? image
            : Resize.Bilinear(image, Math.Max(1, (int)(image.Width * share)), Math.Max(1, (int)(image.Height * share)));
    }

    // Files that browsers show; others are sent as PNG. The first bytes decide, so that nothing but an image leaves.
    static string? TypeOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : bytes.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]) ? "image/jpeg"
        : bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? "image/webp"
        : null;
}
