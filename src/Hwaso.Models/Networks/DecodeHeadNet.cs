// Networks as mmsegmentation 0.x puts them together: a backbone, a head on its maps, and an auxiliary head in training. Each head's and
// backbone's file names its paper. Key names: backbone, decode_head, auxiliary_head; UPerNets on a ConvNeXt or a Swin transformer are its
// authors' own. Deviations: logits stay at the head's stride, and the caller enlarges them.
using Hwaso.Models.Attention;
using Hwaso.Models.Backbones;
using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Models.Networks;

/// <summary>
/// DeepLabV3+, PSPNet or UPerNet over any encoder: <c>deeplabv3plus-resnet50</c>, <c>pspnet-resnet50</c>, <c>upernet-convnext-t</c>, …;
/// by recipe <c>deeplabv3plus</c>, <c>pspnet</c>, <c>upernet</c>.
/// </summary>
public sealed record DecodeHeadDefinition : SegmentationDefinition
{
    // Those published with the smallest ResNet are narrower.
    static readonly DecodeHead narrowAspp = new SeparableAsppHead { Channels = 128, FineChannels = 12 };
    static readonly DecodeHead narrowPsp = new PspHead { Channels = 128 };

    static readonly (string Name, string Description, DecodeHead Head, DecodeHead Narrow)[] heads =
    [
        ("deeplabv3plus", "DeepLabV3+", new SeparableAsppHead(), narrowAspp),
        ("pspnet", "PSPNet", new PspHead(), narrowPsp),
        ("upernet", "UPerNet", new UperHead(), new UperHead()),
    ];

    static readonly Settings<DecodeHeadDefinition> common = new Settings<DecodeHeadDefinition>()
        .Choice("encoder", d => d.Encoder, (d, v) => d with { Encoder = v }, PyramidEncoder.Names, "the encoder")
        .Add(AttentionModule.Setting<DecodeHeadDefinition>(d => d.Attention, (d, v) => d with { Attention = v }))
        .Number("drop_path", d => d.DropPath, (d, v) => d with { DropPath = v }, 0,
            "probability with which the last block of a transformer or ConvNeXt is skipped for an image in training, rising from 0 at the "
            + "first; 0.1 of MiT, 0.3 of Swin, 0.3 or 0.4 of ConvNeXt", belowMax: true, max: 1)
        .Flag("auxiliary", d => d.Auxiliary, (d, v) => d with { Auxiliary = v },
            "whether a second head learns on the third stage of a `deeplabv3plus`, `pspnet` or `upernet`, in training alone; true")
        .Require(d => d.Check());

    /// <summary>Every one with a name, and each head with an encoder of the recipe's choice.</summary>
    public static NetworkFamily Family { get; } = new(
    [
        .. heads.SelectMany(h => new[] { "resnet18", "resnet50", "resnet101" }.Select(encoder =>
            Of($"{h.Name}-{encoder}", h.Description, encoder, encoder == "resnet18" ? h.Narrow : h.Head))),
        .. ConvNextConfig.Sizes.Select(s => $"convnext-{s.Name}").Select(e => Of($"upernet-{e}", "UPerNet on ConvNeXt", e, new UperHead())),
        .. SwinConfig.Sizes.Select(s => $"swin-{s.Name}").Select(e => Of($"upernet-{e}", "UPerNet on Swin transformer", e, new UperHead())),
    ],
    [.. heads.Select(h => Of(h.Name, h.Description, "resnet50", h.Head))]);

    /// <summary>The encoder.</summary>
    public required PyramidEncoder Encoder
    {
        get;
        init
        {
            field = value;
            DropPath = DropPathOf(value);
        }
    }

    /// <summary>Probability with which the last block is skipped for an image in training, rising from 0 at the first; the encoder's own
    /// unless another is set.</summary>
    public double DropPath { get; init; }

    /// <summary>The head.</summary>
    public required DecodeHead Head { get; init; }

    /// <summary>Whether a second head learns on the third stage.</summary>
    public bool Auxiliary { get; init; } = true;

    /// <summary>The module in the encoder's residual blocks; null for none.</summary>
    public AttentionModule? Attention { get; init; }

    /// <inheritdoc/>
    public override int PublishedClasses { get; init; } = 150;

    /// <inheritdoc/>
    public override int InChannels { get; init; } = ColourChannels;

    /// <inheritdoc/>
    public override Settings<ModelDefinition> Settings => common
        .Section("decoder", d => d.Head, (d, v) => d with { Head = v }, Head.Settings)
        .Of<ModelDefinition>();

    /// <inheritdoc/>
    public override SegmentationDefinition Deployed => this with { Auxiliary = false };

    /// <inheritdoc/>
    public override SegmentationNet Build(Weights w, int classes) => new DecodeHeadNet(w, this, classes);

    static DecodeHeadDefinition Of(string name, string description, string encoder, DecodeHead head) => new()
    {
        Name = name,
        Description = description,
        Encoder = PyramidEncoder.Find(encoder),
        Head = head,
        PublishedSize = (512, 512),
    };

    static double DropPathOf(PyramidEncoder encoder) => encoder switch
    {
        ConvNextEncoder next => next.Config.DropPath,
        SwinEncoder swin => swin.Config.DropPath,
        MixEncoder mix => mix.Config.DropPath,
        _ => 0,
    };

    static bool SkipsBlocks(PyramidEncoder encoder) => encoder is ConvNextEncoder or SwinEncoder or MixEncoder;

    /// <summary>The encoder as the network has it.</summary>
    internal PyramidEncoder Built() => WithDropPath(Encoder, DropPath);

    static PyramidEncoder WithDropPath(PyramidEncoder encoder, double probability) => encoder switch
    {
        ConvNextEncoder next => next with { Config = next.Config with { DropPath = probability } },
        SwinEncoder swin => swin with { Config = swin.Config with { DropPath = probability } },
        MixEncoder mix => mix with { Config = mix.Config with { DropPath = probability } },
        _ => encoder,
    };

    void Check()
    {
        if (DropPath > 0 && !SkipsBlocks(Encoder))
            throw new SettingException(
                "drop_path", $"{Encoder.Name} skips no blocks; remove it, or take an encoder that does, such as convnext-t");
        if (Attention is not null && !Encoder.HasResidualBlocks)
            throw new SettingException("attention", $"{Encoder.Name} has no residual blocks for {Attention.Name}; remove it, or take an "
                + "encoder that has, such as resnet50");
    }
}

/// <summary>A backbone, a head on its four maps and, in training, an auxiliary head on the third.</summary>
public sealed class DecodeHeadNet : SegmentationNet, ISeveralOutputs, IAuxiliaryWeight
{
    const int Halvings = 5, Levels = 4, AuxiliaryMap = 2, AuxiliaryChannels = 256;

    readonly Backbone backbone;
    readonly Net<Tensor[], Tensor> decode_head;
    readonly AuxiliaryHead? auxiliary_head;
    readonly int[] used;

    /// <summary>Builds the network.</summary>
    /// <exception cref="ArgumentException">Numbers that do not fit each other, or an encoder that cannot be dilated as the head
    /// wants.</exception>
    public DecodeHeadNet(Weights w, DecodeHeadDefinition definition, int classes) : base(w, classes, alignCorners: false)
    {
        var head = definition.Head;
        backbone = definition.Built().Build(w / "backbone", new EncoderForm(
            head.OutputStride, Halvings, definition.InChannels, definition.Attention, EncoderConvention.MmSegmentation));
        used = [.. backbone.Ends.TakeLast(Levels)];
        int[] channels = [.. used.Select(map => backbone.Channels[map])];
        decode_head = head.Build(w / "decode_head", channels, classes);
        auxiliary_head = definition.Auxiliary
            ? new(w / "auxiliary_head", channels[AuxiliaryMap], AuxiliaryChannels, classes, head.Dropout)
            : null;
    }

    /// <inheritdoc/>
    public double AuxiliaryWeight => 0.4;

    /// <inheritdoc/>
    public bool AuxiliaryIsLikeAnswer => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> OutputNames => auxiliary_head is null ? [""] : ["aux", ""];

    /// <inheritdoc/>
    public override IReadOnlyList<string> HeadPaths => ["decode_head", "auxiliary_head"];

    /// <inheritdoc/>
    public override void InitialiseAsPublished()
    {
        backbone.InitialiseAsPublished();
        SegmentationClassifier.InitialiseHead(decode_head.Weights);
        if (auxiliary_head is not null)
            SegmentationClassifier.InitialiseHead(auxiliary_head.Weights);
    }

    /// <summary>The backbone's four maps, finest first.</summary>
    /// <param name="image">[N, 3, H, W], normalised.</param>
    public Tensor[] Maps(Tensor image)
    {
        var maps = image.Apply(backbone);
        return [.. used.Select(map => maps[map])];
    }

    /// <inheritdoc/>
    public Tensor[] Outputs(Tensor image)
    {
        var maps = Maps(image);
        var logits = maps.Apply(decode_head);
        return auxiliary_head is null ? [logits] : [maps[AuxiliaryMap].Apply(auxiliary_head), logits];
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Maps(x).Apply(decode_head);
}
