namespace Hwaso.Cli.Verbs;

/// <summary>Networks that a table shows together: those of one description, each followed by its forms with attention.</summary>
/// <param name="Description">What they are.</param>
/// <param name="Rows">All of them, in the order of the table.</param>
sealed record ModelGroup(string Description, IReadOnlyList<ListedModel> Rows)
{
    /// <summary>The groups of a listing.</summary>
    public static IEnumerable<ModelGroup> Of(IReadOnlyList<ListedModel> rows) =>
        rows.Select((row, at) => (Row: row, Head: Array.FindIndex([.. rows], r => r.Definition.Name == Plain(row)) is var head and >= 0 ? head : at))
            .GroupBy(r => r.Head).OrderBy(g => g.Key)
            .GroupBy(g => rows[g.Key].Definition.Description)
            .Select(g => new ModelGroup(g.Key, [.. g.SelectMany(network => network.Select(r => r.Row))]));

    /// <summary>The name, or for a form with attention that stands behind the plain network what follows its name.</summary>
    public string ShortName(ListedModel row) => Rows.Any(r => r != row && r.Definition.Name == Plain(row)) ? "  " + row.Definition.Name[Plain(row).Length..] : row.Definition.Name;

    static string Plain(ListedModel row) => row.Definition.Name.Split('+')[0];
}
