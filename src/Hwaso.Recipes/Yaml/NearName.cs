namespace Hwaso.Recipes.Yaml;

/// <summary>The name someone probably meant.</summary>
static class NearName
{
    /// <summary><c>; did you mean 'x'?</c> where a name is near enough, else nothing.</summary>
    public static string Hint(string given, IEnumerable<string> names) =>
        Of(given, names) is { } near ? $"; did you mean '{near}'?" : "";

    /// <summary>The nearest name, at most a third of its letters away, or null; the first of several equally near.</summary>
    public static string? Of(string given, IEnumerable<string> names)
    {
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var name in names)
        {
            var distance = Distance(Normal(given), Normal(name));
            if (distance >= bestDistance || distance > Math.Max(1, Math.Min(given.Length, name.Length) / 3)) continue;
            (best, bestDistance) = (name, distance);
        }
        return best;
    }

    static string Normal(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>Edit distance with neighbouring letters swapped counting once (optimal string alignment).</summary>
    static int Distance(string a, string b)
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
