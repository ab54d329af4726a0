using System.Globalization;

namespace Hwaso.Recipes.Yaml;

/// <summary>A part of a key's path that may name an item of a list: <c>stages[1]</c>.</summary>
static class ListPlace
{
    /// <summary>The key's name, and the item's number from 0; null where the part names none.</summary>
    public static (string Name, int? Number) Of(string part)
    {
        var open = part.IndexOf('[', StringComparison.Ordinal);
        return open > 0 && part[^1] == ']' && int.TryParse(part.AsSpan(open + 1, part.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (part[..open], number)
            : (part, null);
    }
}
