using System.Buffers.Binary;

namespace Hwaso.Checkpoints;

/// <summary>Recognises weight files by their first bytes.</summary>
static class FileKinds
{
    // A pickle (protocol 2) of torch's magic number 0x1950a86a20f9469cfc6c, little-endian, up to the pickle's end.
    static ReadOnlySpan<byte> LegacyMagic =>
        [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public static FileKind Of(CheckpointStream stream)
    {
        var head = stream.Peek(512).AsSpan();
        if (head.IsEmpty)
            return FileKind.Empty;
        if (head.Length >= 9 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) < uint.MaxValue)
            return FileKind.SafeTensors;
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8))
            return FileKind.Zip;
        if (head[0] == 0x80)
            return head.Length >= 15 && head[2..].StartsWith(LegacyMagic) ? FileKind.LegacyPickle : FileKind.PlainPickle;
        if (head.Length >= 262 && head[257..].StartsWith("ustar"u8))
            return FileKind.Tar;
        return head.StartsWith("version https://git-lfs"u8) ? FileKind.LfsPointer : FileKind.Unknown;
    }

    public static string Refusal(FileKind kind) => kind switch
    {
        FileKind.Empty => "the file is empty",
        FileKind.PlainPickle => "a pickle, but not one that torch.save wrote (its magic number is missing); "
            + "save the weights with torch.save(model.state_dict(), path)",
        FileKind.Tar => "a tar archive, torch.save's format before PyTorch 0.1.10, is not read; "
            + "load it in PyTorch and save it again with torch.save",
        FileKind.LfsPointer => "a Git LFS pointer, not the weights; fetch them with git lfs pull",
        _ => "not a weight file: neither safetensors nor anything torch.save writes",
    };
}

enum FileKind
{
    Unknown,
    Empty,
    SafeTensors,
    Zip,
    LegacyPickle,
    PlainPickle,
    Tar,
    LfsPointer,
}
