using System.Globalization;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>Sizes as the command line has them: height x width.</summary>
static class SizeText
{
    // Larger images do not fit the 32-bit indices of most operators.
    const int LargestSide = 32_768;

    /// <summary>Reads <c>HxW</c>, e.g. <c>512x1024</c> (× works too); false where it is anything else.</summary>
    public static bool TryParse(string text, out SizePx size)
    {
        size = default;
        var sides = text.Split('x', 'X', '×');
        if (sides.Length != 2 || !Side(sides[0], out var height) || !Side(sides[1], out var width)) return false;
        size = new SizePx(height, width);
        return true;
    }

    static bool Side(string text, out int side) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side is > 0 and <= LargestSide;
}
