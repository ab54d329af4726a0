using System.Buffers;
using System.Buffers.Binary;

namespace Hwaso.Imaging;

/// <summary>
/// Decodes the JPEGs that data sets consist of in managed code: Huffman-coded in one scan of 8 bits, gray or Y'CbCr with whole or halved
/// chroma. The bytes are libjpeg's (accurate transform, fancy upsampling). Other kinds are left to <see cref="SkiaCodec"/>. Section
/// numbers are those of ITU-T T.81.
/// </summary>
sealed unsafe class JpegDecoder
{
    // The place of each coefficient of the file's order, times the blocks that lie together.
    static readonly int[] places = [.. JpegTables.ZigZag.ToArray().Select(place => place * JpegTransform.Lanes)];

    readonly string name;
    readonly ushort[][] quantisations = new ushort[4][];
    readonly JpegHuffman?[] dcTables = new JpegHuffman?[4], acTables = new JpegHuffman?[4];
    Component[] components = [];
    int width, height, restart;

    JpegDecoder(string name) => this.name = name;

    /// <summary>Decodes a file; null if it is of another kind than those that data sets consist of.</summary>
    /// <exception cref="ImageFormatException">The file is cut short or corrupt.</exception>
    public static RgbImage? Decode(ReadOnlySpan<byte> file, string name)
    {
        // Stores of two samples at once have the first one in the lower byte.
        if (!BitConverter.IsLittleEndian)
            return null;
        var decoder = new JpegDecoder(name);
        for (var segments = new JpegSegments(file); segments.MoveNext();)
            switch (segments.Marker)
            {
                case 0xdb:
                    decoder.ReadQuantisation(segments.Content);
                    break;
                case 0xc4:
                    decoder.ReadHuffman(segments.Content);
                    break;
                case 0xdd when segments.Content.Length == 2:
                    decoder.restart = BinaryPrimitives.ReadUInt16BigEndian(segments.Content);
                    break;
                // Adobe's transform 0 is RGB.
                case JpegSegments.App14 when segments.Content.StartsWith("Adobe"u8) && segments.Content is { Length: > 11 } adobe
                    && adobe[11] == 0:
                    return null;
                case JpegSegments.StartOfScan:
                    return decoder.TakesScan(segments.Content) ? decoder.Decode(segments.Scan) : null;
                case var _ when segments.IsFrame:
                    if (segments.Marker > 0xc1 || !decoder.TakesFrame(segments.Content))
                        return null;
                    break;
            }
        return null;
    }

    // B.2.4.1: precision and number, then 64 factors of 8 or 16 bits.
    void ReadQuantisation(ReadOnlySpan<byte> content)
    {
        while (content.Length > 64)
        {
            var (wide, number) = (content[0] >> 4, content[0] & 15);
            var bytes = wide == 0 ? 64 : 128;
            if (number > 3 || content.Length <= bytes)
                throw Broken("a table of factors is broken");
            var factors = quantisations[number] = new ushort[64];
            for (var k = 0; k < 64; k++)
                factors[k] = wide == 0 ? content[1 + k] : BinaryPrimitives.ReadUInt16BigEndian(content[(1 + 2 * k)..]);
            content = content[(1 + bytes)..];
        }
    }

    // B.2.4.2: class and number, the codes of each length, their symbols.
    void ReadHuffman(ReadOnlySpan<byte> content)
    {
        while (content.Length > 17)
        {
            var (kind, number, total) = (content[0] >> 4, content[0] & 15, 0);
            foreach (var count in content[1..17])
                total += count;
            if (kind > 1 || number > 3 || total > 256 || total > content.Length - 17)
                throw Broken("a table of codes is broken");
            (kind == 0 ? dcTables : acTables)[number] = JpegHuffman.Of(content[1..17], content.Slice(17, total))
                ?? throw Broken("a table of codes is broken");
            content = content[(17 + total)..];
        }
    }

    // B.2.2: precision, height, width, number of components; of each a name, its sampling factors, its table of factors.
    bool TakesFrame(ReadOnlySpan<byte> content)
    {
        if (content.Length < 6 || content[0] != 8 || content[5] is not (1 or 3) || content.Length < 6 + 3 * content[5]
            || components.Length > 0)
            return false;
        (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(content[1..]), BinaryPrimitives.ReadUInt16BigEndian(content[3..]));
        components = new Component[content[5]];
        for (var c = 0; c < components.Length; c++)
        {
            var at = content[(6 + 3 * c)..];
            components[c] = new Component(at[0], at[1] >> 4, at[1] & 15, at[2] & 3);
        }
        if (components.Length == 1)
        {
            // A.2.2: one component alone is not interleaved, whatever its factors.
            components[0] = components[0] with { H = 1, V = 1 };
            return true;
        }
        // Small images are not enlarged smoothly by libjpeg, and names of R, G, B stand for colours themselves.
        return components is [{ H: 1 or 2, V: 1 or 2 }, { H: 1, V: 1 }, { H: 1, V: 1 }] && components[0] is not { H: 1, V: 2 }
            && (components[0].H == 1 || width > 4) && (components[0].Name, components[1].Name) is not ((byte)'R', (byte)'G');
    }

    // B.2.3: all components in one scan.
    bool TakesScan(ReadOnlySpan<byte> content)
    {
        if (components.Length == 0 || content.Length != 4 + 2 * components.Length || content[0] != components.Length)
            return false;
        for (var c = 0; c < components.Length; c++)
        {
            var tables = content[2 + 2 * c];
            if (content[1 + 2 * c] != components[c].Name)
                return false;
            components[c] = components[c] with { Dc = dcTables[tables >> 4 & 3], Ac = acTables[tables & 3] };
            // Frames of Motion JPEG carry no tables of codes and mean those of the standard.
            if (components[c].Dc is null || components[c].Ac is null || quantisations[components[c].Table] is null)
                return false;
        }
        return true;
    }

    RgbImage Decode(ReadOnlySpan<byte> scan)
    {
        var (wide, high) = (8 * components[0].H, 8 * components[0].V);
        var (columns, rows) = ((width + wide - 1) / wide, (height + high - 1) / high);
        foreach (ref var component in components.AsSpan())
        {
            component = component with { Stride = (columns * component.H + JpegTransform.Lanes - 1) / JpegTransform.Lanes * 64 };
            // Rows of chroma are read a little beyond their end.
            component = component with
            {
                Plane = ArrayPool<byte>.Shared.Rent(component.Stride * rows * component.V * 8 + JpegColour.Margin),
                Coefficients = ArrayPool<short>.Shared.Rent(component.Stride * component.V * 8),
            };
        }
        var data = ArrayPool<byte>.Shared.Rent(scan.Length + JpegBits.Padding);
        try
        {
            ReadPlanes(scan, data, columns, rows);
            return Colours();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(data);
            foreach (var component in components)
            {
                ArrayPool<byte>.Shared.Return(component.Plane);
                ArrayPool<short>.Shared.Return(component.Coefficients);
            }
        }
    }

    void ReadPlanes(ReadOnlySpan<byte> scan, byte[] data, int columns, int rows)
    {
        var bits = new JpegBits();
        Span<int> predicted = stackalloc int[components.Length];
        var (left, number) = (0, -1);
        fixed (byte* bytes = data)
            for (var row = 0; row < rows; row++)
            {
                foreach (var component in components)
                    component.Coefficients.AsSpan(0, component.Stride * component.V * 8).Clear();
                for (var column = 0; column < columns; column++)
                {
                    if (left == 0)
                    {
                        if (number >= 0 && !bits.IsAtEnd)
                            throw Broken($"more data than its pixels need before {Place(row, column)}");
                        if (number >= 0)
                            scan = Restart(scan, number, row, column);
                        number++;
                        scan = Plain(scan, data, out var length);
                        bits.Start(bytes, length);
                        predicted.Clear();
                        left = restart > 0 ? restart : int.MaxValue;
                    }
                    var valid = Unit(ref bits, column, predicted);
                    if (bits.IsOver)
                        throw Broken($"its pixels end at {Place(row, column)}");
                    if (!valid)
                        throw Broken($"bits that mean nothing at {Place(row, column)}");
                    left--;
                }
                foreach (var component in components)
                    Transform(component, row);
            }
        // A restart marker behind the last unit is harmless.
        if (!bits.IsAtEnd || scan.TrimStart((byte)0xff) is not ([] or [>= 0xd0 and <= 0xd7]))
            throw Broken("more data than its pixels need");
    }

    /// <summary>Reads one unit of all components (A.2.3); false for bits that are no code.</summary>
    bool Unit(ref JpegBits bits, int column, Span<int> predicted)
    {
        for (var c = 0; c < components.Length; c++)
        {
            ref readonly var component = ref components[c];
            fixed (short* coefficients = component.Coefficients)
            fixed (ushort* quantisation = quantisations[component.Table])
            fixed (int* order = places)
                for (var v = 0; v < component.V; v++)
                    for (var h = 0; h < component.H; h++)
                    {
                        var block = column * component.H + h;
                        var at = component.Stride * 8 * v + block / JpegTransform.Lanes * 64 * JpegTransform.Lanes
                            + block % JpegTransform.Lanes;
                        if (!bits.Block(component.Dc!, component.Ac!, quantisation, order, ref predicted[c], coefficients + at))
                            return false;
                    }
        }
        return true;
    }

    static void Transform(Component component, int row)
    {
        fixed (short* coefficients = component.Coefficients)
        fixed (byte* plane = component.Plane)
            for (var v = 0; v < component.V; v++)
                for (var x = 0; x < component.Stride; x += 64)
                    JpegTransform.Inverse(coefficients + component.Stride * 8 * v + 8 * x,
                        plane + ((row * component.V + v) * 8L * component.Stride + x), component.Stride);
    }

    ReadOnlySpan<byte> Restart(ReadOnlySpan<byte> scan, int number, int row, int column)
    {
        // B.1.1.2: any number of bytes FF may stand before a marker.
        var marker = scan.TrimStart((byte)0xff);
        return marker.Length < scan.Length && marker is [var code, ..] && code == 0xd0 + number % 8 ? marker[1..]
            : throw Broken($"a restart marker is missing at {Place(row, column)}");
    }

    /// <summary>
    /// Copies the data up to the next marker, without the zeros that stand behind bytes of FF (B.1.1.5); gives what follows.
    /// </summary>
    static ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> scan, byte[] data, out int length)
    {
        length = 0;
        while (scan.Length > 0)
        {
            var plain = scan.IndexOf((byte)0xff);
            plain = plain < 0 ? scan.Length : plain;
            scan[..plain].CopyTo(data.AsSpan(length));
            length += plain;
            scan = scan[plain..];
            if (scan.TrimStart((byte)0xff) is not [0, .. var rest])
                break;
            data[length++] = 0xff;
            scan = rest;
        }
        data.AsSpan(length, JpegBits.Padding).Clear();
        return scan;
    }

    RgbImage Colours()
    {
        var image = new RgbImage(width, height, PixelBuffer.Uncleared<byte>(width, height, 3));
        var luma = components[0];
        fixed (byte* rgb = image.Pixels)
        fixed (byte* y = luma.Plane)
        {
            if (components.Length == 1)
                for (var row = 0; row < height; row++)
                    JpegColour.Gray(y + row * (long)luma.Stride, rgb + row * 3L * width, width);
            else
                fixed (byte* cb = components[1].Plane)
                fixed (byte* cr = components[2].Plane)
                    Colours(y, cb, cr, rgb);
        }
        return image;
    }

    void Colours(byte* y, byte* cb, byte* cr, byte* rgb)
    {
        var (luma, stride) = (components[0], components[1].Stride);
        var (count, last) = ((width + luma.H - 1) / luma.H, (height + luma.V - 1) / luma.V - 1);
        var sums = new ushort[count + 2 * JpegColour.Margin];
        var (wideCb, wideCr) = (new byte[2 * count + 2 * JpegColour.Margin], new byte[2 * count + 2 * JpegColour.Margin]);
        fixed (ushort* scratch = sums)
        fixed (byte* firstCb = wideCb)
        fixed (byte* firstCr = wideCr)
            for (var row = 0; row < height; row++)
            {
                var near = row / luma.V;
                // The row above for even rows, the one below for odd ones; beyond the image the outermost.
                var far = luma.V == 1 ? near : Math.Clamp(row % 2 == 0 ? near - 1 : near + 1, 0, last);
                var blue = cb + near * (long)stride;
                var red = cr + near * (long)stride;
                if (luma.H == 2)
                {
                    JpegColour.Enlarge(blue, cb + far * (long)stride, count, scratch, firstCb, luma.V == 2);
                    JpegColour.Enlarge(red, cr + far * (long)stride, count, scratch, firstCr, luma.V == 2);
                    blue = firstCb;
                    red = firstCr;
                }
                JpegColour.Convert(y + row * (long)luma.Stride, blue, red, rgb + row * 3L * width, width);
            }
    }

    string Place(int row, int column) =>
        $"line {row * 8 * components[0].V}, column {column * 8 * components[0].H} of {width}×{height}";

    ImageFormatException Broken(string what) =>
        new(name, $"a JPEG that is cut short or corrupt ({what}); fetch or export it again");

    /// <summary>One channel.</summary>
    /// <param name="Name">The number that names it.</param>
    /// <param name="H">Blocks of a unit side by side.</param>
    /// <param name="V">Blocks of a unit one above the other.</param>
    /// <param name="Table">The number of its factors.</param>
    readonly record struct Component(byte Name, int H, int V, int Table)
    {
        public JpegHuffman? Dc { get; init; }

        public JpegHuffman? Ac { get; init; }

        /// <summary>Bytes of a row of samples, a multiple of eight blocks.</summary>
        public int Stride { get; init; }

        /// <summary>Its samples.</summary>
        public byte[] Plane { get; init; } = [];

        /// <summary>The coefficients of one row of units, eight blocks together.</summary>
        public short[] Coefficients { get; init; } = [];
    }
}
