using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hwaso.Tests;

namespace Hwaso.Imaging.Tests;

/// <summary>What OpenCV 4.6 and Pillow 9.4 answered: tests/fixtures/imaging/record.py says to what.</summary>
static class Recorded
{
    static readonly byte[] file = File.ReadAllBytes(Path("recorded.safetensors"));
    static readonly int dataAt = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
    static readonly JsonElement header = JsonDocument.Parse(file.AsMemory(8, dataAt - 8)).RootElement;

    public static string Path(string name) => Fixtures.Path($"imaging/{name}");

    public static RgbImage Rgb(string name)
    {
        var (width, height, bytes) = Find(name);
        return new RgbImage(width, height, bytes);
    }

    public static LabelMap Labels(string name)
    {
        var (width, height, bytes) = Find(name);
        return new LabelMap(width, height, bytes);
    }

    public static Gray16Image Gray16(string name)
    {
        var (width, height, bytes) = Find(name);
        return new Gray16Image(width, height, MemoryMarshal.Cast<byte, ushort>(bytes).ToArray());
    }

    static (int Width, int Height, byte[] Bytes) Find(string name)
    {
        var entry = header.GetProperty(name);
        var (shape, at) = (entry.GetProperty("shape"), entry.GetProperty("data_offsets"));
        return (shape[1].GetInt32(), shape[0].GetInt32(), file[(dataAt + at[0].GetInt32())..(dataAt + at[1].GetInt32())]);
    }
}
