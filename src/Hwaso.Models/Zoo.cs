using Hwaso.Models.Attention;
using Hwaso.Models.Families;

namespace Hwaso.Models;

/// <summary>Every network by name.</summary>
public static class Zoo
{
    /// <summary>Every definition, of a family the plain networks before those with attention.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. HRNetFamily.All,
        .. ResNetFamily.All,
        .. EfficientNetFamily.All,
        .. UNetFamily.All,
        .. SANetFamily.All,
        .. DinoFamily.All,
    ];

    /// <summary>The definition of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the near ones.</exception>
    public static ModelDefinition Find(string name) =>
        All.FirstOrDefault(d => d.Name == name)
        ?? throw new ArgumentException($"'{name}' is no model's name; near ones: {string.Join(", ", Near(name))}. `hwaso models` lists all; a recipe file (.yaml) is accepted too");

    /// <summary>The segmentation network of a name.</summary>
    /// <exception cref="ArgumentException">There is none, or the network is none for segmentation.</exception>
    public static SegmentationDefinition FindSegmentation(string name) => AsSegmentation(Find(name));

    /// <summary>The definition as one of a segmentation network.</summary>
    /// <exception cref="ArgumentException">It is another's.</exception>
    public static SegmentationDefinition AsSegmentation(ModelDefinition definition) => definition as SegmentationDefinition
        ?? throw new ArgumentException($"{definition.Name} is a network for {definition.Task.Word()}; a segmentation network was wanted");

    /// <summary>The attention module of a name; null for <c>none</c>.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static AttentionModule? FindAttention(string name) => name == "none"
        ? null
        : AttentionModule.All.FirstOrDefault(a => a.Name == name)
          ?? throw new ArgumentException($"attention '{name}': none, {string.Join(", ", AttentionModule.All.Select(a => a.Name))} were wanted");

    static IEnumerable<string> Near(string name) => All.Select(d => d.Name).OrderBy(n => Distance(n, name)).ThenBy(n => n.Length).Take(4);

    /// <summary>Levenshtein's edit distance.</summary>
    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
