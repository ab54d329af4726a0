namespace Hwaso.Recipes.Tests;

/// <summary>Valid recipes with every key set at some time, odd numbers and texts included.</summary>
sealed class RandomRecipes(Random random)
{
    static readonly string[] Texts =
    [
        "plain", "null", "~", "true", "no", "12", "1e-5", "with space", " leading and trailing ", "a: b", "# hash", "- dash", "*star",
        "&and",
        "!bang", "'single'", "\"double\"", "back\\slash", "line\nbreak", "tab\there", "화소", "emoji 🙂", "[1, 2]", "{a: b}", "%percent",
        "@at", "`tick`",
        "C:\\data\\voc", "/data/voc 2012", "nel\u0085sep\u2028end", "?", ":", ",", "|", ">", "=", "<<", ".5", "0x1F", "---", "...", "\r\n",
        "\u0001\u007f",
    ];

    public Recipe Next() => Coin() ? Plain() : Staged(Plain());

    Recipe Staged(Recipe plain)
    {
        var stages = Enumerable.Range(0, random.Next(1, 5)).Select(k => Stage(k)).ToArray();
        return plain with
        {
            Stages = [.. stages],
            Train = plain.Train with { Epochs = stages.Sum(s => s.Epochs), Iterations = null },
            Validate = plain.Validate with { Patience = null },
        };
    }

    TrainStageRecipe Stage(int number)
    {
        ValueList<NetworkPart> learn = random.Next(3) switch
        {
            0 => [NetworkPart.Semantic],
            1 => [NetworkPart.Depth, NetworkPart.Encoder],
            _ => [NetworkPart.Encoder, NetworkPart.Semantic, NetworkPart.Depth],
        };
        return new TrainStageRecipe($"{Text()}{number}", random.Next(1000, 2000), learn)
        {
            SemanticWeight = Above0(),
            DepthWeight = learn.Count == 1 ? 0 : Above0(),
            Copy = (DecoderCopy)random.Next(3),
            Optimizer = Maybe(Optimizer),
        };
    }

    Recipe Plain()
    {
        var recipe = Any();
        if (recipe.Model.InChannels is { } channels and not 3)
            recipe = recipe with
            {
                Augment = recipe.Augment with
                {
                    Photometric = false,
                    Mean = [.. Enumerable.Range(0, channels).Select(_ => random.NextDouble())],
                    Std = [.. Enumerable.Range(0, channels).Select(_ => Above0())],
                },
            };
        return recipe.Loss.Kind != LossKind.BinaryCrossEntropy ? recipe : recipe with
        {
            Model = recipe.Model with { Classes = MaybeValue(() => ModelRecipe.OneChannel) },
            Validate = recipe.Validate with { Threshold = MaybeValue(() => (random.NextDouble() + 0.01) / 2) },
        };
    }

    Recipe Any() => new($"run-{random.Next()}", Model(), Data(), Augment(), Train())
    {
        Description = Maybe(Text),
        Seed = random.Next(),
        Threads = MaybeValue(() => random.Next(1, 64)),
        Loss = Loss(),
        Validate = new ValidateRecipe
        {
            Every = random.Next(1, 9),
            Size = MaybeValue(Size),
            Patience = MaybeValue(() => random.Next(1, 9))
        },
        Pose = random.Next(2) == 0 ? null : new PoseRecipe
        {
            Sigma = random.NextDouble() + 0.5,
            Targets = (PoseTargets)random.Next(3),
            Rotation = random.Next(0, 90),
            Hardest = random.Next(2) == 0 ? null : random.Next(1, 17),
            FlipTest = random.Next(2) == 0,
            Offset = (PoseOffset)random.Next(4),
            Boxes = random.Next(2) == 0 ? null : "boxes.json",
            OksThreshold = random.NextDouble() + 0.1,
            SoftNms = random.Next(2) == 0,
        },
        Detection = random.Next(2) == 0 ? null : new DetectionRecipe
        {
            ShortSides = [random.Next(64, 99), 100],
            LongSides = [random.Next(100, 200), 200],
            Background = random.Next(2) == 0,
            Anchors = random.Next(2, 300),
            Proposals = random.Next(4, 600),
            Score = random.NextDouble(),
            Overlap = 1 - random.NextDouble(),
            Most = random.Next(1, 300),
        },
        Save = new SaveRecipe { Every = random.Next(1, 9) },
    };

    LossRecipe Loss()
    {
        var kind = (LossKind)random.Next(Enum.GetValues<LossKind>().Length);
        var any = new LossRecipe
        {
            Kind = kind,
            Heads = new LossHeadsRecipe
            {
                Auxiliary = MaybeValue(Above0),
                Edges = MaybeValue(Above0),
                EdgePixels = MaybeValue(Above0),
                Categorical = MaybeValue(Above0),
                Dense = MaybeValue(Above0),
                Semantic = MaybeValue(Above0),
                Depth = MaybeValue(Above0)
            },
        };
        ValueList<double>? Weights() => Maybe<ValueList<double>>(() => [Above0(), Above0(), Above0()]);
        return kind switch
        {
            LossKind.CrossEntropy => any with
            {
                ClassWeights = Weights(),
                LabelSmoothing = random.NextDouble(),
                AverageOverAll = Coin(),
            },
            LossKind.Focal => any with { Alpha = Above0(), Gamma = Above0() },
            LossKind.HardPixels => Hard(any with { ClassWeights = Weights(), Threshold = 1 - random.NextDouble() }),
            LossKind.Dice => any with { Smooth = Above0(), CrossEntropyShare = Above0() },
            LossKind.Lovasz => any with { CrossEntropyShare = Above0() },
            LossKind.BinaryCrossEntropy => any with { PositiveWeight = Above0() },
            LossKind.MaskClassification => any with { Points = random.Next(1, 999), NoObject = Above0() },
            _ => throw new InvalidOperationException($"no random recipe of {kind}: add one here"),
        };
    }

    LossRecipe Hard(LossRecipe loss)
    {
        var rule = (HardPixelKind)random.Next(3);
        return rule == HardPixelKind.BiSeNet ? loss with { Rule = rule } : loss with { Rule = rule, Keep = random.Next(1, 999) };
    }

    ModelRecipe Model()
    {
        var (named, pretrained, inChannels) = (Coin(), Maybe(Text), MaybeValue(() => random.Next(1, 6)));
        return new ModelRecipe
        {
            Name = named ? "net-of-next-year" : null,
            Family = named ? null : "net",
            // Three, as many as there are class weights.
            Classes = MaybeValue(() => 3),
            Settings = Maybe(() => NetworkSettings.Parse(Network())) ?? NetworkSettings.None,
            Init = (Initialization)random.Next(4),
            Pretrained = pretrained,
            SkipMismatched = pretrained is not null && Coin(),
            PretrainedKey = pretrained is null ? null : Maybe(Text),
            InChannels = inChannels,
            FirstConvolution = pretrained is not null && inChannels is not (null or 3) ? (FirstConvolution)random.Next(3) : default,
        };
    }

    // Values and sections of every form that a network can have; a recipe keeps them without knowing what they mean.
    string Network()
    {
        var yaml = new YamlWriter();
        yaml.Int("width", random.Next());
        yaml.Number("rate", Above0());
        yaml.Flag("wide", MaybeValue(Coin));
        yaml.Text("form", Text());
        yaml.Numbers("taps", Ints(random.Next(1, 5)).Select(tap => (double)tap));
        yaml.Inline("stage", line =>
        {
            line.Int("blocks", random.Next());
            line.Numbers("channels", Ints(2).Select(channel => (double)channel));
        });
        yaml.Section("head", () =>
        {
            yaml.Text("name", Text());
            yaml.Number("dropout", random.NextDouble());
        });
        return yaml.ToString();
    }

    DataRecipe Data()
    {
        var depth = Maybe(Text);
        return new DataRecipe(Text())
        {
            Root = Maybe(Text),
            Depth = depth,
            DepthUnit = depth is null ? null : MaybeValue(Above0),
            TrainSplit = Text(),
            ValSplit = Text(),
            ClassBalance = random.NextDouble(),
            CacheMb = random.Next(),
            Workers = MaybeValue(() => random.Next(1, 64)),
        };
    }

    AugmentRecipe Augment()
    {
        var (min, step, side) = (random.NextDouble() + 0.1, random.NextDouble() + 0.01, random.Next(3));
        return new AugmentRecipe(Size())
        {
            BaseSize = side == 0 ? random.Next(1, 4096) : null,
            ShortSize = side == 1 ? random.Next(1, 4096) : null,
            ScaleMin = min,
            ScaleMax = min + (random.Next(9) * step),
            ScaleStep = step,
            CatMaxRatio = MaybeValue(random.NextDouble) is { } share ? 1 - share : null,
            Flip = Coin(),
            Photometric = Coin(),
            Mean = [random.NextDouble() - 0.5, 0, -Above0()],
            Std = [Above0(), Above0(), Above0()],
        };
    }

    TrainRecipe Train()
    {
        var epochs = MaybeValue(() => random.Next(1000, 2000));
        var accumulate = random.Next(1, 9);
        return new TrainRecipe(random.Next(1, 999), Optimizer())
        {
            Epochs = epochs,
            Iterations = epochs is null ? random.Next(1000, int.MaxValue) : null,
            Accumulate = accumulate,
            Schedule = Schedule(),
            ClipNorm = MaybeValue(Above0),
            EmaDecay = MaybeValue(random.NextDouble),
            BatchNorm = (BatchNormLearning)random.Next(3),
            OwnKernels = random.Next(2) == 0,
            Precision = (Precision)random.Next(3),
            Deterministic = random.Next(2) == 0,
            CudaGraph = accumulate == 1 && Coin(),
            ChannelsLast = Coin(),
            LogEvery = random.Next(1, 999),
        };
    }

    OptimizerRecipe Optimizer()
    {
        var kind = (OptimizerKind)random.Next(3);
        var both = new OptimizerRecipe(Above0())
        {
            Kind = kind,
            WeightDecay = Coin() ? 0 : Above0(),
            DecayNorms = Coin(),
            HeadRateMultiplier = Above0(),
            Groups = Coin() ? [] :
            [
                new("norm") { DecayMultiplier = Above0() }, new($"head-{random.Next()}") { RateMultiplier = Above0() },
            ],
            LayerDecay = Maybe(LayerDecay),
        };
        return kind == OptimizerKind.Sgd
            ? both with { Momentum = 1 - random.NextDouble(), Nesterov = Coin() }
            : both with { Beta1 = random.NextDouble(), Beta2 = random.NextDouble(), Eps = Above0() };
    }

    LayerDecayRecipe LayerDecay()
    {
        var decay = new LayerDecayRecipe((LayerDecayRule)random.Next(3), 1 - random.NextDouble());
        return decay.Rule == LayerDecayRule.Blocks ? decay : decay with { Layers = random.Next(5, 99) };
    }

    ScheduleRecipe Schedule()
    {
        var kind = (ScheduleKind)random.Next(4);
        var any = new ScheduleRecipe
        {
            Kind = kind,
            WarmupIterations = random.Next(500),
            WarmupRatio = 1 - random.NextDouble(),
            Warmup = (WarmupKind)random.Next(2),
            AfterWarmup = Coin(),
            BackboneIterations = random.Next(500),
        };
        return kind switch
        {
            ScheduleKind.Poly => any with { Power = Above0(), End = Above0() },
            ScheduleKind.Cosine => any with { End = Above0() },
            ScheduleKind.Step => any with { Milestones = [1, random.Next(2, 50), random.Next(50, 999)], Gamma = Above0() },
            _ => any,
        };
    }

    // From the smallest to the largest powers of ten a double has, so that the exponent's form is tried too.
    double Above0() => (random.NextDouble() + 0.01) * Math.Pow(10, random.Next(-300, 300));

    ValueList<int> Ints(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(1, 999))];

    SizePx Size() => new(random.Next(1, 4096), random.Next(1, 4096));

    string Text() => Texts[random.Next(Texts.Length)];

    bool Coin() => random.Next(2) == 0;

    T? Maybe<T>(Func<T> make)
        where T : class => Coin() ? make() : null;

    T? MaybeValue<T>(Func<T> make)
        where T : struct => Coin() ? make() : null;
}
