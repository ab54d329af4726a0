using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Hwaso.Imaging;

namespace Hwaso.Data.Matlab;

/// <summary>
/// Reads MATLAB's level 5 MAT-files (versions 5 to 7), in which annotations are published: numeric arrays, texts, cells of texts,
/// and structs of them, compressed or not, of either byte order. After MathWorks, "MAT-File Format", chapter 1. Other content
/// (sparse matrices) is passed over.
/// </summary>
static class MatFile
{
    const int HeaderBytes = 128, DeepestNesting = 8, LargestBytes = 1 << 28;

    // Data types of elements, and classes of arrays.
    const int Matrix = 14, Compressed = 15, CellClass = 1, StructClass = 2, CharClass = 4, FirstNumericClass = 6, LastNumericClass = 15,
        ComplexFlag = 0x0800;

    /// <summary>The variables of a file by name.</summary>
    /// <exception cref="InvalidDataException">The file is of another version, cut short or corrupt.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, MatArray> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var little = CheckHeader(bytes);
        try
        {
            var variables = new Dictionary<string, MatArray>();
            var reader = new MatReader(bytes.AsSpan(HeaderBytes), little);
            while (!reader.AtEnd)
            {
                var content = reader.Element(out var type);
                if (type == Compressed)
                    content = new MatReader(Unpacked(content), little).Element(out type);
                if (type == Matrix && Array(content, little, depth: 0) is var (name, array))
                    variables[name] = array;
            }
            return variables;
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"a MATLAB file that is cut short or corrupt ({error.Message}); fetch it again", error);
        }
    }

    static bool CheckHeader(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 116));
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F'])
            || text.StartsWith("MATLAB 7.3", StringComparison.Ordinal))
            throw new InvalidDataException(
                "a MATLAB 7.3 file, which is HDF5; version 5 to 7 was wanted: save it in MATLAB or Octave with -v7");
        var order = bytes.Length >= HeaderBytes ? Encoding.Latin1.GetString(bytes, 126, 2) : "";
        if (order is not ("IM" or "MI"))
            throw new InvalidDataException(bytes.Length >= 20 && BinaryPrimitives.ReadInt32LittleEndian(bytes) is >= 0 and < 5000
                ? "a MATLAB 4 file; version 5 to 7 was wanted: save it in MATLAB or Octave with -v7"
                : "no MATLAB file of version 5 to 7, or one that is cut short");
        var little = order == "IM";
        var version = little
            ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(124))
            : BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(124));
        return version == 0x0100 ? little : throw new InvalidDataException(
            $"a MATLAB file of version 0x{version:X4}; 0x0100 (version 5 to 7) was wanted: save it with -v7");
    }

    static byte[] Unpacked(ReadOnlySpan<byte> content)
    {
        using var zlib = new ZLibStream(new MemoryStream(content.ToArray()), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = zlib.Read(buffer)) > 0;)
            {
                whole.Write(buffer, 0, read);
                if (whole.Length > LargestBytes)
                    throw new InvalidDataException($"unpacks to more than {LargestBytes >> 20} MiB");
            }
        }
        // Not the file's: it is in memory. zlib itself gives up at some damage.
        catch (IOException error)
        {
            throw new InvalidDataException("its content cannot be unpacked", error);
        }
        return whole.ToArray();
    }

    static (string Name, MatArray Array) Array(ReadOnlySpan<byte> content, bool little, int depth)
    {
        var none = new Dictionary<string, MatArray>();
        if (depth > DeepestNesting)
            throw new InvalidDataException($"nested deeper than {DeepestNesting} levels");
        // A field that was never filled is an empty element.
        if (content.IsEmpty)
            return ("", new MatArray(0, 0, null, none));
        var reader = new MatReader(content, little);
        var flags = reader.Numbers();
        var size = reader.Numbers();
        var name = reader.Text();
        if (flags.Length < 1 || size.Length < 2)
            throw new InvalidDataException("an array without kind or size");
        var kind = (int)flags[0] & 255;
        var matrix = size.Length == 2;
        var (rows, columns) = matrix ? (checked((int)size[0]), checked((int)size[1])) : (0, 0);
        if (kind == StructClass)
            return (name, new MatArray(rows, columns, null, Fields(ref reader, rows, columns, little, depth)));
        if (kind == CharClass)
            return (name, new MatArray(rows, columns, null, none) { Texts = Rows(reader.Numbers(), rows, columns) });
        if (kind == CellClass)
            return (name, new MatArray(rows, columns, null, none) { Texts = Cells(ref reader, rows, columns, little, depth) });
        if (kind is < FirstNumericClass or > LastNumericClass || ((int)flags[0] & ComplexFlag) != 0)
            return (name, new MatArray(rows, columns, null, none));
        var numbers = reader.Numbers();
        var elements = 1L;
        foreach (var side in size)
            elements = checked(elements * (long)side);
        if (numbers.Length != elements)
            throw new InvalidDataException($"'{name}' has {numbers.Length} numbers for {string.Join('×', size)}");
        return (name, new MatArray(rows, columns, numbers, none) { Sizes = [.. size.Select(side => checked((int)side))] });
    }

    // Letters are kept column by column, as numbers are.
    static string[] Rows(double[] letters, int rows, int columns) => letters.Length != (long)rows * columns ? []
        : [.. Enumerable.Range(0, rows).Select(row =>
            string.Concat(Enumerable.Range(0, columns).Select(column => (char)letters[column * rows + row])).TrimEnd())];

    static string[] Cells(ref MatReader reader, int rows, int columns, bool little, int depth)
    {
        var texts = new List<string>();
        for (long k = 0; k < (long)rows * columns && !reader.AtEnd; k++)
        {
            var content = reader.Element(out var type);
            if (type != Matrix)
                throw new InvalidDataException("a cell that is no array");
            texts.Add(Array(content, little, depth + 1).Array.Texts is [var text, ..] ? text : "");
        }
        return [.. texts];
    }

    static Dictionary<string, MatArray> Fields(ref MatReader reader, int rows, int columns, bool little, int depth)
    {
        var fields = new Dictionary<string, MatArray>();
        var length = (int)reader.Numbers().FirstOrDefault();
        var names = reader.Text();
        if (length < 1)
            throw new InvalidDataException("a struct whose field names have no length");
        if (rows < 1 || columns < 1)
            return fields;
        for (var k = 0; k + length <= names.Length; k += length)
        {
            var content = reader.Element(out var type);
            if (type != Matrix)
                throw new InvalidDataException("a struct's field that is no array");
            fields[names.Substring(k, length).TrimEnd('\0')] = Array(content, little, depth + 1).Array;
        }
        return fields;
    }
}

/// <summary>A variable or field of a MATLAB file: numbers, or a struct of more arrays.</summary>
/// <param name="Rows">Its rows; 0 for arrays that are not matrices.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Numbers">Its numbers, column by column as MATLAB keeps them; null where the array holds no readable numbers.</param>
/// <param name="Fields">Its fields, of the first element, where it is a struct.</param>
sealed record MatArray(int Rows, int Columns, double[]? Numbers, IReadOnlyDictionary<string, MatArray> Fields)
{
    /// <summary>The sizes of an array of numbers, the one that runs fastest first.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [];

    /// <summary>The rows of a text, or the texts of a cell array; none for other arrays.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>The numbers as an image, row by row.</summary>
    /// <exception cref="InvalidDataException">The array is no matrix of whole numbers from 0 to 65,535.</exception>
    public Gray16Image ToImage()
    {
        if (Numbers is null || Rows < 1 || Columns < 1 || Numbers.Length != (long)Rows * Columns)
            throw new InvalidDataException("holds no matrix of labels; it is another kind of MATLAB file");
        var image = new Gray16Image(Columns, Rows);
        for (var x = 0; x < Columns; x++)
            for (var y = 0; y < Rows; y++)
            {
                var value = Numbers[x * Rows + y];
                if (value is < 0 or > ushort.MaxValue || value != Math.Floor(value))
                    throw new InvalidDataException(
                        $"holds {value} at row {y + 1}, column {x + 1}, where labels are whole numbers from 0 on");
                image.Values[y * Columns + x] = (ushort)value;
            }
        return image;
    }
}

/// <summary>
/// Takes the elements of a MAT-file one after the other: a tag with type and length, the content, and padding to 8 bytes.
/// </summary>
ref struct MatReader(ReadOnlySpan<byte> bytes, bool little)
{
    const int Compressed = 15;

    ReadOnlySpan<byte> rest = bytes;

    // Fewer bytes than a tag are padding.
    public readonly bool AtEnd => rest.Length < 8;

    /// <summary>The next element.</summary>
    /// <exception cref="InvalidDataException">The element is longer than the rest of the file.</exception>
    public ReadOnlySpan<byte> Element(out int type)
    {
        if (rest.Length < 8)
            throw new InvalidDataException("it ends where an element was expected");
        var tag = UInt32(rest);
        // Up to four bytes are kept in the tag itself, with their length in the upper half of its first word.
        if (tag >> 16 is > 0 and var small)
        {
            if (small > 4)
                throw new InvalidDataException($"a small element of {small} bytes");
            var inside = rest.Slice(4, (int)small);
            rest = rest[8..];
            type = (int)(tag & 0xffff);
            return inside;
        }
        var length = UInt32(rest[4..]);
        if (length > rest.Length - 8)
            throw new InvalidDataException($"an element of {length} bytes where {rest.Length - 8} are left");
        var content = rest.Slice(8, (int)length);
        var padded = tag == Compressed ? (int)length : (int)length + (8 - (int)length % 8) % 8;
        rest = rest[Math.Min(rest.Length, 8 + padded)..];
        type = (int)tag;
        return content;
    }

    /// <summary>The next element's numbers, whatever type they are kept in: MATLAB takes the narrowest.</summary>
    /// <exception cref="InvalidDataException">It holds none.</exception>
    public double[] Numbers()
    {
        var content = Element(out var type);
        var width = type switch
        {
            1 or 2 or 16 => 1,
            3 or 4 or 17 => 2,
            5 or 6 or 7 => 4,
            9 or 12 or 13 => 8,
            _ => throw new InvalidDataException($"data type {type} where numbers were expected"),
        };
        var numbers = new double[content.Length / width];
        for (var k = 0; k < numbers.Length; k++)
        {
            var at = content.Slice(k * width, width);
            numbers[k] = type switch
            {
                1 => (sbyte)at[0],
                2 or 16 => at[0],
                3 => (short)UInt16(at),
                4 or 17 => UInt16(at),
                5 => (int)UInt32(at),
                6 => UInt32(at),
                7 => BitConverter.UInt32BitsToSingle(UInt32(at)),
                9 => BitConverter.UInt64BitsToDouble(UInt64(at)),
                12 => (long)UInt64(at),
                _ => UInt64(at),
            };
        }
        return numbers;
    }

    /// <summary>The next element's bytes as letters.</summary>
    public string Text() => Encoding.UTF8.GetString(Element(out _));

    readonly ushort UInt16(ReadOnlySpan<byte> at) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

    readonly uint UInt32(ReadOnlySpan<byte> at) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);

    readonly ulong UInt64(ReadOnlySpan<byte> at) =>
        little ? BinaryPrimitives.ReadUInt64LittleEndian(at) : BinaryPrimitives.ReadUInt64BigEndian(at);
}
