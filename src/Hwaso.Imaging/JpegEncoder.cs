using System.Buffers;
using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>
/// Writes baseline JPEGs in managed code: Y'CbCr with whole or halved chroma, and the codes of annex K. The coefficients are libjpeg's, so
/// that its files and these decode to the same pixels. Section numbers are those of ITU-T T.81.
/// </summary>
sealed unsafe class JpegEncoder
{
    // The longest side that libjpeg reads.
    const int LongestSide = 65_500;

    static readonly int[] places = [.. JpegTables.ZigZag.ToArray().Select(place => place * JpegTransform.Lanes)];
    static readonly JpegCodes lumaFirst = new(JpegTables.LumaFirst), lumaOther = new(JpegTables.LumaOther),
        chromaFirst = new(JpegTables.ChromaFirst), chromaOther = new(JpegTables.ChromaOther);

    readonly RgbImage image;
    // Luma blocks of a unit side by side and above each other; bytes of a row of luma, a multiple of eight blocks.
    readonly int factor, stride;
    readonly byte[] lumaFactors, chromaFactors;
    byte[] file = ArrayPool<byte>.Shared.Rent(1 << 16);
    int length;

    JpegEncoder(RgbImage image, int quality, bool fullColour)
    {
        this.image = image;
        factor = fullColour ? 1 : 2;
        const int Group = 8 * JpegTransform.Lanes;
        stride = (image.Width + factor * Group - 1) / (factor * Group) * factor * Group;
        (lumaFactors, chromaFactors) = (JpegTables.Scaled(JpegTables.Luma, quality), JpegTables.Scaled(JpegTables.Chroma, quality));
    }

    /// <summary>The bytes of a JPEG file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="quality">1 to 100.</param>
    /// <param name="fullColour">Whether chroma keeps its resolution; otherwise it is halved in both directions.</param>
    /// <exception cref="ArgumentException">A side is longer than a JPEG's.</exception>
    public static byte[] Encode(RgbImage image, int quality, bool fullColour)
    {
        if (Math.Max(image.Width, image.Height) > LongestSide)
            throw new ArgumentException($"an image of {image.Width}×{image.Height} pixels is too large for a JPEG, whose sides have at "
                + $"most {LongestSide}; write a PNG");
        var encoder = new JpegEncoder(image, quality, fullColour);
        try
        {
            encoder.Head();
            encoder.Scan();
            encoder.Add([0xff, JpegSegments.EndOfImage]);
            return encoder.file.AsSpan(0, encoder.length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoder.file);
        }
    }

    void Head()
    {
        Add([0xff, 0xd8]);
        // JFIF 1.1: square pixels of no unit, no thumbnail.
        Segment(0xe0, [.. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
        Segment(0xdb, [0, .. Ordered(lumaFactors)]);
        Segment(0xdb, [1, .. Ordered(chromaFactors)]);
        // B.2.2: 8 bits, height, width, components with their sampling factors and tables.
        var size = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)image.Height);
        BinaryPrimitives.WriteUInt16BigEndian(size.AsSpan(2), (ushort)image.Width);
        Segment(0xc0, [8, .. size, 3, 1, (byte)(factor << 4 | factor), 0, 2, 0x11, 1, 3, 0x11, 1]);
        Segment(0xc4, [0x00, .. JpegTables.LumaFirst]);
        Segment(0xc4, [0x10, .. JpegTables.LumaOther]);
        Segment(0xc4, [0x01, .. JpegTables.ChromaFirst]);
        Segment(0xc4, [0x11, .. JpegTables.ChromaOther]);
        // B.2.3: components with their tables, all coefficients at once.
        Segment(JpegSegments.StartOfScan, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]);
    }

    static byte[] Ordered(byte[] factors) => [.. JpegTables.ZigZag.ToArray().Select(place => factors[place])];

    void Segment(byte marker, ReadOnlySpan<byte> content)
    {
        Add([0xff, marker, (byte)(content.Length + 2 >> 8), (byte)(content.Length + 2)]);
        Add(content);
    }

    void Add(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(file.AsSpan(length));
        length += bytes.Length;
    }

    void Reserve(int bytes)
    {
        if (file.Length - length >= bytes)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + bytes, (int)Math.Min(2L * file.Length, Array.MaxLength)));
        file.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(file);
        file = larger;
    }

    void Scan()
    {
        var (columns, rows) = ((image.Width + 8 * factor - 1) / (8 * factor), (image.Height + 8 * factor - 1) / (8 * factor));
        var bits = new JpegBitWriter();
        Span<int> predicted = [0, 0, 0];
        // Luma's rows and chroma's of one row of units, two rows of whole chroma, and luma's coefficients and chroma's.
        var samples = new byte[(8 * factor + 16 + 4) * stride + JpegColour.Margin];
        var coefficients = new short[8 * stride * factor + 2 * 8 * (stride / factor)];
        fixed (int* order = places)
        fixed (byte* planes = samples)
        fixed (short* values = coefficients)
            for (var row = 0; row < rows; row++)
            {
                Planes(8 * factor * row, planes);
                Transform(planes, values);
                Reserve(columns * (factor * factor + 2) * JpegBitWriter.BlockBytes + 16);
                fixed (byte* target = file)
                {
                    bits.MoveTo(target + length);
                    for (var column = 0; column < columns; column++)
                        Unit(ref bits, values, order, column, predicted);
                    if (row == rows - 1)
                        bits.Finish();
                    length = (int)(bits.Place - target);
                }
            }
    }

    /// <summary>Writes one unit of all components (A.2.3).</summary>
    void Unit(ref JpegBitWriter bits, short* values, int* order, int column, Span<int> predicted)
    {
        for (var v = 0; v < factor; v++)
            for (var h = 0; h < factor; h++)
                bits.Block(Block(values + 8 * stride * v, column * factor + h), order, ref predicted[0], lumaFirst, lumaOther);
        var chroma = values + 8 * stride * factor;
        for (var c = 1; c < 3; c++, chroma += 8 * (stride / factor))
            bits.Block(Block(chroma, column), order, ref predicted[c], chromaFirst, chromaOther);
    }

    // Eight blocks lie together, value by value.
    static short* Block(short* row, int block) =>
        row + block / JpegTransform.Lanes * 64 * JpegTransform.Lanes + block % JpegTransform.Lanes;

    void Transform(byte* planes, short* values)
    {
        fixed (byte* luma = lumaFactors)
        fixed (byte* chroma = chromaFactors)
        {
            for (var v = 0; v < factor; v++)
                for (var x = 0; x < stride; x += 64)
                    JpegTransform.Forward(planes + 8 * v * stride + x, stride, luma, values + 8 * stride * v + 8 * x);
            var half = stride / factor;
            for (var c = 0; c < 2; c++)
                for (var x = 0; x < half; x += 64)
                    JpegTransform.Forward(planes + 8 * factor * stride + 8 * half * c + x, half, chroma,
                        values + 8 * stride * factor + 8 * half * c + 8 * x);
        }
    }

    /// <summary>Fills the planes of a row of units; beyond the image its outermost samples are repeated, as libjpeg does.</summary>
    void Planes(int top, byte* planes)
    {
        var half = stride / factor;
        var cb = planes + 8 * factor * stride;
        var cr = cb + 8 * half;
        var whole = planes + (8 * factor + 16) * stride;
        for (var y = 0; y < 8; y++, cb += half, cr += half)
            if (factor == 1)
                Row(top + y, planes + y * stride, cb, cr);
            else
            {
                Row(top + 2 * y, planes + 2 * y * stride, whole, whole + 2 * stride);
                Row(top + 2 * y + 1, planes + (2 * y + 1) * stride, whole + stride, whole + 3 * stride);
                if (y > 0 && top + 2 * y >= image.Height)
                {
                    Buffer.MemoryCopy(cb - half, cb, half, half);
                    Buffer.MemoryCopy(cr - half, cr, half, half);
                    continue;
                }
                JpegColour.Halve(whole, whole + stride, cb, half);
                JpegColour.Halve(whole + 2 * stride, whole + 3 * stride, cr, half);
            }
    }

    void Row(int y, byte* luma, byte* cb, byte* cr)
    {
        var width = image.Width;
        fixed (byte* rgb = image.Pixels)
            JpegColour.FromRgb(rgb + 3L * width * Math.Min(y, image.Height - 1), luma, cb, cr, width);
        foreach (var plane in (ReadOnlySpan<nint>)[(nint)luma, (nint)cb, (nint)cr])
            new Span<byte>((byte*)plane + width, stride - width).Fill(((byte*)plane)[width - 1]);
    }
}
