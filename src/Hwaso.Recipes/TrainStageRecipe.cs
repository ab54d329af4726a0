namespace Hwaso.Recipes;

/// <summary>A stage in the training of a U-Net of two decoders: what learns, from what, for how long, and what is copied before.</summary>
/// <param name="Name">What it is called, by itself among the stages.</param>
/// <param name="Epochs">Its length in passes over the training split, at least 1.</param>
/// <param name="Learn">The parts that learn, at least one; the others stay as they are, statistics included.</param>
public sealed record TrainStageRecipe(string Name, int Epochs, ValueList<NetworkPart> Learn)
{
    const double SemanticOfBoth = 0.85, DepthOfBoth = 0.15;

    static readonly NamedValues<NetworkPart> Parts =
        new(("encoder", NetworkPart.Encoder), ("semantic", NetworkPart.Semantic), ("depth", NetworkPart.Depth));
    static readonly NamedValues<DecoderCopy> Copies =
        new(("none", DecoderCopy.None), ("depth_to_semantic", DecoderCopy.DepthToSemantic),
            ("semantic_to_depth", DecoderCopy.SemanticToDepth));

    /// <summary>What the semantic loss is multiplied by, 0 or more.</summary>
    public double SemanticWeight { get; init; } = 1;

    /// <summary>What the loss of depth is multiplied by, 0 or more.</summary>
    public double DepthWeight { get; init; } = 1;

    /// <summary>What is copied before it starts.</summary>
    public DecoderCopy Copy { get; init; } = DecoderCopy.None;

    /// <summary>The stage's own optimiser; null for the run's.</summary>
    public OptimizerRecipe? Optimizer { get; init; }

    internal static ValueList<TrainStageRecipe> Read(YamlMap root, OptimizerRecipe usual)
    {
        var maps = root.Sections("stages");
        ValueList<TrainStageRecipe> stages = [.. maps.Select(map => ReadOne(map, usual))];
        foreach (var (stage, map) in stages.Zip(maps))
            if (stages.First(s => s.Name == stage.Name) != stage || stages.Count(s => s.Name == stage.Name) > 1)
                throw map["name"].Node!.Error($"'{stage.Name}' is the name of two stages; call one of them something else");
        return stages;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Name);
        yaml.Int("epochs", Epochs);
        yaml.Names("learn", Learn.Select(Parts.NameOf));
        yaml.Number("semantic_weight", SemanticWeight);
        yaml.Number("depth_weight", DepthWeight);
        yaml.Text("copy", Copies.NameOf(Copy));
        if (Optimizer is { } optimizer) yaml.Section("optimizer", () => optimizer.Write(yaml));
    }

    static TrainStageRecipe ReadOne(YamlMap map, OptimizerRecipe usual)
    {
        var learn = map["learn"].Choices(Parts) ?? throw map.Missing("learn", "the parts that learn, of encoder, semantic and depth");
        if (learn.Count == 0) throw map["learn"].Node!.Error("is empty: the stage would train nothing; name encoder, semantic or depth");
        if (learn.Distinct().Count() < learn.Count) throw map["learn"].Node!.Error("names a part twice; remove one");
        var (semantic, depth) = (learn.Contains(NetworkPart.Semantic), learn.Contains(NetworkPart.Depth));
        // A decoder that learns alone has all the weight; both, or the encoder by itself, share it as published.
        var (ofSemantic, ofDepth) = semantic == depth ? (SemanticOfBoth, DepthOfBoth) : semantic ? (1, 0) : (0.0, 1);
        var stage = new TrainStageRecipe(
            map["name"].Text() ?? throw map.Missing("name", "what the stage is called"),
            map["epochs"].Int(min: 1) ?? throw map.Missing("epochs", "the length of the stage in passes over the training split"),
            learn)
        {
            SemanticWeight = map["semantic_weight"].Number(min: 0) ?? ofSemantic,
            DepthWeight = map["depth_weight"].Number(min: 0) ?? ofDepth,
            Copy = map["copy"].Choice(Copies) ?? DecoderCopy.None,
            Optimizer = OptimizerRecipe.Read(map.Section("optimizer"), usual) is var own && map.Has("optimizer") ? own : null,
        };
        Require(semantic, stage.SemanticWeight, "semantic");
        Require(depth, stage.DepthWeight, "depth");
        if (stage is { SemanticWeight: 0, DepthWeight: 0 }) throw map.Error("both weights are 0: the stage would train nothing");
        if (!learn.Contains(NetworkPart.Encoder) && !semantic && stage.SemanticWeight > 0) throw NothingThere("semantic");
        if (!learn.Contains(NetworkPart.Encoder) && !depth && stage.DepthWeight > 0) throw NothingThere("depth");
        return stage;

        void Require(bool learns, double weight, string part)
        {
            if (learns && weight == 0)
                throw (map[$"{part}_weight"].Node ?? map)
                    .Error($"is 0, but the {part} decoder is to learn from it; give it a weight above 0, or take {part} out of 'learn'");
        }

        RecipeException NothingThere(string part) =>
            map[$"{part}_weight"].Node!.Error(
                $"above 0, but neither the encoder nor the {part} "
                + "decoder learns: that loss would train nothing; set it to 0");
    }
}

/// <summary>What a stage of training copies before it starts.</summary>
public enum DecoderCopy
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The semantic decoder takes over the depth decoder's weights; the heads stay.</summary>
    DepthToSemantic,

    /// <summary>The depth decoder takes over the semantic decoder's weights; the heads stay.</summary>
    SemanticToDepth,
}

/// <summary>The parts of a network of two decoders that learn, or do not, by themselves.</summary>
public enum NetworkPart
{
    /// <summary>The encoder, which both decoders look at.</summary>
    Encoder,

    /// <summary>The semantic decoder with its head.</summary>
    Semantic,

    /// <summary>The depth decoder with its head.</summary>
    Depth,
}
