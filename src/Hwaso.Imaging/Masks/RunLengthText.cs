namespace Hwaso.Imaging.Masks;

/// <summary>Run lengths as COCO's text: groups of five bits as printable characters, from the fourth on as differences.</summary>
public static class RunLengthText
{
    const int Group = 5, First = 48;
    const uint More = 0x20, Sign = 0x10, Low = 0x1f;

    // A count has 32 bits; a difference of two needs 33.
    const int MostGroups = 7;

    /// <summary>The text of a mask.</summary>
    public static string Write(RunLengths mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        var counts = mask.Counts;
        var text = new System.Text.StringBuilder();
        for (var k = 0; k < counts.Length; k++)
        {
            var value = k > 2 ? (long)counts[k] - counts[k - 2] : counts[k];
            bool more;
            do
            {
                var bits = (uint)(value & Low);
                value >>= Group;
                // The last group's highest bit is the sign of all above it.
                more = (bits & Sign) != 0 ? value != -1 : value != 0;
                text.Append((char)((more ? bits | More : bits) + First));
            }
            while (more);
        }
        return text.ToString();
    }

    /// <summary>The mask of a text.</summary>
    /// <param name="text">COCO's compressed counts.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="FormatException">The text ends within a count, has a character that is none, or its runs do not fill the
    /// mask.</exception>
    public static RunLengths Read(string text, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<uint> counts = [];
        for (var at = 0; at < text.Length;)
        {
            var (value, groups, more) = (0L, 0, true);
            while (more)
            {
                if (at == text.Length || groups == MostGroups)
                    throw new FormatException($"compressed run lengths: the count that begins at character {at - groups} has no end");
                var bits = text[at] - First;
                if (bits is < 0 or > 63)
                    throw new FormatException($"compressed run lengths: character {at} is '{text[at]}'; '0' to 'o' were wanted");
                at++;
                value |= (long)(bits & Low) << (Group * groups++);
                more = (bits & More) != 0;
                if (!more && (bits & Sign) != 0)
                    value |= -1L << (Group * groups);
            }
            var count = counts.Count > 2 ? value + counts[^2] : value;
            if (count is < 0 or > uint.MaxValue)
                throw new FormatException($"compressed run lengths: count {counts.Count} is {count}; 0 or more was wanted");
            counts.Add((uint)count);
        }
        return new RunLengths(height, width, [.. counts]);
    }
}
