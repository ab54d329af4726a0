using Hwaso.Models.Attention;
using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>The attention module in a network's blocks: a name, or a name with settings; what is null keeps the named network's value, or the module's.</summary>
public sealed record AttentionRecipe
{
    const string None = "none";

    static readonly string[] names = [None, .. AttentionModule.All.Select(a => a.Name)];
    static readonly Choices<AttentionPlace> places = new(("between", AttentionPlace.Between), ("end", AttentionPlace.End));

    /// <summary>A module's name, or <c>none</c>; null for the named network's own.</summary>
    public string? Name { get; init; }

    /// <summary>Where it stands in a block.</summary>
    public AttentionPlace? Place { get; init; }

    /// <summary>Side of the kernel, odd, of <c>dca</c>.</summary>
    public int? Kernel { get; init; }

    /// <summary>Whether <c>dca</c> weighs its samples.</summary>
    public bool? Modulation { get; init; }

    /// <summary>Channels over squeezed ones, of <c>se</c>.</summary>
    public int? Reduction { get; init; }

    /// <summary>A module of that name with its own settings.</summary>
    public static implicit operator AttentionRecipe(string name) => new() { Name = name };

    /// <summary>Likewise.</summary>
    public static AttentionRecipe FromString(string name) => name;

    internal AttentionModule? Over(AttentionModule? named)
    {
        if (Name == None)
            return null;
        var module = (Name is null || Name == named?.Name ? named : AttentionModule.All.Single(a => a.Name == Name))
            ?? throw new ArgumentException($"attention.name: the network has no module of its own; one of {string.Join(", ", names.Skip(1))} was wanted");
        module = module with { Place = Place ?? module.Place };
        foreach (var (key, given, owner) in new[] { ("kernel", Kernel is not null, "dca"), ("modulation", Modulation is not null, "dca"), ("reduction", Reduction is not null, "se") })
            if (given && module.Name != owner)
                throw new ArgumentException($"attention.{key} belongs to {owner}, not to {module.Name}; remove it");
        return module switch
        {
            DeformableAttention dca => dca with { Kernel = Kernel ?? dca.Kernel, Modulation = Modulation ?? dca.Modulation },
            SqueezeExcitation se => se with { Reduction = Reduction ?? se.Reduction },
            _ => module,
        };
    }

    /// <summary>Reads <c>attention: dca</c> or a section.</summary>
    internal static AttentionRecipe? Read(YamlMap parent)
    {
        var field = parent["attention"];
        if (field.Node is YamlScalar { IsNull: false })
            return new AttentionRecipe { Name = field.Name(names) };
        var map = parent.Section("attention");
        var recipe = new AttentionRecipe
        {
            Name = map["name"].Name(names),
            Place = map["place"].Choice(places),
            Kernel = map["kernel"].Int(min: 1),
            Modulation = map["modulation"].Flag(),
            Reduction = map["reduction"].Int(min: 1),
        };
        if (recipe.Name is { } name)
        {
            map.RefuseUnless(name != None, "a module", None, "place");
            map.RefuseUnless(name == "dca", "dca", name, "kernel", "modulation");
            map.RefuseUnless(name == "se", "se", name, "reduction");
        }
        if (recipe.Kernel % 2 == 0)
            throw map["kernel"].Node!.Error($"{recipe.Kernel} is even and would not keep the size of the map; wants an odd number such as 1 or 3");
        return map.IsGiven ? recipe : null;
    }

    internal void Write(YamlWriter yaml)
    {
        if (this == new AttentionRecipe { Name = Name })
            yaml.Text("attention", Name);
        else
            yaml.Section("attention", () =>
            {
                yaml.Text("name", Name);
                yaml.Text("place", Place is { } place ? places.NameOf(place) : null);
                yaml.Int("kernel", Kernel);
                yaml.Flag("modulation", Modulation);
                yaml.Int("reduction", Reduction);
            });
    }
}
