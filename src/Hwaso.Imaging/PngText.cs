using System.IO.Compression;
using System.Text;

namespace Hwaso.Imaging;

/// <summary>The text entries of PNGs. Section 11.3.3 of the specification, third edition: tEXt, zTXt and iTXt.</summary>
static class PngText
{
    const int LongestKeyword = 79;

    // A compressed text may claim anything; a longer one is left out.
    const int LongestUnpacked = 1 << 20;

    /// <summary>The texts by keyword; damaged entries are left out.</summary>
    public static Dictionary<string, string> Read(ReadOnlySpan<byte> file)
    {
        var texts = new Dictionary<string, string>();
        for (var chunks = new PngChunks(file); chunks.MoveNext();)
            if (Entry(chunks.Type, chunks.Content) is (var keyword, { } text))
                texts[keyword] = text;
        return texts;
    }

    /// <summary>The type and content of an entry's chunk: tEXt where Latin-1 has all its characters, else iTXt.</summary>
    /// <exception cref="ArgumentException">A keyword or text that a PNG cannot hold.</exception>
    public static (byte[] Type, byte[] Content) Chunk(string keyword, string text)
    {
        if (Latin1(keyword) is not { Length: >= 1 and <= LongestKeyword } key || keyword.Contains('\n') || keyword.Trim() != keyword
            || keyword.Contains("  ", StringComparison.Ordinal))
            throw new ArgumentException($"'{keyword}': a PNG keyword has 1 to {LongestKeyword} printable letters of Latin-1 and single "
                + "spaces between them");
        if (text.Length == 0 || text.Contains('\0'))
            throw new ArgumentException($"{keyword}: the text is empty or has a zero character in it; leave the entry out or write "
                + "something else");
        return Latin1(text) is { } plain
            ? ("tEXt"u8.ToArray(), [.. key, 0, .. plain])
            // Not compressed, no language, no translated keyword.
            : ("iTXt"u8.ToArray(), [.. key, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)]);
    }

    /// <summary>The bytes of printable Latin-1 and line ends, all that plain text may have; null if there is anything else.</summary>
    static byte[]? Latin1(string text) =>
        text.All(c => c is '\n' or (>= ' ' and <= '~') or (>= '¡' and <= 'ÿ')) ? Encoding.Latin1.GetBytes(text) : null;

    static (string Keyword, string? Text)? Entry(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        var end = content.IndexOf((byte)0);
        if (end is < 1 or > LongestKeyword)
            return null;
        var keyword = Encoding.Latin1.GetString(content[..end]);
        var rest = content[(end + 1)..];
        if (type.SequenceEqual("tEXt"u8))
            return (keyword, Encoding.Latin1.GetString(rest));
        if (type.SequenceEqual("zTXt"u8))
            return (keyword, rest is [0, ..] ? Unpacked(rest[1..], Encoding.Latin1) : null);
        return type.SequenceEqual("iTXt"u8) ? (keyword, International(rest)) : null;
    }

    /// <summary>Compression flag and method, language, translated keyword, text.</summary>
    static string? International(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2)
            return null;
        var packed = rest[0] == 1;
        var text = rest[2..];
        for (var skipped = 0; skipped < 2; skipped++)
        {
            var end = text.IndexOf((byte)0);
            if (end < 0)
                return null;
            text = text[(end + 1)..];
        }
        return packed ? Unpacked(text, Encoding.UTF8) : Encoding.UTF8.GetString(text);
    }

    static string? Unpacked(ReadOnlySpan<byte> packed, Encoding letters)
    {
        try
        {
            using var stream = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            var text = new byte[LongestUnpacked + 1];
            var length = stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            return length > LongestUnpacked ? null : letters.GetString(text, 0, length);
        }
        // An IOException where zlib itself gives up.
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            return null;
        }
    }
}
