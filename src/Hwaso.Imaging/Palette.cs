namespace Hwaso.Imaging;

/// <summary>256 colours, one for each label.</summary>
public sealed class Palette
{
    readonly (byte R, byte G, byte B)[] colors;

    Palette((byte R, byte G, byte B)[] colors) => this.colors = colors;

    /// <summary>
    /// PASCAL VOC's: the bits of the label, three at a time, placed from the top of red, green and blue; 255 is (224, 224, 192).
    /// </summary>
    public static Palette Voc { get; } = new(Enumerable.Range(0, 256).Select(VocColor).ToArray());

    /// <summary>The colour of a label.</summary>
    public (byte R, byte G, byte B) this[int label] => colors[label];

    /// <summary>The given colours for labels from 0 on, black for the rest.</summary>
    /// <exception cref="ArgumentException">More than 256.</exception>
    public static Palette FromColors(ReadOnlySpan<(byte R, byte G, byte B)> colors)
    {
        if (colors.Length > 256)
            throw new ArgumentException($"a palette of {colors.Length} colours; 8-bit labels have 256");
        var all = new (byte R, byte G, byte B)[256];
        colors.CopyTo(all);
        return new Palette(all);
    }

    static (byte R, byte G, byte B) VocColor(int label)
    {
        if (label == 255)
            return (224, 224, 192);
        int r = 0, g = 0, b = 0;
        for (var (bits, at) = (label, 7); bits > 0; bits >>= 3, at--)
        {
            r |= (bits & 1) << at;
            g |= (bits >> 1 & 1) << at;
            b |= (bits >> 2 & 1) << at;
        }
        return ((byte)r, (byte)g, (byte)b);
    }
}
