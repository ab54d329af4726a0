namespace Hwaso.Recipes;

/// <summary>The optimiser. What belongs to another <see cref="Kind"/> keeps its default and means nothing.</summary>
/// <param name="LearningRate">The base learning rate that the schedule multiplies, above 0.</param>
public sealed record OptimizerRecipe(double LearningRate)
{
    static readonly NamedValues<OptimizerKind> Kinds =
        new(("sgd", OptimizerKind.Sgd), ("adam", OptimizerKind.Adam), ("adamw", OptimizerKind.AdamW));

    /// <summary>Which optimiser.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.Sgd;

    /// <summary>Momentum, 0 up to 1; SGD.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether the momentum is Nesterov's, which wants <see cref="Momentum"/> above 0; SGD.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Decay of the running mean of the gradient, 0 up to 1; Adam and AdamW.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the running mean of the squared gradient, 0 up to 1; Adam and AdamW.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>What is added to the denominator, above 0; Adam and AdamW.</summary>
    public double Eps { get; init; } = 1e-8;

    /// <summary>Weight decay on every parameter, or on those alone that <see cref="DecayNorms"/> leaves; 0 or more.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Whether weight decay is on norms and biases too, as in the official HRNet code.</summary>
    public bool DecayNorms { get; init; } = true;

    /// <summary>What the learning rate of the head's parameters is multiplied by, 0 or more.</summary>
    public double HeadRateMultiplier { get; init; } = 1;

    /// <summary>What learns in another way, by name; of several that fit a parameter, the first decides.</summary>
    public ValueList<ParameterGroupRecipe> Groups { get; init; } = [];

    /// <summary>How the learning rate falls from the last layer of the backbone to its first; null where it does not.</summary>
    public LayerDecayRecipe? LayerDecay { get; init; }

    /// <summary>Reads an optimiser.</summary>
    /// <param name="map">Its section.</param>
    /// <param name="usual">The optimiser that what is left out is of, where it has the same name; null for the defaults.</param>
    internal static OptimizerRecipe Read(YamlMap map, OptimizerRecipe? usual = null)
    {
        var kind = map["name"].Choice(Kinds) ?? usual?.Kind ?? OptimizerKind.Sgd;
        var isSgd = kind == OptimizerKind.Sgd;
        map.RefuseUnless(isSgd, "sgd", Kinds.NameOf(kind), "momentum", "nesterov");
        map.RefuseUnless(!isSgd, "adam and adamw", Kinds.NameOf(kind), "betas", "eps");
        var learningRate = map["learning_rate"].Number(min: 0, aboveMin: true);
        var same = usual?.Kind == kind ? usual : null;
        var optimizer =
            (same ?? new OptimizerRecipe(0)) with
            {
                LearningRate = learningRate
            ?? same?.LearningRate ?? throw map.Missing("learning_rate", "a number above 0")
            };
        var betas = map["betas"].Numbers(min: 0, count: 2);
        optimizer = optimizer with
        {
            Kind = kind,
            Momentum = map["momentum"].Number(min: 0, max: 1) ?? optimizer.Momentum,
            Nesterov = map["nesterov"].Flag() ?? optimizer.Nesterov,
            Beta1 = betas?[0] ?? optimizer.Beta1,
            Beta2 = betas?[1] ?? optimizer.Beta2,
            Eps = map["eps"].Number(min: 0, aboveMin: true) ?? optimizer.Eps,
            WeightDecay = map["weight_decay"].Number(min: 0) ?? optimizer.WeightDecay,
            DecayNorms = map["decay_norms"].Flag() ?? optimizer.DecayNorms,
            HeadRateMultiplier = map["head_rate_multiplier"].Number(min: 0) ?? optimizer.HeadRateMultiplier,
            // Of each optimiser by itself: there is no word for none.
            Groups = ParameterGroupRecipe.Read(map),
            LayerDecay = LayerDecayRecipe.Read(map.Section("layer_decay")),
        };
        if (optimizer is { Nesterov: true, Momentum: 0 }) throw map["nesterov"].Node!.Error("wants a momentum above 0");
        if (optimizer.Beta1 >= 1 || optimizer.Beta2 >= 1) throw map["betas"].Node!.Error("wants two numbers below 1, such as [0.9, 0.999]");
        return optimizer;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Kinds.NameOf(Kind));
        yaml.Number("learning_rate", LearningRate);
        if (Kind == OptimizerKind.Sgd)
        {
            yaml.Number("momentum", Momentum);
            yaml.Flag("nesterov", Nesterov);
        }
        else
        {
            yaml.Numbers("betas", [Beta1, Beta2]);
            yaml.Number("eps", Eps);
        }
        yaml.Number("weight_decay", WeightDecay);
        yaml.Flag("decay_norms", DecayNorms);
        yaml.Number("head_rate_multiplier", HeadRateMultiplier);
        yaml.List("groups", Groups, group => group.Write(yaml));
        if (LayerDecay is { } decay) yaml.Section("layer_decay", () => decay.Write(yaml));
    }
}

/// <summary>The optimisers a recipe can name.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum, as PyTorch's SGD with dampening 0.</summary>
    Sgd,

    /// <summary>Adam, weight decay added to the gradient. Kingma and Ba, ICLR 2015.</summary>
    Adam,

    /// <summary>Adam, weight decay apart from the gradient. Loshchilov and Hutter, ICLR 2019.</summary>
    AdamW,
}
