using System.Globalization;
using System.Text;
using Hwaso.Models;

namespace Hwaso.Inference.Networks;

/// <summary>One network of the zoo as a table lists it: as deployed, with its published classes, at its usual size.</summary>
/// <param name="Definition">The network.</param>
/// <param name="Parameters">Learnable parameters.</param>
/// <param name="Macs">Multiply-adds of convolution and linear layers, one image.</param>
/// <param name="MacsAll">Those and every other matrix product.</param>
public sealed record ListedModel(ModelDefinition Definition, long Parameters, long Macs, long MacsAll)
{
    /// <summary>Records the network in shapes alone and counts.</summary>
    public static ListedModel Of(ModelDefinition definition)
    {
        var profile = Profile(definition);
        return new ListedModel(definition, profile.Parameters, profile.Cost.Macs, profile.Cost.MacsAll);
    }

    /// <summary>The size of image that is counted, height x width.</summary>
    public string Size => $"{Definition.UsualSize().Height}x{Definition.UsualSize().Width}";

    /// <summary>The number of published classes; empty where the network has no classes.</summary>
    public string Classes => Definition.HasClasses ? Definition.PublishedClasses.ToString(CultureInfo.InvariantCulture) : "";

    /// <summary>The number of published parameters; empty where none is published.</summary>
    public string Published => Definition.PublishedParameters?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A drawing of the network as SVG.</summary>
    public string Drawing() => Profile(Definition).Drawing();

    static NetworkProfile Profile(ModelDefinition definition)
    {
        var (height, width) = definition.UsualSize();
        return NetworkProfile.Of(definition, definition.PublishedClasses, height, width);
    }
}

/// <summary>Networks that a table shows together: those of one description, each followed by its forms with attention.</summary>
/// <param name="Description">The description that they share.</param>
/// <param name="Rows">The networks, in the order of the table.</param>
public sealed record ModelGroup(string Description, IReadOnlyList<ListedModel> Rows)
{
    /// <summary>The groups of a listing.</summary>
    public static IEnumerable<ModelGroup> Of(IReadOnlyList<ListedModel> rows)
    {
        int HeadOf(int at) =>
            rows.Select((r, k) => (r, k)).Where(r => r.r.Definition.Name == Plain(rows[at])).Select(r => r.k).FirstOrDefault(at);
        return Enumerable.Range(0, rows.Count).GroupBy(HeadOf).OrderBy(g => g.Key)
            .GroupBy(g => rows[g.Key].Definition.Description)
            .Select(g => new ModelGroup(g.Key, [.. g.SelectMany(network => network.Select(at => rows[at]))]));
    }

    /// <summary>The name; of a form with attention that follows its plain network, the suffix of that network's name.</summary>
    public string ShortName(ListedModel row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var plain = Plain(row);
        return Rows.Any(r => r != row && r.Definition.Name == plain) ? "  " + row.Definition.Name[plain.Length..] : row.Definition.Name;
    }

    static string Plain(ListedModel row) => row.Definition.Name.Split('+')[0];
}

/// <summary>The table of networks for documentation.</summary>
public static class ModelTable
{
    /// <summary>The networks as a Markdown table, in groups.</summary>
    public static string Markdown(IReadOnlyList<ListedModel> rows)
    {
        var text = new StringBuilder("| network | classes | size | parameters | published | multiply-adds |\n|---|--:|--:|--:|--:|--:|\n");
        foreach (var group in ModelGroup.Of(rows))
        {
            text.Append(CultureInfo.InvariantCulture, $"| **{group.Description}** | | | | | |\n");
            foreach (var row in group.Rows)
            {
                var name = group.ShortName(row);
                text.Append(CultureInfo.InvariantCulture, $"| {(name.StartsWith(' ') ? "&nbsp;&nbsp;" : "")}`{name.Trim()}` | "
                    + $"{row.Classes} | {row.Size} | ");
                text.Append(CultureInfo.InvariantCulture, $"{row.Parameters:N0} | {row.Published} | {row.Macs:N0} |\n");
            }
        }
        return text.ToString();
    }
}
