using Hwaso.Metrics;
using Hwaso.Recipes;

namespace Hwaso.Training.Studies;

/// <summary>
/// The grid behind a paper's table: variants that differ in what is compared and in nothing else, each trained several times. Read from
/// YAML, in full or in the small form that rendered scenes and a processor are enough for; docs/studies.md explains each key.
/// </summary>
public sealed record Study
{
    /// <summary>Its name, that of its file.</summary>
    public required string Name { get; init; }

    /// <summary>What is compared on what, a line.</summary>
    public required string Title { get; init; }

    /// <summary>Where the published numbers stand.</summary>
    public string? Source { get; init; }

    /// <summary>A remark for readers of the table.</summary>
    public string? Note { get; init; }

    /// <summary>Runs of each variant, at least 1.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>The table's scores; differences are those of the first.</summary>
    public IReadOnlyList<Measure> Measures { get; init; } = [Measure.All[0]];

    /// <summary>The image size that multiply-adds are of; null for each recipe's crop.</summary>
    public SizePx? Input { get; init; }

    /// <summary>The rows.</summary>
    public required IReadOnlyList<StudyVariant> Variants { get; init; }

    /// <summary>Whether it is the small form.</summary>
    public bool IsSmall { get; init; }

    /// <summary>What the small form renders to learn from; null in full.</summary>
    public StudyScenes? Scenes { get; init; }

    /// <summary>Predicts the depth of the small form's scenes before the first run; null where no depth is predicted.</summary>
    public StudyTeacher? Teacher { get; init; }

    /// <summary>Reads a study's file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="small">Whether the small form is wanted.</param>
    /// <exception cref="RecipeException">
    /// The file cannot be read, a key is unknown, missing or wrong, or two variants have one name.
    /// </exception>
    public static Study Load(string path, bool small)
    {
        var map = YamlTree.Read(RecipeFile.TextOf(path), path);
        map.AllowOnly("title", "source", "note", "recipe", "set", "seeds", "measures", "input", "baseline", "variants", "small");
        var form = map.Section("small");
        if (small && !form.IsGiven)
            throw map.Missing("small", "a section that says what --small renders and trains");
        form.AllowOnly("note", "recipe", "set", "seeds", "input", "scenes", "teacher");
        var variants = ReadVariants(map, form, path, small);
        var name = Path.GetFileNameWithoutExtension(path);
        if (!name.Any(char.IsLetterOrDigit))
            throw new RecipeException(path, $"a study is called after its file, whose name gives none ('{name}'); rename it");
        var study = new Study { Name = name, Title = "", Variants = [] };
        return study with
        {
            Title = map["title"].Text() ?? throw map.Missing("title", "what is compared on what, in a line"),
            Source = map["source"].Text(),
            Note = (small ? form : map)["note"].Text(),
            Seeds = (small ? form["seeds"].Int(min: 1) : null) ?? map["seeds"].Int(min: 1) ?? study.Seeds,
            Measures = MeasuresOf(map) ?? study.Measures,
            Input = (small ? form : map)["input"].Size(),
            Variants = variants,
            IsSmall = small,
            Teacher = small ? StudyTeacher.Read(form, own => TeacherOf(own, form, map, path)) : null,
            Scenes = small ? StudyScenes.Read(form, "what to render") : null,
        };
    }

    // As one would type it here.
    static string Short(string path) => Path.GetRelativePath(".", path) is var near && near.Length < path.Length ? near : path;

    static Measure[]? MeasuresOf(YamlMap map)
    {
        var names = Measure.All.Select(m => m.Name).ToArray();
        return map.Find("measures")?.Value switch
        {
            null => null,
            YamlList { Items.Count: > 0 } list => [.. list.Items.Select(MeasureOf)],
            var other => throw other.Error($"wants a list such as [{names[0]}], not {other.Given}"),
        };

        Measure MeasureOf(YamlNode item)
        {
            var name = new YamlField(map, "measures", item).Name(names);
            return Measure.All.Single(m => m.Name == name);
        }
    }

    static (YamlNode Node, string Path) RecipeOf(YamlMap own, YamlMap[] holders, string study)
    {
        var holder = holders.FirstOrDefault(h => h.Has("recipe"))
            ?? throw own.Missing("recipe", "a recipe's file, here or for the whole study");
        var path = Path.Combine(Path.GetDirectoryName(study) ?? "", holder["recipe"].Text()!);
        return (holder.Find("recipe")!.Value, Short(Path.GetFullPath(path)));
    }

    static YamlEntry[] Settings(YamlMap[] setters) => [.. setters.SelectMany(s => s.Section("set").Entries)];

    static StudyVariant TeacherOf(YamlMap own, YamlMap form, YamlMap map, string path)
    {
        var (node, recipe) = RecipeOf(own, [own, form, map], path);
        return new StudyVariant("teacher", null, node.Where, new PublishedResult(), node, recipe, Settings([map, form, own]));
    }

    static List<StudyVariant> ReadVariants(YamlMap map, YamlMap form, string path, bool small)
    {
        const string List = "a list of variants, each with a name";
        if (map.Find("variants")?.Value is not YamlList { Items.Count: > 0 } list)
            throw map.Find("variants")?.Value.Error($"wants {List}") ?? map.Missing("variants", List);
        var variants = new List<StudyVariant>();
        foreach (var item in list.Items)
        {
            var variant = Variant(item as YamlMap ?? throw item.Error($"wants keys such as 'name:', not {item.Given}"));
            if (variants.Find(v => string.Equals(v.Folder, variant.Folder, StringComparison.OrdinalIgnoreCase)) is { } same)
                throw new RecipeException(variant.Where, same.Name == variant.Name
                    ? $"a second variant is called '{variant.Name}', first at {same.Where}; call one otherwise"
                    : $"'{variant.Name}' would have its runs in the folder of '{same.Name}' at {same.Where}; call one otherwise");
            variants.Add(variant);
        }
        foreach (var against in variants.Select(v => v.AgainstNode).OfType<YamlNode>())
            _ = new YamlField(map, "against", against).Name([.. variants.Select(v => v.Name)]);
        return variants;

        StudyVariant Variant(YamlMap own)
        {
            own.AllowOnly("name", "against", "recipe", "set", "published", "small");
            var ownForm = own.Section("small");
            ownForm.AllowOnly("recipe", "set");
            var name = own["name"].Text() ?? throw own.Missing("name", "what the table calls it");
            // The nearest recipe: the form's before the file's, the variant's before the study's.
            var (node, recipe) = RecipeOf(own, small ? [ownForm, form, own, map] : [own, map], path);
            YamlMap[] setters = small ? [map, form, own, ownForm] : [map, own];
            var (against, where) = (own["against"].Node ?? map["baseline"].Node, own["name"].Node!);
            var published = PublishedResult.Read(own.Section("published"));
            var made = new StudyVariant(name, against, where.Where, published, node, recipe, Settings(setters));
            return made.Folder.Length > 0 ? made : throw where.Error($"'{name}' holds no letter or digit, which its folder is called by");
        }
    }
}
