using Hwaso.Models.Heads;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>A depth head on a vision transformer; what is null keeps the named network's value, or the head's.</summary>
public sealed record DepthHeadRecipe
{
    static readonly string[] names = [.. DepthHead.All.Select(h => h.Name)];

    /// <summary><c>linear</c>, <c>linear4</c> or <c>dpt</c>; null for the named network's.</summary>
    public string? Name { get; init; }

    /// <summary>Smallest depth in metres.</summary>
    public double? MinDepth { get; init; }

    /// <summary>Largest depth in metres.</summary>
    public double? MaxDepth { get; init; }

    /// <summary>Bins of a linear head.</summary>
    public int? Bins { get; init; }

    /// <summary>Channels of the DPT head's fused maps.</summary>
    public int? Channels { get; init; }

    internal DepthHead Over(DepthHead? named)
    {
        var head = (Name is null || Name == named?.Name ? named : DepthHead.All.Single(h => h.Name == Name))
            ?? throw new ArgumentException($"depth_head.name: the network has no head of its own; {string.Join(", ", names)} were wanted");
        head = head with { MinDepth = MinDepth ?? head.MinDepth, MaxDepth = MaxDepth ?? head.MaxDepth };
        return head switch
        {
            LinearDepthHead when Channels is not null => throw new ArgumentException($"depth_head.channels belongs to dpt, not to {head.Name}; remove it"),
            DptDepthHead when Bins is not null => throw new ArgumentException("depth_head.bins belongs to linear and linear4, not to dpt; remove it"),
            LinearDepthHead linear => linear with { Bins = Bins ?? linear.Bins },
            DptDepthHead dpt => dpt with { Channels = Channels ?? dpt.Channels },
            _ => head,
        };
    }

    internal static DepthHeadRecipe? Read(YamlMap map)
    {
        var recipe = new DepthHeadRecipe
        {
            Name = map["name"].Name(names),
            MinDepth = map["min_depth"].Number(min: 0),
            MaxDepth = map["max_depth"].Number(min: 0, aboveMin: true),
            Bins = map["bins"].Int(min: 2),
            Channels = map["channels"].Int(min: 2),
        };
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml) => yaml.Section("depth_head", () =>
    {
        yaml.Text("name", Name);
        yaml.Number("min_depth", MinDepth);
        yaml.Number("max_depth", MaxDepth);
        yaml.Int("bins", Bins);
        yaml.Int("channels", Channels);
    });
}
