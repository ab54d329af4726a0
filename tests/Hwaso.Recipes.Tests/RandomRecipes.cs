using Hwaso.Models.Attention;
using Hwaso.Models.Networks;

namespace Hwaso.Recipes.Tests;

/// <summary>Valid recipes with every key set at some time, odd numbers and texts included.</summary>
sealed class RandomRecipes(Random random)
{
    static readonly string[] Texts =
    [
        "plain", "null", "~", "true", "no", "12", "1e-5", "with space", " leading and trailing ", "a: b", "# hash", "- dash", "*star", "&and",
        "!bang", "'single'", "\"double\"", "back\\slash", "line\nbreak", "tab\there", "화소", "emoji 🙂", "[1, 2]", "{a: b}", "%percent", "@at", "`tick`",
        "C:\\data\\voc", "/data/voc 2012", "nel\u0085sep\u2028end", "?", ":", ",", "|", ">", "=", "<<", ".5", "0x1F", "---", "...", "\r\n", "\u0001\u007f",
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
        ValueList<UNetPart> learn = random.Next(3) switch
        {
            0 => [UNetPart.Semantic],
            1 => [UNetPart.Depth, UNetPart.Encoder],
            _ => [UNetPart.Encoder, UNetPart.Semantic, UNetPart.Depth],
        };
        return new TrainStageRecipe($"{Text()}{number}", random.Next(1000, 2000), learn)
        {
            SemanticWeight = Above0(),
            DepthWeight = learn.Count == 1 ? 0 : Above0(),
            Copy = (DecoderCopy)random.Next(3),
            Optimizer = Maybe(Optimizer),
        };
    }

    Recipe Plain() => new($"run-{random.Next()}", Model(), Data(), Augment(), Train())
    {
        Description = Maybe(Text),
        Seed = random.Next(),
        Threads = MaybeValue(() => random.Next(1, 64)),
        Loss = Loss(),
        Validate = new ValidateRecipe { Every = random.Next(1, 9), Batch = random.Next(1, 9), Size = MaybeValue(Size), Patience = MaybeValue(() => random.Next(1, 9)) },
        Save = new SaveRecipe { Every = random.Next(1, 9) },
    };

    LossRecipe Loss()
    {
        var kind = (LossKind)random.Next(5);
        var any = new LossRecipe
        {
            Kind = kind,
            IgnoreIndex = random.Next(200, 256),
            Heads = new LossHeadsRecipe { Auxiliary = MaybeValue(Above0), Categorical = MaybeValue(Above0), Dense = MaybeValue(Above0), Semantic = MaybeValue(Above0), Depth = MaybeValue(Above0) },
        };
        ValueList<double>? Weights() => Maybe<ValueList<double>>(() => [Above0(), Above0(), Above0()]);
        return kind switch
        {
            LossKind.CrossEntropy => any with { ClassWeights = Weights(), LabelSmoothing = random.NextDouble() },
            LossKind.Focal => any with { Alpha = Above0(), Gamma = Above0() },
            LossKind.HardPixels => any with { ClassWeights = Weights(), Threshold = 1 - random.NextDouble(), Keep = random.Next(1, 999) },
            LossKind.Dice => any with { Smooth = Above0(), CrossEntropyShare = Above0() },
            _ => any with { CrossEntropyShare = Above0() },
        };
    }

    ModelRecipe Dino()
    {
        var named = Coin();
        return new ModelRecipe
        {
            Name = named ? "dinov2-vits14" : null,
            Family = named ? null : "dinov2",
            Transformer = named && Coin() ? null : new TransformerRecipe
            {
                Width = random.Next(1, 99),
                Depth = random.Next(1, 99),
                Heads = random.Next(1, 99),
                Patch = MaybeValue(() => random.Next(1, 99)),
                Image = MaybeValue(() => random.Next(1, 999)),
                MlpRatio = MaybeValue(() => random.Next(1, 9)),
                Registers = MaybeValue(() => random.Next(9)),
                InterpolateOffset = MaybeValue(random.NextDouble),
                InterpolateAntialias = MaybeValue(Coin),
                Taps = Maybe(() => Ints(4)),
            },
            DepthHead = Maybe(() => new DepthHeadRecipe
            {
                Name = Coin() ? "linear4" : "dpt",
                MinDepth = MaybeValue(random.NextDouble),
                MaxDepth = MaybeValue(Above0),
                Bins = MaybeValue(() => random.Next(2, 999)),
                Channels = MaybeValue(() => random.Next(2, 999)),
            }),
        };
    }

    ModelRecipe Dilated()
    {
        var (named, deeplab) = (Coin(), Coin());
        var family = deeplab ? "deeplabv3-resnet" : "fcn-resnet";
        return new ModelRecipe
        {
            Name = named ? $"{family}50" : null,
            Family = named ? null : family,
            ResNet = named && Coin() ? null : ResNet(),
            Fcn = Maybe(() => new FcnRecipe { Channels = random.Next(1, 99), Dropout = MaybeValue(random.NextDouble), Auxiliary = MaybeValue(Coin), Names = Maybe(() => "encoding") }),
            Aspp = !deeplab ? null : Maybe(() => new AsppRecipe { Channels = MaybeValue(() => random.Next(1, 99)), Rates = Ints(random.Next(1, 5)), Dropout = MaybeValue(random.NextDouble) }),
            Init = (Initialization)random.Next(4),
        };
    }

    ModelRecipe Decoded()
    {
        var (named, efficient, unet) = (Coin(), Coin(), Coin());
        var family = efficient ? "sanet-efficientnet" : unet ? "unet-resnet-multidecoder" : "sanet-resnet";
        return new ModelRecipe
        {
            Name = !named ? null : efficient ? "sanet-efficientnet-b7" : unet ? "unet-resnet50-multidecoder" : "sanet-resnet50",
            Family = named ? null : family,
            ResNet = efficient ? null : ResNet(),
            EfficientNet = !efficient ? null : new EfficientNetRecipe
            {
                StemChannels = MaybeValue(() => random.Next(1, 99)),
                Expand = Ints(3),
                Kernels = Ints(3),
                Strides = Ints(3),
                Channels = Ints(3),
                Layers = Ints(3),
                HeadChannels = MaybeValue(() => random.Next(1, 99)),
                Dropout = MaybeValue(random.NextDouble),
                StochasticDepth = MaybeValue(random.NextDouble),
                BatchNormEpsilon = MaybeValue(Above0),
                OutputStride = MaybeValue(() => 2 << random.Next(4)),
            },
            UNet = unet && !efficient ? new UNetRecipe { Channels = Ints(5), DepthChannels = Maybe(() => Ints(5)) } : null,
            SANet = unet && !efficient ? null : Maybe(() => new SANetRecipe
            {
                Channels = MaybeValue(() => random.Next(1, 99)),
                Pool = random.Next(1, 9),
                Activation = MaybeValue(() => (SqueezeActivation)random.Next(3)),
                Presence = MaybeValue(() => (PresencePooling)random.Next(2)),
            }),
        };
    }

    ResNetRecipe ResNet() => new()
    {
        Blocks = Ints(4),
        Block = Maybe(() => Coin() ? "basic" : "bottleneck"),
        Widths = Maybe(() => Ints(4)),
        StemChannels = MaybeValue(() => random.Next(1, 99)),
        DeepStem = MaybeValue(Coin),
        OutputStride = MaybeValue(() => 8 << random.Next(3)),
    };

    ModelRecipe Model()
    {
        if (random.Next(4) == 0)
            return Dino();
        if (random.Next(4) == 0)
            return Coin() ? Dilated() : Decoded();
        var named = Coin();
        var ocr = Coin();
        var pretrained = Maybe(Text);
        return new ModelRecipe
        {
            Name = !named ? null : ocr ? "hrnetv2-w18-ocr" : "hrnetv2-w18",
            Family = named ? null : ocr ? "hrnetv2-ocr" : "hrnetv2",
            // Three, as many as there are class weights.
            Classes = MaybeValue(() => 3),
            AlignCorners = MaybeValue(Coin),
            BatchNormMomentum = MaybeValue(() => 1 - random.NextDouble()),
            Attention = Maybe(Attention),
            Stage1 = Maybe(() => new StageRecipe(1, Ints(1), Ints(1))),
            Stage2 = named && Coin() ? null : new StageRecipe(random.Next(1, 5), Ints(2), Ints(2)),
            Stage3 = named && Coin() ? null : new StageRecipe(random.Next(1, 5), Ints(3), Ints(3)),
            Stage4 = named && Coin() ? null : new StageRecipe(random.Next(1, 5), Ints(4), Ints(4)),
            FinalKernel = ocr ? null : MaybeValue(() => Coin() ? 1 : 3),
            Ocr = !ocr ? null : new OcrRecipe { Channels = random.Next(1, 99), KeyChannels = MaybeValue(() => random.Next(1, 99)), Dropout = MaybeValue(random.NextDouble) },
            Init = (Initialization)random.Next(4),
            Pretrained = pretrained,
            SkipMismatched = pretrained is not null && Coin(),
        };
    }

    AttentionRecipe Attention() => random.Next(4) switch
    {
        0 => new() { Name = "none" },
        1 => new() { Name = "se", Reduction = MaybeValue(() => random.Next(1, 99)) },
        2 => new() { Name = "dca", Place = MaybeValue(() => (AttentionPlace)random.Next(2)), Kernel = MaybeValue(() => 2 * random.Next(9) + 1), Modulation = MaybeValue(Coin) },
        _ => new() { Name = "psa-p-spatial", Place = MaybeValue(() => (AttentionPlace)random.Next(2)) },
    };

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
        var (min, step) = (random.NextDouble() + 0.1, random.NextDouble() + 0.01);
        return new AugmentRecipe(Size())
        {
            BaseSize = MaybeValue(() => random.Next(1, 4096)),
            ScaleMin = min,
            ScaleMax = min + (random.Next(9) * step),
            ScaleStep = step,
            Flip = Coin(),
            Photometric = Coin(),
            Mean = [random.NextDouble() - 0.5, 0, -Above0()],
            Std = [Above0(), Above0(), Above0()],
        };
    }

    TrainRecipe Train()
    {
        var epochs = MaybeValue(() => random.Next(1000, 2000));
        return new TrainRecipe(random.Next(1, 999), Optimizer())
        {
            Epochs = epochs,
            Iterations = epochs is null ? random.Next(1000, int.MaxValue) : null,
            Accumulate = random.Next(1, 9),
            Schedule = Schedule(),
            ClipNorm = MaybeValue(Above0),
            EmaDecay = MaybeValue(random.NextDouble),
            BatchNorm = (BatchNormLearning)random.Next(3),
            Precision = (Precision)random.Next(3),
            Deterministic = random.Next(2) == 0,
            ChannelsLast = Coin(),
            LogEvery = random.Next(1, 999),
        };
    }

    OptimizerRecipe Optimizer()
    {
        var kind = (OptimizerKind)random.Next(3);
        var both = new OptimizerRecipe(Above0()) { Kind = kind, WeightDecay = Coin() ? 0 : Above0(), DecayNorms = Coin(), HeadRateMultiplier = Above0() };
        return kind == OptimizerKind.Sgd
            ? both with { Momentum = 1 - random.NextDouble(), Nesterov = Coin() }
            : both with { Beta1 = random.NextDouble(), Beta2 = random.NextDouble(), Eps = Above0() };
    }

    ScheduleRecipe Schedule()
    {
        var kind = (ScheduleKind)random.Next(4);
        var any = new ScheduleRecipe { Kind = kind, WarmupIterations = random.Next(1000), WarmupRatio = random.NextDouble() };
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
