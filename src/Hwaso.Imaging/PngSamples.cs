using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>Makes colours, class indices and 16-bit values of a PNG's samples.</summary>
static class PngSamples
{
    /// <summary>
    /// Colours of 8 bits: palettes are looked up, gray is expanded, opacity is dropped, and of 16 bits the upper 8 are taken.
    /// </summary>
    public static RgbImage Rgb(in PngDecoder png)
    {
        var pixels = PixelBuffer.Uncleared<byte>(png.Width, png.Height, 3);
        var image = new RgbImage(png.Width, png.Height, pixels);
        if (png.IsPlain && png.ColorType == PngColorType.Rgb)
        {
            png.DecodeWhole(pixels);
            return image;
        }
        var (width, depth, channels, palette) = (png.Width, png.BitDepth, png.Channels, png.Palette());
        var samples = new byte[width * channels];
        png.Decode((line, count, x, step, y) =>
        {
            var values = UpperBytes(line, depth, samples.AsSpan(0, count * channels), stretch: palette is null);
            var row = pixels.AsSpan(3 * y * width, 3 * width);
            for (var (k, to) = (0, 3 * x); k < values.Length; k += channels, to += 3 * step)
                if (palette is not null)
                    (row[to], row[to + 1], row[to + 2]) = palette[values[k]];
                else if (channels >= 3)
                    (row[to], row[to + 1], row[to + 2]) = (values[k], values[k + 1], values[k + 2]);
                else
                    (row[to], row[to + 1], row[to + 2]) = (values[k], values[k], values[k]);
        });
        return image;
    }

    /// <summary>The samples as they are stored, of 8 or 16 bits; fewer bits are stretched to 8, and palettes are looked up.</summary>
    public static ChannelImage Stored(in PngDecoder png, string name)
    {
        if (png.ColorType == PngColorType.Indexed)
            return new ChannelImage(Rgb(png));
        ImageLimits.CheckArray(name, png.Width, png.Height, png.Channels * Math.Max(png.BitDepth, 8) / 8);
        var (width, depth, channels) = (png.Width, png.BitDepth, png.Channels);
        if (depth == 16)
        {
            var words = PixelBuffer.Uncleared<ushort>(png.Width, png.Height, channels);
            png.Decode((line, count, x, step, y) =>
            {
                for (var k = 0; k < count; k++)
                    for (var c = 0; c < channels; c++)
                        words[(y * width + x + k * step) * channels + c] = (ushort)Sample(line, k * channels + c, depth);
            });
            return new ChannelImage(png.Width, png.Height, channels, words);
        }
        var bytes = PixelBuffer.Uncleared<byte>(png.Width, png.Height, channels);
        var image = new ChannelImage(png.Width, png.Height, channels, bytes);
        if (png.IsPlain)
        {
            png.DecodeWhole(bytes);
            return image;
        }
        var samples = new byte[width * channels];
        png.Decode((line, count, x, step, y) =>
        {
            var values = UpperBytes(line, depth, samples.AsSpan(0, count * channels), stretch: true);
            for (var k = 0; k < count; k++)
                values.Slice(k * channels, channels).CopyTo(bytes.AsSpan((y * width + x + k * step) * channels));
        });
        return image;
    }

    /// <summary>
    /// Class indices: those of an indexed file (its colours do not matter), or gray values of 0 to 255, whether the file has one channel,
    /// three equal ones, or opaque pixels besides.
    /// </summary>
    /// <exception cref="ImageFormatException">The pixels are coloured, above 255 or not opaque.</exception>
    public static LabelMap Labels(in PngDecoder png, string name)
    {
        var values = PixelBuffer.Uncleared<byte>(png.Width, png.Height, 1);
        var labels = new LabelMap(png.Width, png.Height, values);
        if (png.IsPlain && png.Channels == 1)
        {
            png.DecodeWhole(values);
            return labels;
        }
        var (width, depth, type, channels) = (png.Width, png.BitDepth, png.ColorType, png.Channels);
        if (depth < 8)
        {
            var samples = new byte[width];
            png.Decode((line, count, x, step, y) =>
            {
                UpperBytes(line, depth, samples.AsSpan(0, count), stretch: false);
                for (var k = 0; k < count; k++)
                    values[y * width + x + k * step] = samples[k];
            });
            return labels;
        }
        png.Decode((line, count, x, step, y) =>
        {
            for (var k = 0; k < count; k++, x += step)
            {
                var first = Sample(line, k * channels, depth);
                if (channels >= 3 && (Sample(line, k * channels + 1, depth) != first || Sample(line, k * channels + 2, depth) != first))
                    throw new ImageFormatException(name, $"a colour PNG ({depth}-bit {type}) where class indices were expected: pixel "
                        + $"({x}, {y}) is ({first}, {Sample(line, k * channels + 1, depth)}, {Sample(line, k * channels + 2, depth)}); "
                        + "where colours stand for classes, describe them with the layout folder and encoding: color");
                if (first > byte.MaxValue)
                    throw new ImageFormatException(name, $"a 16-bit {(channels >= 3 ? "colour" : "gray")} PNG where class indices from 0 "
                        + $"to 255 were expected: pixel ({x}, {y}) is {first}; is it an instance or depth map?");
                if (channels is 2 or 4 && Sample(line, (k + 1) * channels - 1, depth) != (1 << depth) - 1)
                    throw new ImageFormatException(name, $"a PNG with transparent pixels ({depth}-bit {type}) where class indices were "
                        + $"expected: pixel ({x}, {y}) is not opaque, so that its value may mean nothing; export it without opacity");
                values[y * width + x] = (byte)first;
            }
        });
        return labels;
    }

    /// <summary>16-bit values of a gray file of 16 or 8 bits.</summary>
    /// <exception cref="ImageFormatException">The file has colours or fewer bits.</exception>
    public static Gray16Image Gray16(in PngDecoder png, string name)
    {
        if (png.ColorType != PngColorType.Gray || png.BitDepth < 8)
            throw new ImageFormatException(name, $"a {png.BitDepth}-bit {png.ColorType} PNG where 16-bit gray values were expected");
        var values = PixelBuffer.Uncleared<ushort>(png.Width, png.Height, 1);
        var (width, depth) = (png.Width, png.BitDepth);
        png.Decode((line, count, x, step, y) =>
        {
            for (var k = 0; k < count; k++)
                values[y * width + x + k * step] = (ushort)Sample(line, k, depth);
        });
        return new Gray16Image(png.Width, png.Height, values);
    }

    static int Sample(ReadOnlySpan<byte> line, int k, int depth) =>
        depth == 16 ? BinaryPrimitives.ReadUInt16BigEndian(line[(2 * k)..]) : line[k];

    /// <summary>A byte for each sample: the upper one of 16 bits; fewer bits as they are, or stretched to 255.</summary>
    static ReadOnlySpan<byte> UpperBytes(ReadOnlySpan<byte> line, int depth, Span<byte> samples, bool stretch)
    {
        if (depth == 8)
            return line;
        if (depth == 16)
        {
            for (var k = 0; k < samples.Length; k++)
                samples[k] = line[2 * k];
            return samples;
        }
        var mask = (1 << depth) - 1;
        var factor = stretch ? 255 / mask : 1;
        for (var k = 0; k < samples.Length; k++)
        {
            var bit = k * depth;
            samples[k] = (byte)((line[bit / 8] >> 8 - depth - bit % 8 & mask) * factor);
        }
        return samples;
    }
}
