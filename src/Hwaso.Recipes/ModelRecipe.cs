namespace Hwaso.Recipes;

/// <summary>
/// The network and the weights it begins with: a short name as the command lists them, or a family with every size. The network's own
/// settings are kept as they were written: its definition reads them, and what they leave out keeps the value of the named network.
/// </summary>
public sealed record ModelRecipe
{
    static readonly NamedValues<Initialization> Initializations =
        new(("published", Initialization.Published), ("hrnet", Initialization.HRNet), ("kaiming", Initialization.Kaiming),
            ("pytorch", Initialization.PyTorch));

    static readonly NamedValues<FirstConvolution> FirstConvolutions =
        new(("same", FirstConvolution.Same), ("mean", FirstConvolution.Mean), ("repeat", FirstConvolution.Repeat));

    const int MostChannels = 512;

    /// <summary>
    /// A short name <c>family[-size][+attention]</c> such as <c>hrnetv2-w48+psa-spatial</c>; null where <see cref="Family"/> is given.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>A family whose sizes <see cref="Settings"/> give; null where <see cref="Name"/> is given.</summary>
    public string? Family { get; init; }

    /// <summary>The <see cref="Classes"/> of a network that tells two classes apart by the logit of the second alone.</summary>
    public const int OneChannel = 1;

    /// <summary>
    /// Output channels: a class each, or 1 for the logit of the second of two classes; the joints of a pose network; null for the data
    /// set's classes.
    /// </summary>
    public int? Classes { get; init; }

    /// <summary>
    /// Channels of the images, from 1 to 512, which the first convolution takes and files must have; null for 3, colours.
    /// </summary>
    public int? InChannels { get; init; }

    /// <summary>The network's own settings, not yet checked.</summary>
    public NetworkSettings Settings { get; init; } = NetworkSettings.None;

    /// <summary>The initial values of weights that <see cref="Pretrained"/> does not hold.</summary>
    public Initialization Init { get; init; } = Initialization.Published;

    /// <summary>A checkpoint to begin with (.safetensors or .pth), relative to the working directory; null for none.</summary>
    public string? Pretrained { get; init; }

    /// <summary>
    /// The entry of a <c>.pth</c> checkpoint that holds the weights, such as <c>model_ema</c>; null for the surest.
    /// </summary>
    public string? PretrainedKey { get; init; }

    /// <summary>Whether weights of another shape in <see cref="Pretrained"/> are left out instead of being an error.</summary>
    public bool SkipMismatched { get; init; }

    /// <summary>The weights of the first convolution where <see cref="Pretrained"/> was trained on 3 channels.</summary>
    public FirstConvolution FirstConvolution { get; init; }

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
            Classes = map["classes"].Int(min: 1),
            InChannels = map["in_channels"].Int(min: 1, max: MostChannels),
            Init = map["init"].Choice(Initializations) ?? Initialization.Published,
            Pretrained = map["pretrained"].Text(),
            PretrainedKey = map["pretrained_key"].Text(),
            SkipMismatched = map["skip_mismatched"].Flag() ?? false,
            FirstConvolution = map["first_convolution"].Choice(FirstConvolutions) ?? FirstConvolution.Same,
            Settings = new NetworkSettings(map.Without(
                ["name", "family", "init", "pretrained", "pretrained_key", "skip_mismatched", "first_convolution"])),
        };
        if (model is { Name: null, Family: null }) throw map.Missing("name",
            "a short name such as hrnetv2-w48, or 'family' with its sizes");
        if (model is { Name: not null, Family: not null }) throw map["family"].Node!.Error("excludes 'name'; remove one of the two");
        if (model is
            {
                SkipMismatched: true,
                Pretrained: null
            }) throw map["skip_mismatched"].Node!.Error("means nothing without 'pretrained'");
        if (model is { PretrainedKey: not null, Pretrained: null })
            throw map["pretrained_key"].Node!.Error("means nothing without 'pretrained'");
        if (model is { FirstConvolution: not FirstConvolution.Same, Pretrained: null } or
            { FirstConvolution: not FirstConvolution.Same, InChannels: null or 3 })
            throw map["first_convolution"].Node!.Error(
                "means nothing without 'pretrained' and an 'in_channels' other than 3: it says how weights for 3 channels are adapted");
        return model;
    }

    internal void Write(YamlWriter yaml)
    {
        yaml.Text("name", Name);
        yaml.Text("family", Family);
        yaml.Int("classes", Classes);
        yaml.Int("in_channels", InChannels);
        yaml.Nodes(Settings.Map);
        yaml.Text("init", Initializations.NameOf(Init));
        yaml.Text("pretrained", Pretrained);
        yaml.Text("pretrained_key", PretrainedKey);
        if (Pretrained is not null) yaml.Flag("skip_mismatched", SkipMismatched);
        if (FirstConvolution != FirstConvolution.Same) yaml.Text("first_convolution", FirstConvolutions.NameOf(FirstConvolution));
    }
}

/// <summary>How the first convolution of a checkpoint for colours becomes one for another number of channels.</summary>
public enum FirstConvolution
{
    /// <summary>Not at all: another shape is an error.</summary>
    Same,

    /// <summary>
    /// Every channel gets the mean of the colours' weights, times 3 / N: an image of N equal channels gives what its gray gave before.
    /// </summary>
    Mean,

    /// <summary>
    /// Channel c gets the weights of colour c mod 3, times 3 / N, as segmentation_models.pytorch and timm do: for images that begin with
    /// red, green and blue.
    /// </summary>
    Repeat,
}

/// <summary>The initial values of weights that no checkpoint holds.</summary>
public enum Initialization
{
    /// <summary>Those that the network's own authors begin with.</summary>
    Published,

    /// <summary>The official HRNet segmentation code's: convolutions normal with deviation 0.001, batch norms 1 and 0.</summary>
    HRNet,

    /// <summary>
    /// Convolutions normal with deviation √(2 / fan-out), batch norms 1 and 0. He et al., ICCV 2015, as in torchvision's ResNets.
    /// </summary>
    Kaiming,

    /// <summary>The defaults of PyTorch's layers.</summary>
    PyTorch,
}
