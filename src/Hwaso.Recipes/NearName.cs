namespace Hwaso.Recipes;

/// <summary>The names that someone probably meant.</summary>
public static class NearName
{
    /// <summary><c>; did you mean 'x'?</c> where a name is near enough, else nothing.</summary>
    public static string Hint(string given, IEnumerable<string> names) =>
        Of(given, names) is { } near ? $"; did you mean '{near}'?" : "";

    /// <summary>
    /// <c>; did you mean 'x' or 'y'?</c> for the names near enough and those that begin with what was given, at most three, nearest first;
    /// else nothing.
    /// </summary>
    public static string HintOfSeveral(string given, IEnumerable<string> names)
    {
        var near = Nearest(given,
            names.Where(name => IsNear(given, name) || (given.Length > 2 && name.StartsWith(given, StringComparison.Ordinal))), 3);
        return near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near.Select(name => $"'{name}'"))}?";
    }

    /// <summary>The nearest name, at most a third of its letters away; null where none is; the first of several equally near.</summary>
    public static string? Of(string given, IEnumerable<string> names) =>
        names.Where(name => IsNear(given, name)).MinBy(name => Distance(given, name));

    /// <summary>The nearest names however far away, nearest first, of equally near ones the shorter first.</summary>
    public static IReadOnlyList<string> Nearest(string given, IEnumerable<string> names, int count) =>
        [.. names.OrderBy(name => Distance(given, name)).ThenBy(name => name.Length).Take(count)];

    static bool IsNear(string given, string name)
    {
        var most = Math.Max(1, Math.Min(given.Length, name.Length) / 3);
        // Names of other lengths are as many edits apart at least: a long one is not compared letter by letter.
        return Math.Abs(given.Length - name.Length) <= most && Distance(given, name) <= most;
    }

    static int Distance(string a, string b) => Edits(Normal(a), Normal(b));

    static string Normal(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>Edit distance with neighbouring letters swapped counting once (optimal string alignment).</summary>
    static int Edits(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replaced, 1 + Math.Min(d[i - 1, j], d[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], 1 + d[i - 2, j - 2]);
            }
        }
        return d[a.Length, b.Length];
    }
}
