namespace Hwaso.Recipes;

/// <summary>
/// Everything that decides what a training run does: with the same data, machine and thread count, the same recipe gives
/// the same weights. Read from YAML, compared by value, written back with every default spelled out; docs/recipes.md tells each key.
/// </summary>
/// <param name="Name">What the run is called: letters, digits and <c>. _ + -</c>; in YAML the file's name unless given.</param>
/// <param name="Model">The network and the weights it begins with.</param>
/// <param name="Data">The data set.</param>
/// <param name="Augment">What happens to images on their way into training.</param>
/// <param name="Train">Length, batch, optimiser and learning rate.</param>
public sealed record Recipe(string Name, ModelRecipe Model, DataRecipe Data, AugmentRecipe Augment, TrainRecipe Train)
{
    /// <summary>One or more sentences about where the settings come from.</summary>
    public string? Description { get; init; }

    /// <summary>What every random choice follows from, 0 or more; 304 is the official HRNet code's.</summary>
    public int Seed { get; init; } = 304;

    /// <summary>CPU threads for operators, at least 1; null for as many as the machine offers.</summary>
    public int? Threads { get; init; }

    /// <summary>The loss.</summary>
    public LossRecipe Loss { get; init; } = new();

    /// <summary>The stages of training, in order; empty for one in which everything learns.</summary>
    public ValueList<TrainStageRecipe> Stages { get; init; } = [];

    /// <summary>Poses; null where the recipe says nothing about them.</summary>
    public PoseRecipe? Pose { get; init; }

    /// <summary>Detection; null where the recipe says nothing about it.</summary>
    public DetectionRecipe? Detection { get; init; }

    /// <summary>How often and how to score on the validation split while training.</summary>
    public ValidateRecipe Validate { get; init; } = new();

    /// <summary>How often to write the checkpoint from which a run resumes.</summary>
    public SaveRecipe Save { get; init; } = new();

    /// <summary>Whether the network tells two classes apart by one output channel, the logit of the second.</summary>
    public bool HasOneChannel => Model.Classes == ModelRecipe.OneChannel || Loss.Kind == LossKind.BinaryCrossEntropy;

    /// <summary>
    /// Every key of a recipe, as a path such as <c>train.optimizer.name</c>, in the order in which they are read; without the network's own
    /// keys.
    /// </summary>
    public static IReadOnlyList<string> Keys => RecipeKeys.List.All;

    /// <summary>Reads a recipe file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="settings">Overrides <c>key.path=value</c>, the value in YAML; a later one wins; an empty value takes the key
    /// out.</param>
    /// <exception cref="RecipeException">The file cannot be read, or a key is unknown, missing, of the wrong type or in
    /// contradiction.</exception>
    public static Recipe Load(string path, params IEnumerable<string> settings) => RecipeFile.Load(path, settings).Recipe;

    /// <summary>Reads a recipe from text.</summary>
    /// <param name="yaml">The YAML.</param>
    /// <param name="file">The file name that errors show and that names a recipe without <c>name</c>.</param>
    /// <param name="settings">Overrides <c>key.path=value</c>, as for <see cref="Load"/>.</param>
    /// <exception cref="RecipeException">A key is unknown, missing, of the wrong type or in contradiction.</exception>
    public static Recipe Read(string yaml, string file, params IEnumerable<string> settings) =>
        RecipeFile.Read(yaml, file, settings).Recipe;

    /// <summary>The recipe as YAML with every default written out, in a fixed order; it reads back equal.</summary>
    /// <param name="path">Where it will be kept, for the command in the first line; by default <c>recipes/NAME.yaml</c>.</param>
    public string ToYaml(string? path = null)
    {
        var yaml = new YamlWriter();
        yaml.Comment($"hwaso train {path ?? $"recipes/{Name}.yaml"}");
        yaml.Text("name", Name);
        yaml.Text("description", Description);
        yaml.Int("seed", Seed);
        yaml.Int("threads", Threads);
        yaml.Section("model", () => Model.Write(yaml));
        yaml.Section("data", () => Data.Write(yaml));
        yaml.Section("augment", () => Augment.Write(yaml));
        yaml.Section("train", () => Train.Write(yaml, staged: Stages.Count > 0));
        yaml.List("stages", Stages, stage => stage.Write(yaml));
        yaml.Section("loss", () => Loss.Write(yaml));
        if (Pose is { } pose)
            yaml.Section("pose", () => pose.Write(yaml));
        if (Detection is { } detection)
            yaml.Section("detection", () => detection.Write(yaml));
        yaml.Section("validate", () => Validate.Write(yaml));
        yaml.Section("save", () => Save.Write(yaml));
        return yaml.ToString();
    }

    internal static Recipe Read(YamlMap map, string file)
    {
        var (name, model, data) =
            (ReadName(map["name"], file), ModelRecipe.Read(map.Section("model")), DataRecipe.Read(map.Section("data")));
        var augment = AugmentRecipe.Read(map.Section("augment"), model.InChannels ?? AugmentRecipe.ColourChannels);
        var optimizer = OptimizerRecipe.Read(map.Section("train").Section("optimizer"));
        // Their lengths are the run's, and their optimisers begin from its.
        var stages = TrainStageRecipe.Read(map, optimizer);
        var recipe = new Recipe(name, model, data, augment, TrainRecipe.Read(map.Section("train"), optimizer, stages));
        recipe = recipe with
        {
            Description = map["description"].Text(),
            Seed = map["seed"].Int(min: 0) ?? recipe.Seed,
            Threads = map["threads"].Int(min: 1),
            Stages = stages,
            Loss = LossRecipe.Read(map.Section("loss"), recipe.Model.Classes),
        };
        recipe = recipe with
        {
            Validate = ValidateRecipe.Read(map.Section("validate"), recipe.HasOneChannel),
            Save = SaveRecipe.Read(map.Section("save")),
        };
        var pose = PoseRecipe.Read(map.Section("pose"));
        if (map.Find("pose") is not null)
            recipe = recipe with { Pose = pose };
        var detection = DetectionRecipe.Read(map.Section("detection"));
        if (map.Find("detection") is not null)
            recipe = recipe with { Detection = detection };
        if (recipe.Validate.Patience is not null && stages.Count > 0)
            throw map.Section("validate")["patience"].Node!.Error(
                "excludes 'stages': a stage would be cut off "
                + "for what a later one is to bring; remove it");
        return recipe;
    }

    static string ReadName(YamlField field, string file)
    {
        if (field.Text() is not { } name)
        {
            name = string.Concat(Path.GetFileNameWithoutExtension(file).Select(c => IsNameLetter(c) ? c : '-'));
            return IsFolderName(name) ? name : throw new RecipeException(file,
                $"name: missing, and the file's own name gives none ('{name}'); write 'name: …'");
        }
        // Runs, files and reports are called after it.
        if (!name.All(IsNameLetter)) throw field.Node!.Error($"'{name}' holds more than letters, digits and . _ + -");
        return IsFolderName(name) ? name : throw field.Node!.Error(
            $"'{name}' names a folder around the runs, not one among them; wants a letter or a digit in it");
    }

    static bool IsFolderName(string name) => name.Any(char.IsLetterOrDigit);

    static bool IsNameLetter(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '+' or '-';
}
