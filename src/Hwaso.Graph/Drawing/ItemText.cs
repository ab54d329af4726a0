using System.Globalization;

namespace Hwaso.Graph.Drawing;

/// <summary>What a part says.</summary>
static class ItemText
{
    /// <summary>The lines in a box: what it is, what comes out, how many parameters it has.</summary>
    public static IReadOnlyList<string> Lines(Item item)
    {
        var shape = string.Join(" × ", item.Shape.Skip(1));
        return item.Parameters > 0 ? [item.Label, shape, $"{Short(item.Parameters)} parameters"] : [item.Label, shape];
    }

    /// <summary>A count in three digits: 69.1 M.</summary>
    public static string Short(long count) => count switch
    {
        >= 1_000_000_000 => Scaled(count / 1e9, "G"),
        >= 1_000_000 => Scaled(count / 1e6, "M"),
        >= 1_000 => Scaled(count / 1e3, "k"),
        _ => count.ToString(CultureInfo.InvariantCulture),
    };

    static string Scaled(double number, string unit) =>
        number.ToString(number >= 100 ? "0" : number >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + " " + unit;
}
