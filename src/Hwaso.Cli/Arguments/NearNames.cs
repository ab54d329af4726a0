namespace Hwaso.Cli.Arguments;

/// <summary>The names someone probably meant.</summary>
static class NearNames
{
    /// <summary><c>; did you mean 'x'?</c> for the names near enough, at most three, nearest first; else nothing.</summary>
    public static string Hint(string given, IEnumerable<string> names)
    {
        var near = names
            .Select(name => (Name: name, Distance: Distance(given, name)))
            .Where(pair => pair.Distance <= Math.Max(1, Math.Min(given.Length, pair.Name.Length) / 3)
                || (given.Length > 2 && pair.Name.StartsWith(given, StringComparison.Ordinal)))
            .OrderBy(pair => pair.Distance)
            .Take(3)
            .Select(pair => $"'{pair.Name}'")
            .ToArray();
        return near.Length == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?";
    }

    // Letters to insert, remove or replace; two rows of the usual table.
    static int Distance(string a, string b)
    {
        var above = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = above[j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replaced, 1 + Math.Min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.Length];
    }
}
