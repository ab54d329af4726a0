using System.Buffers.Binary;
using System.Numerics;
using Hwaso.Common;

namespace Hwaso.Reports;

/// <summary>
/// An event file as TensorBoard reads it: records of TensorFlow (length, its masked check, content, its masked check), each an
/// <c>Event</c> in protobuf's wire format.
/// </summary>
public sealed class EventFile : IDisposable
{
    // tensorflow/core/util/event.proto and framework/summary.proto: field numbers.
    const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7, Value = 1, Tag = 1, SimpleValue = 2, Status = 1;
    const int Start = 1;

    readonly FileStream stream;

    /// <summary>Begins a file beside those of earlier sessions; from <paramref name="firstStep"/> on it takes their place.</summary>
    /// <param name="folder">The folder; made if it is not there.</param>
    /// <param name="firstStep">The first step that this session does.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public EventFile(string folder, long firstStep)
    {
        Directory.CreateDirectory(folder);
        // TensorBoard looks for "tfevents" in the name and reads files in the order of their names.
        var second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        while (File.Exists(PathOf(folder, second)))
            second++;
        stream = new FileStream(PathOf(folder, second), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Record(Event(0, e => e.Text(FileVersion, "brain.Event:2")));
        // At this mark TensorBoard drops the values that an earlier session wrote for the steps that are repeated.
        Record(Event(firstStep, e => e.Message(SessionLog, log => log.Int(Status, Start))));
    }

    /// <summary>Adds values of a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="values">Each with its name, such as <c>train/loss</c>; NaN and infinities are written unchanged.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void Scalars(long step, IEnumerable<(string Tag, double Value)> values) =>
        Record(Event(step, e => e.Message(Summary, summary =>
        {
            foreach (var (tag, number) in values)
                summary.Message(Value, value =>
                {
                    value.Text(Tag, tag);
                    value.Float(SimpleValue, (float)number);
                });
        })));

    /// <summary>Closes the file.</summary>
    public void Dispose() => stream.Dispose();

    static string PathOf(string folder, long second) => Path.Combine(folder, $"events.out.tfevents.{second:0000000000}.hwaso");

    static byte[] Event(long step, Action<WireWriter> write)
    {
        using var message = new WireWriter();
        message.Double(WallTime, (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds);
        message.Int(Step, step);
        write(message);
        return message.ToArray();
    }

    void Record(byte[] content)
    {
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(head, content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Crc32C.Masked(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Crc32C.Masked(content));
        stream.Write([.. head, .. content, .. tail]);
        // TensorBoard may be reading the file meanwhile.
        stream.Flush();
    }
}

/// <summary>
/// The cyclic redundancy check of Castagnoli's polynomial, as RFC 3720 (iSCSI) has it, and as TensorFlow's records mask it.
/// </summary>
public static class Crc32C
{
    /// <summary>The check of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    /// <summary>The check turned by 15 bits, and a constant added, so that a check of data that holds checks is none of its own.</summary>
    public static uint Masked(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Of(bytes), 15) + 0xA282EAD8;
}
