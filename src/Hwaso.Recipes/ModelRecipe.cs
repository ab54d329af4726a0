using Hwaso.Recipes.Yaml;

namespace Hwaso.Recipes;

/// <summary>
/// The network: a short name as the command lists them, or a family with every width. What is null keeps the value of the
/// named network (or of the data set, for <see cref="Classes"/>); what is set overrides it.
/// </summary>
public sealed record ModelRecipe
{
    static readonly Choices<Initialization> Initializations =
        new(("published", Initialization.Published), ("hrnet", Initialization.HRNet), ("kaiming", Initialization.Kaiming), ("pytorch", Initialization.PyTorch));

    /// <summary>A short name <c>family[-size][+attention]</c> such as <c>hrnetv2-w48+psa-spatial</c>; null where <see cref="Family"/> is given.</summary>
    public string? Name { get; init; }

    /// <summary>A family such as <c>hrnetv2</c>, <c>fcn-resnet</c> or <c>dinov2</c> whose sizes are all given below; null where <see cref="Name"/> is given.</summary>
    public string? Family { get; init; }

    /// <summary>Output classes, at least 2, or the joints of a pose network; null for the data set's.</summary>
    public int? Classes { get; init; }

    /// <summary>Whether bilinear resizing inside the network aligns corner pixels; null for the named network's own.</summary>
    public bool? AlignCorners { get; init; }

    /// <summary>Weight of a new batch in the running statistics, above 0 up to 1; null for the named network's own.</summary>
    public double? BatchNormMomentum { get; init; }

    /// <summary>The attention module in each block; null for the named network's own.</summary>
    public AttentionRecipe? Attention { get; init; }

    /// <summary>The Bottlenecks before the first branching; null for the named network's own.</summary>
    public StageRecipe? Stage1 { get; init; }

    /// <summary>The stage of two branches; null for the named network's own.</summary>
    public StageRecipe? Stage2 { get; init; }

    /// <summary>The stage of three branches; null for the named network's own.</summary>
    public StageRecipe? Stage3 { get; init; }

    /// <summary>The stage of four branches; null for the named network's own.</summary>
    public StageRecipe? Stage4 { get; init; }

    /// <summary>Kernel of the last convolution, 1 or 3; null for the named network's own.</summary>
    public int? FinalKernel { get; init; }

    /// <summary>The head of family <c>hrnetv2-ocr</c>; null for the named network's own.</summary>
    public OcrRecipe? Ocr { get; init; }

    /// <summary>The vision transformer of family <c>dinov2</c>; null for the named network's own.</summary>
    public TransformerRecipe? Transformer { get; init; }

    /// <summary>The depth head on it; null for the named network's own, or none.</summary>
    public DepthHeadRecipe? DepthHead { get; init; }

    /// <summary>The backbone of the networks on a ResNet; null for the named network's own.</summary>
    public ResNetRecipe? ResNet { get; init; }

    /// <summary>FCN heads; null for the named network's own.</summary>
    public FcnRecipe? Fcn { get; init; }

    /// <summary>The head of a DeepLabV3; null for the named network's own.</summary>
    public AsppRecipe? Aspp { get; init; }

    /// <summary>The backbone of the networks on an EfficientNet; null for the named network's own.</summary>
    public EfficientNetRecipe? EfficientNet { get; init; }

    /// <summary>A U-Net's decoder; null for the named network's own.</summary>
    public UNetRecipe? UNet { get; init; }

    /// <summary>The heads of a SANet; null for the named network's own.</summary>
    public SANetRecipe? SANet { get; init; }

    /// <summary>How weights begin that <see cref="Pretrained"/> does not bring.</summary>
    public Initialization Init { get; init; } = Initialization.Published;

    /// <summary>A checkpoint to begin with (.safetensors or .pth), relative to the working directory; null for none.</summary>
    public string? Pretrained { get; init; }

    /// <summary>Whether weights of another shape in <see cref="Pretrained"/> are left out instead of being an error.</summary>
    public bool SkipMismatched { get; init; }

    /// <summary>A recipe of this section alone: enough to say what network a file is of.</summary>
    public string ToYaml()
    {
        var yaml = new YamlWriter();
        yaml.Section("model", () => Write(yaml));
        return yaml.ToString();
    }

    internal static ModelRecipe Read(YamlMap map)
    {
        var model = new ModelRecipe
        {
            Name = map["name"].Text(),
            Family = map["family"].Text(),
            Classes = map["classes"].Int(min: 2),
            AlignCorners = map["align_corners"].Flag(),
            BatchNormMomentum = map["bn_momentum"].Number(min: 0, max: 1, aboveMin: true),
            Attention = AttentionRecipe.Read(map),
            Stage1 = StageRecipe.Read(map.Section("stage1"), 1),
            Stage2 = StageRecipe.Read(map.Section("stage2"), 2),
            Stage3 = StageRecipe.Read(map.Section("stage3"), 3),
            Stage4 = StageRecipe.Read(map.Section("stage4"), 4),
            FinalKernel = map["final_kernel"].Int(min: 1, max: 3),
            Ocr = OcrRecipe.Read(map.Section("ocr")),
            Transformer = TransformerRecipe.Read(map.Section("transformer")),
            DepthHead = DepthHeadRecipe.Read(map.Section("depth_head")),
            ResNet = ResNetRecipe.Read(map.Section("resnet")),
            Fcn = FcnRecipe.Read(map.Section("fcn")),
            Aspp = AsppRecipe.Read(map.Section("aspp")),
            EfficientNet = EfficientNetRecipe.Read(map.Section("efficientnet")),
            UNet = UNetRecipe.Read(map.Section("unet")),
            SANet = SANetRecipe.Read(map.Section("sanet")),
            Init = map["init"].Choice(Initializations) ?? Initialization.Published,
            Pretrained = map["pretrained"].Text(),
            SkipMismatched = map["skip_mismatched"].Flag() ?? false,
        };
        Check(model, map);
        return model;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Name);
        yaml.Text("family", Family);
        yaml.Int("classes", Classes);
        yaml.Flag("align_corners", AlignCorners);
        yaml.Number("bn_momentum", BatchNormMomentum);
        Attention?.Write(yaml);
        Stage1?.Write(yaml, "stage1");
        Stage2?.Write(yaml, "stage2");
        Stage3?.Write(yaml, "stage3");
        Stage4?.Write(yaml, "stage4");
        yaml.Int("final_kernel", FinalKernel);
        Ocr?.Write(yaml);
        Transformer?.Write(yaml);
        DepthHead?.Write(yaml);
        ResNet?.Write(yaml);
        Fcn?.Write(yaml);
        Aspp?.Write(yaml);
        EfficientNet?.Write(yaml);
        UNet?.Write(yaml);
        SANet?.Write(yaml);
        yaml.Text("init", Initializations.NameOf(Init));
        yaml.Text("pretrained", Pretrained);
        if (Pretrained is not null) yaml.Flag("skip_mismatched", SkipMismatched);
    }

    static void Check(ModelRecipe model, YamlMap map)
    {
        if (model is { Name: null, Family: null }) throw map.Missing("name", "a short name such as hrnetv2-w48, or 'family' with every stage");
        if (model is { Name: not null, Family: not null }) throw map["family"].Node!.Error("excludes 'name'; remove one of the two");
        var named = model.Name?.Contains('+') ?? false;
        if (named && model.Attention?.Name is not null)
            throw map["attention"].Node!.Error($"the name '{model.Name}' already says which; remove one of the two");
        if (!named && model.Attention is { Name: null })
            throw map.Section("attention").Missing("name", "a module's name, because the network's names none");
        ModelKeys.Check(model, map);
        if (model.FinalKernel == 2) throw map["final_kernel"].Node!.Error("2 is even; wants 1 or 3");
        if (model is { SkipMismatched: true, Pretrained: null }) throw map["skip_mismatched"].Node!.Error("means nothing without 'pretrained'");
    }
}
