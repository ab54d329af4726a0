using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Families;

namespace Hwaso.Models;

/// <summary>Every network by name.</summary>
public static class Zoo
{
    // Counts of the official implementations with 59 classes; the paper behind psa-spatial prints 65.9 M and 69.0 M.
    static readonly (string Size, HRNetConfig Config, long? Parameters)[] HRNets =
    [
        ("w18-small-v1", HRNetConfig.W18SmallV1, 1_550_459),
        ("w18-small-v2", HRNetConfig.W18SmallV2, 3_950_419),
        ("w18", HRNetConfig.OfWidth(18), 9_651_959),
        ("w30", HRNetConfig.OfWidth(30), null),
        ("w32", HRNetConfig.OfWidth(32), 29_565_755),
        ("w40", HRNetConfig.OfWidth(40), 45_918_475),
        ("w44", HRNetConfig.OfWidth(44), null),
        ("w48", HRNetConfig.OfWidth(48), 65_888_219),
        ("w64", HRNetConfig.OfWidth(64), null),
    ];

    static readonly Dictionary<string, long> WithAttention = new()
    {
        ["hrnetv2-w48+psa-spatial"] = 69_058_523,
        ["hrnetv2-w48+psa-s"] = 71_272_763,
        ["hrnetv2-w48+psa-p"] = 72_243_419,
    };

    /// <summary>Every definition, of a family the plain networks before those with attention.</summary>
    public static IReadOnlyList<ModelDefinition> All { get; } =
    [
        .. AttentionModule.All.Prepend<AttentionModule?>(null).SelectMany(a => HRNets.Select(h => HRNetV2(h.Size, h.Config, h.Parameters, a))),
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

    static HRNetV2Definition HRNetV2(string size, HRNetConfig config, long? parameters, AttentionModule? attention)
    {
        var plain = $"hrnetv2-{size}";
        var name = attention is null ? plain : $"{plain}+{attention.Name}";
        return new HRNetV2Definition
        {
            Name = name,
            Description = attention is null ? "HRNetV2 for segmentation" : $"HRNetV2 with {attention.Name} in every BasicBlock",
            PublishedParameters = attention is null ? parameters : WithAttention.TryGetValue(name, out var count) ? count : null,
            Config = config with { Attention = attention },
        };
    }

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
