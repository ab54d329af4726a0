namespace Hwaso.Imaging;

/// <summary>
/// An image of any number of channels, of 8 or 16 bits each: rows from the top, the channels of a pixel side by side, no padding.
/// </summary>
public sealed class ChannelImage
{
    const int Colours = 3;

    /// <summary>An image over existing values of 8 bits.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="bytes">height × width × C values, kept and not copied.</param>
    /// <exception cref="ArgumentException">The size is not positive, or the buffer does not fit it.</exception>
    public ChannelImage(int width, int height, int channels, byte[] bytes) : this(width, height, channels)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        Bytes = PixelBuffer.Check(bytes, width, height, channels);
    }

    /// <summary>An image over existing values of 16 bits.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="words">height × width × C values, kept and not copied.</param>
    /// <exception cref="ArgumentException">The size is not positive, or the buffer does not fit it.</exception>
    public ChannelImage(int width, int height, int channels, ushort[] words) : this(width, height, channels)
    {
        ArgumentNullException.ThrowIfNull(words);
        Words = PixelBuffer.Check(words, width, height, channels);
    }

    /// <summary>A colour image; its pixels are shared.</summary>
    public ChannelImage(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        (Width, Height, Channels, Bytes) = (image.Width, image.Height, Colours, image.Pixels);
    }

    /// <summary>A colour image with shared pixels.</summary>
    public static implicit operator ChannelImage(RgbImage image) => new(image);

    ChannelImage(int width, int height, int channels)
    {
        if (channels < 1)
            throw new ArgumentException($"an image of {channels} channels; at least 1 was wanted", nameof(channels));
        (Width, Height, Channels) = (width, height, channels);
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>height × width × C values of 8 bits; null for an image of 16 bits.</summary>
    public byte[]? Bytes { get; }

    /// <summary>height × width × C values of 16 bits; null for an image of 8 bits.</summary>
    public ushort[]? Words { get; }

    /// <summary>8 or 16.</summary>
    public int Bits => Words is null ? 8 : 16;

    /// <summary>The size of its values in memory, in bytes.</summary>
    public long SizeBytes => Bytes?.LongLength ?? sizeof(ushort) * Words!.LongLength;

    /// <summary>
    /// The image as a picture: its first three channels as red, green and blue, or its first as gray where it has fewer; of 16 bits the
    /// upper 8. A colour image of 8 bits shares its pixels.
    /// </summary>
    public RgbImage ToRgb()
    {
        if (Channels == Colours && Bytes is not null)
            return new RgbImage(Width, Height, Bytes);
        var pixels = PixelBuffer.Uncleared<byte>(Width, Height, Colours);
        for (int from = 0, to = 0; to < pixels.Length; from += Channels, to += Colours)
            for (var c = 0; c < Colours; c++)
                pixels[to + c] = Upper(from + (Channels < Colours ? 0 : c));
        return new RgbImage(Width, Height, pixels);
    }

    /// <summary>Whether an image of so many channels can be read as one of others: the same number, or gray from colours.</summary>
    /// <param name="stored">Channels of the file.</param>
    /// <param name="wanted">Channels that are wanted.</param>
    public static bool Fits(int stored, int wanted) => stored == wanted || (wanted == 1 && stored <= 4);

    /// <summary>
    /// The image with as many channels as wanted: itself, or gray by ITU-R BT.601 from colours, without opacity. Null where its number of
    /// channels does not fit.
    /// </summary>
    public ChannelImage? As(int wanted) =>
        wanted == Channels ? this : !Fits(Channels, wanted) ? null
        : Bytes is { } bytes ? new ChannelImage(Width, Height, 1, Gray(bytes, v => v, v => (byte)v))
        : new ChannelImage(Width, Height, 1, Gray(Words!, v => v, v => (ushort)v));

    T[] Gray<T>(T[] values, Func<T, int> number, Func<int, T> value)
    {
        var gray = new T[Width * Height];
        for (int k = 0, from = 0; k < gray.Length; k++, from += Channels)
            gray[k] = Channels < Colours ? values[from]
                : value((299 * number(values[from]) + 587 * number(values[from + 1]) + 114 * number(values[from + 2]) + 500) / 1000);
        return gray;
    }

    byte Upper(int at) => Bytes is { } bytes ? bytes[at] : (byte)(Words![at] >> 8);
}
