using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>Makes colours and class indices of a TIFF's samples.</summary>
static class TiffSamples
{
    /// <summary>
    /// Colours of 8 bits: palettes are looked up, gray is expanded, opacity and channels behind the colours are dropped, and of 16 bits the
    /// upper 8 are taken.
    /// </summary>
    /// <exception cref="ImageFormatException">There are more channels than gray and opacity, and none is a colour.</exception>
    public static RgbImage Rgb(in TiffDecoder tiff, string name)
    {
        if (tiff.Colours < TiffColours.Rgb && tiff.Samples > 2)
            throw new ImageFormatException(name, $"a TIFF of {tiff.Samples} channels that are no colours, where colours were wanted; "
                + $"a network takes all of them with model.in_channels: {tiff.Samples}");
        var image = new RgbImage(tiff.Width, tiff.Height, PixelBuffer.Uncleared<byte>(tiff.Width, tiff.Height, 3));
        var (pixels, width, bytes, palette) = (image.Pixels, tiff.Width, tiff.Bits / 8, tiff.Palette());
        var (upper, colours, planar) = (tiff.Bits == 16 && tiff.IsLittleEndian ? 1 : 0, tiff.Colours, tiff.IsPlanar);
        var step = bytes * (planar ? 1 : tiff.Samples);
        tiff.Decode((line, x, y, channel) =>
        {
            if (channel >= (colours == TiffColours.Rgb ? 3 : 1))
                return;
            for (int from = upper, to = 3 * (y * width + x); from < line.Length; from += step, to += 3)
                if (colours == TiffColours.Palette)
                    palette.AsSpan(3 * line[from], 3).CopyTo(pixels.AsSpan(to));
                else if (colours == TiffColours.Rgb && planar)
                    pixels[to + channel] = line[from];
                else if (colours == TiffColours.Rgb)
                    (pixels[to], pixels[to + 1], pixels[to + 2]) = (line[from], line[from + bytes], line[from + 2 * bytes]);
                else
                    pixels[to] = pixels[to + 1] = pixels[to + 2] = colours == TiffColours.WhiteIsZero ? (byte)~line[from] : line[from];
        });
        return image;
    }

    /// <summary>The channels as the file stores them; a palette is looked up, and 0 is black.</summary>
    /// <exception cref="ImageFormatException">The image does not fit into an array.</exception>
    public static ChannelImage Stored(in TiffDecoder tiff, string name)
    {
        if (tiff.Colours == TiffColours.Palette)
            return new ChannelImage(Rgb(tiff, name));
        var (width, bits, little, samples, planar) = (tiff.Width, tiff.Bits, tiff.IsLittleEndian, tiff.Samples, tiff.IsPlanar);
        ImageLimits.CheckArray(name, width, tiff.Height, samples * bits / 8);
        var (inverse, step) = (tiff.Colours == TiffColours.WhiteIsZero ? ushort.MaxValue : (ushort)0, planar ? samples : 1);
        if (bits == 8)
        {
            var bytes = PixelBuffer.Uncleared<byte>(width, tiff.Height, samples);
            tiff.Decode((line, x, y, channel) =>
            {
                for (int k = 0, to = (y * width + x) * samples + channel; k < line.Length; k++, to += step)
                    bytes[to] = (byte)(line[k] ^ inverse);
            });
            return new ChannelImage(width, tiff.Height, samples, bytes);
        }
        var words = PixelBuffer.Uncleared<ushort>(width, tiff.Height, samples);
        tiff.Decode((line, x, y, channel) =>
        {
            for (int k = 0, to = (y * width + x) * samples + channel; 2 * k < line.Length; k++, to += step)
                words[to] = (ushort)(Sample(line, k, bits, little) ^ inverse);
        });
        return new ChannelImage(width, tiff.Height, samples, words);
    }

    /// <summary>
    /// Class indices: those of a palette (its colours do not matter), or gray values of 0 to 255, whether the file has one channel, three
    /// equal ones, or opaque pixels besides.
    /// </summary>
    /// <exception cref="ImageFormatException">The pixels are coloured, above 255 or not opaque, or 0 stands for white.</exception>
    public static LabelMap Labels(in TiffDecoder tiff, string name)
    {
        var (width, bits, little, samples) = (tiff.Width, tiff.Bits, tiff.IsLittleEndian, tiff.Samples);
        var channels = tiff.Colours == TiffColours.Rgb ? 3 : 1;
        if (tiff.Colours == TiffColours.WhiteIsZero)
            throw new ImageFormatException(name, "a TIFF whose 0 is white, where class indices were expected: programs read its values the "
                + "one way or the other; export it as PNG, or with 0 as black");
        if (samples > channels + 1 || tiff.IsPlanar)
            throw new ImageFormatException(name, $"a TIFF of {samples} channels where class indices were expected; export one channel");
        var values = PixelBuffer.Uncleared<byte>(width, tiff.Height, 1);
        tiff.Decode((line, x, y, _) =>
        {
            for (var k = 0; k * samples * bits < line.Length * 8; k++)
            {
                var first = Sample(line, k * samples, bits, little);
                if (channels == 3 && Sample(line, k * samples + 1, bits, little) is var second
                    && Sample(line, k * samples + 2, bits, little) is var third && (second != first || third != first))
                    throw new ImageFormatException(name, $"a colour TIFF of {bits} bits where class indices were expected: pixel "
                        + $"({x + k}, {y}) is ({first}, {second}, {third}); where colours stand for classes, describe them with the layout "
                        + "folder and encoding: color");
                if (first > byte.MaxValue)
                    throw new ImageFormatException(name, $"a TIFF of 16 bits where class indices from 0 to 255 were expected: pixel "
                        + $"({x + k}, {y}) is {first}; is it an instance or depth map?");
                if (samples > channels && Sample(line, k * samples + channels, bits, little) != (1 << bits) - 1)
                    throw new ImageFormatException(name, $"a TIFF with transparent pixels where class indices were expected: pixel "
                        + $"({x + k}, {y}) is not opaque, so that its value may mean nothing; export it without opacity");
                values[y * width + x + k] = (byte)first;
            }
        });
        return new LabelMap(width, tiff.Height, values);
    }

    static int Sample(ReadOnlySpan<byte> line, int k, int bits, bool little) => bits == 8 ? line[k]
        : little ? BinaryPrimitives.ReadUInt16LittleEndian(line[(2 * k)..]) : BinaryPrimitives.ReadUInt16BigEndian(line[(2 * k)..]);
}
