using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Hwaso.Data.Matlab;

/// <summary>
/// Reads MATLAB's level 5 MAT-files (versions 5 to 7), in which annotations are published: numeric matrices and structs of them, compressed or not, of
/// either byte order. After MathWorks, "MAT-File Format", chapter 1. What else a file holds (cells, sparse matrices, text) is passed over.
/// </summary>
static class MatFile
{
    const int HeaderBytes = 128, DeepestNesting = 8, LargestBytes = 1 << 28;

    // Data types of elements, and classes of arrays.
    const int Matrix = 14, Compressed = 15, StructClass = 2, FirstNumericClass = 6, LastNumericClass = 15, ComplexFlag = 0x0800;

    /// <summary>The variables of a file by name.</summary>
    /// <exception cref="DatasetException">It is of another version, cut short or corrupt.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyDictionary<string, MatArray> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var little = CheckHeader(bytes, path);
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
            throw new DatasetException(path, $"a MATLAB file that is cut short or corrupt ({error.Message}); fetch it again", error);
        }
    }

    static bool CheckHeader(byte[] bytes, string path)
    {
        var text = Encoding.Latin1.GetString(bytes, 0, Math.Min(bytes.Length, 116));
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']) || text.StartsWith("MATLAB 7.3", StringComparison.Ordinal))
            throw new DatasetException(path, "a MATLAB 7.3 file, which is HDF5; version 5 to 7 was wanted: save it in MATLAB or Octave with -v7");
        var order = bytes.Length >= HeaderBytes ? Encoding.Latin1.GetString(bytes, 126, 2) : "";
        if (order is not ("IM" or "MI"))
            throw new DatasetException(path, bytes.Length >= 20 && BinaryPrimitives.ReadInt32LittleEndian(bytes) is >= 0 and < 5000
                ? "a MATLAB 4 file; version 5 to 7 was wanted: save it in MATLAB or Octave with -v7"
                : "no MATLAB file of version 5 to 7, or one that is cut short");
        var little = order == "IM";
        var version = little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(124)) : BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(124));
        return version == 0x0100 ? little : throw new DatasetException(path, $"a MATLAB file of version 0x{version:X4}; 0x0100 (version 5 to 7) was wanted: save it with -v7");
    }

    static byte[] Unpacked(ReadOnlySpan<byte> content)
    {
        using var zlib = new ZLibStream(new MemoryStream(content.ToArray()), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = zlib.Read(buffer)) > 0;)
        {
            whole.Write(buffer, 0, read);
            if (whole.Length > LargestBytes)
                throw new InvalidDataException($"unpacks to more than {LargestBytes >> 20} MiB");
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
        if (kind is < FirstNumericClass or > LastNumericClass || ((int)flags[0] & ComplexFlag) != 0)
            return (name, new MatArray(rows, columns, null, none));
        var numbers = reader.Numbers();
        if (matrix && numbers.Length != (long)rows * columns)
            throw new InvalidDataException($"'{name}' has {numbers.Length} numbers for {rows}×{columns}");
        return (name, new MatArray(rows, columns, numbers, none));
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
