using System.Buffers.Binary;
using System.Text;

namespace Hwaso.Reports.Tests;

/// <summary>Reads event files by what TensorFlow documents of them, with a bit-by-bit check of its own.</summary>
static class EventRecords
{
    /// <summary>An event: its step, its values by tag, and whether it marks a session's start.</summary>
    public sealed record Event(long Step, double WallTime, Dictionary<string, float> Values, string? Version, bool IsStart);

    public static List<Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<Event>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(Unmask(BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])), Check(bytes[..8]));
            var content = bytes.Slice(12, length);
            Assert.Equal(Unmask(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..])), Check(content));
            events.Add(Parse(content));
            bytes = bytes[(16 + length)..];
        }
        return events;
    }

    /// <summary>What TensorBoard shows of a folder: a session's start takes away what earlier ones wrote from its step on.</summary>
    public static List<(long Step, string Tag, float Value)> Shown(string folder)
    {
        var shown = new List<(long Step, string Tag, float Value)>();
        foreach (var e in Directory.GetFiles(folder).Order(StringComparer.Ordinal).SelectMany(Read))
        {
            if (e.IsStart)
                shown.RemoveAll(s => s.Step >= e.Step);
            shown.AddRange(e.Values.Select(v => (e.Step, v.Key, v.Value)));
        }
        return shown;
    }

    /// <summary>CRC-32C, one bit after the other: the polynomial 0x1EDC6F41, bits reversed.</summary>
    public static uint Check(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
        }
        return crc ^ 0xFFFFFFFFu;
    }

    static uint Unmask(uint masked)
    {
        var turned = masked - 0xA282EAD8u;
        return (turned >> 17) | (turned << 15);
    }

    static Event Parse(ReadOnlySpan<byte> bytes)
    {
        var (step, time, version, start, values) = (0L, 0.0, (string?)null, false, new Dictionary<string, float>());
        foreach (var (field, number, content) in Fields(bytes))
            switch (field)
            {
                case 1: time = BitConverter.Int64BitsToDouble((long)number); break;
                case 2: step = (long)number; break;
                case 3: version = Encoding.UTF8.GetString(content); break;
                case 5:
                    foreach (var (_, _, value) in Fields(content))
                    {
                        var parts = Fields(value).ToDictionary(p => p.Field);
                        values.Add(Encoding.UTF8.GetString(parts[1].Content), BitConverter.UInt32BitsToSingle((uint)parts[2].Number));
                    }
                    break;
                case 7: start = Fields(content).Single() is { Field: 1, Number: 1 }; break;
                default: Assert.Fail($"field {field}"); break;
            }
        return new Event(step, time, values, version, start);
    }

    static List<(int Field, ulong Number, byte[] Content)> Fields(ReadOnlySpan<byte> bytes)
    {
        var fields = new List<(int, ulong, byte[])>();
        var at = 0;
        while (at < bytes.Length)
        {
            var key = Varint(bytes, ref at);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0: fields.Add((field, Varint(bytes, ref at), [])); break;
                case 1: fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]), [])); at += 8; break;
                case 5: fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]), [])); at += 4; break;
                case 2:
                    var length = (int)Varint(bytes, ref at);
                    fields.Add((field, 0, bytes.Slice(at, length).ToArray()));
                    at += length;
                    break;
                default: Assert.Fail($"wire type {key & 7}"); break;
            }
        }
        return fields;
    }

    static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
    }
}
