using System.Text.RegularExpressions;

namespace Hwaso.Checkpoints;

/// <summary>
/// Renames the tensors of other programs' files to the authors' names, and lays those out anew that another program keeps otherwise. The
/// tables follow mmsegmentation, timm, torchvision, HuggingFace and detectron2; segmentation_models.pytorch has the authors' names.
/// </summary>
public static class ForeignNames
{
    /// <summary>Programs whose files can be named: what <c>import --from</c> takes.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["mmseg", "timm", "hf", "smp", "torchvision", "detectron2"];

    static readonly IReadOnlyList<NameTable> tables = NameTable.All;

    /// <summary>The tensors under the names that serve most of the wanted keys; unchanged where no table serves more.</summary>
    /// <param name="tensors">The file's tensors by key.</param>
    /// <param name="wantedKeys">The network's keys.</param>
    /// <param name="program">One of <see cref="Programs"/>; null to find it by the names.</param>
    /// <returns>The tensors, and the program whose names they had; empty where they are unchanged.</returns>
    public static (IReadOnlyDictionary<string, HostTensor> Tensors, string Program) Convert(
        IReadOnlyDictionary<string, HostTensor> tensors, IReadOnlyCollection<string> wantedKeys, string? program = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(wantedKeys);
        var best = (Tensors: tensors, Program: "");
        var most = StateDict.Match(tensors, wantedKeys).Loaded.Count;
        if (most == wantedKeys.Count)
            return best;
        foreach (var table in tables.Where(table => program is null || table.Program == program))
            if (table.Apply(tensors) is { } renamed && StateDict.Match(renamed, wantedKeys).Loaded.Count is var served && served > most)
                (best, most) = ((renamed, table.Program), served);
        return best;
    }
}

/// <summary>One network's names in one program.</summary>
/// <param name="Program">The program.</param>
/// <param name="Rules">What its names become; the first that fits counts.</param>
sealed record NameTable(string Program, IReadOnlyList<NameRule> Rules)
{
    const int Stages = 4;
    // segmentation_models.pytorch keeps timm's networks in a wrapper.
    const string Wrapped = "encoder.model.", Unwrapped = "encoder.";

    public static IReadOnlyList<NameTable> All { get; } =
        [ConvNextOfTimm(), ConvNextOfTorchvision(), ConvNextOfMmPretrain(), MixOfMmseg(), SegFormerOfHuggingFace(), SwinOfMmseg(),
            SwinOfTimm(), SwinOfTorchvision(), ConvNextOfTimm() with { Program = "smp" }, SwinOfTimm() with { Program = "smp" },
            QueryNames.EomtOfHuggingFace(), QueryNames.ResNetOfDetectron2()];

    /// <summary>The tensors renamed; null where no rule fits any.</summary>
    public IReadOnlyDictionary<string, HostTensor>? Apply(IReadOnlyDictionary<string, HostTensor> tensors)
    {
        var renamed = new OrderedDictionary<string, HostTensor>();
        var any = false;
        foreach (var (given, tensor) in tensors.OrderBy(t => Place(t.Key)))
        {
            var key = given.Replace(Wrapped, Unwrapped, StringComparison.Ordinal);
            var rule = Rules.FirstOrDefault(rule => rule.From.IsMatch(key));
            any |= rule is not null;
            var name = rule is null ? key : rule.From.Replace(key, rule.To, 1);
            foreach (var (own, value) in rule is null ? [(name, tensor)] : rule.Change(name, tensor))
                // Two tensors of theirs may be one of ours: the second's rows follow the first's.
                if (renamed.TryGetValue(own, out var first) && rule is { Joins: true })
                    renamed[own] = TensorLayout.Rows(first, value);
                else
                    renamed[own] = value;
        }
        return any ? renamed : null;
    }

    // Rows of queries come before those of keys, and these before those of values.
    static int Place(string key) =>
        key.Contains(".value.", StringComparison.Ordinal) || key.Contains(".v_proj.", StringComparison.Ordinal) ? 2
        : key.Contains(".k_proj.", StringComparison.Ordinal) ? 1 : 0;

    static NameTable ConvNextOfTimm() => new("timm",
    [
        new(@"\bstem[._](\d+)\.", "downsample_layers.0.$1."),
        new(@"\bstages[._](\d+)\.downsample\.(\d+)\.", "downsample_layers.$1.$2."),
        new(@"\bstages[._](\d+)\.blocks\.(\d+)\.conv_dw\.", "stages.$1.$2.dwconv."),
        new(@"\bstages[._](\d+)\.blocks\.(\d+)\.mlp\.fc(\d)\.", "stages.$1.$2.pwconv$3."),
        new(@"\bstages[._](\d+)\.blocks\.(\d+)\.", "stages.$1.$2."),
    ]);

    static NameTable ConvNextOfTorchvision() => new("torchvision",
    [
        .. Enumerable.Range(0, Stages).SelectMany(s => new NameRule[]
        {
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.layer_scale$", $"stages.{s}.$1.gamma", TensorLayout.Flat),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.block\.0\.", $"stages.{s}.$1.dwconv."),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.block\.2\.", $"stages.{s}.$1.norm."),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.block\.3\.", $"stages.{s}.$1.pwconv1."),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.block\.5\.", $"stages.{s}.$1.pwconv2."),
            new($@"\bfeatures\.{2 * s}\.(\d+)\.", $"downsample_layers.{s}.$1."),
        }),
    ]);

    static NameTable ConvNextOfMmPretrain() => new("mmseg",
        [new(@"\bdepthwise_conv\.", "dwconv."), new(@"\bpointwise_conv(\d)\.", "pwconv$1.")]);

    static NameTable MixOfMmseg() => new("mmseg",
    [
        .. Enumerable.Range(0, Stages).SelectMany(s => new NameRule[]
        {
            new($@"\blayers\.{s}\.0\.projection\.", $"patch_embed{s + 1}.proj."),
            new($@"\blayers\.{s}\.0\.norm\.", $"patch_embed{s + 1}.norm."),
            new($@"\blayers\.{s}\.2\.", $"norm{s + 1}."),
            new($@"\blayers\.{s}\.1\.(\d+)\.attn\.attn\.in_proj_", $"block{s + 1}.$1.attn.q.", TensorLayout.QueryAndRest),
            new($@"\blayers\.{s}\.1\.(\d+)\.attn\.attn\.out_proj\.", $"block{s + 1}.$1.attn.proj."),
            new($@"\blayers\.{s}\.1\.(\d+)\.ffn\.layers\.0\.", $"block{s + 1}.$1.mlp.fc1.", TensorLayout.Linear),
            new($@"\blayers\.{s}\.1\.(\d+)\.ffn\.layers\.1\.", $"block{s + 1}.$1.mlp.dwconv.dwconv."),
            new($@"\blayers\.{s}\.1\.(\d+)\.ffn\.layers\.4\.", $"block{s + 1}.$1.mlp.fc2.", TensorLayout.Linear),
            new($@"\blayers\.{s}\.1\.", $"block{s + 1}."),
        }),
    ]);

    static NameTable SegFormerOfHuggingFace() => new("hf",
    [
        .. Enumerable.Range(0, Stages).SelectMany(s => new NameRule[]
        {
            new($@"^segformer\.encoder\.patch_embeddings\.{s}\.proj\.", $"backbone.patch_embed{s + 1}.proj."),
            new($@"^segformer\.encoder\.patch_embeddings\.{s}\.layer_norm\.", $"backbone.patch_embed{s + 1}.norm."),
            new($@"^segformer\.encoder\.layer_norm\.{s}\.", $"backbone.norm{s + 1}."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.layer_norm_(\d)\.", $"backbone.block{s + 1}.$1.norm$2."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.attention\.self\.query\.", $"backbone.block{s + 1}.$1.attn.q."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.attention\.self\.(?:key|value)\.", $"backbone.block{s + 1}.$1.attn.kv.")
            {
                Joins = true,
            },
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.attention\.self\.layer_norm\.", $"backbone.block{s + 1}.$1.attn.norm."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.attention\.self\.", $"backbone.block{s + 1}.$1.attn."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.attention\.output\.dense\.", $"backbone.block{s + 1}.$1.attn.proj."),
            new($@"^segformer\.encoder\.block\.{s}\.(\d+)\.mlp\.dense(\d)\.", $"backbone.block{s + 1}.$1.mlp.fc$2."),
            new($@"^segformer\.encoder\.block\.{s}\.", $"backbone.block{s + 1}."),
            new($@"^decode_head\.linear_c\.{s}\.", $"decode_head.linear_c{s + 1}."),
        }),
        new(@"^decode_head\.linear_fuse\.weight$", "decode_head.linear_fuse.conv.weight"),
        new(@"^decode_head\.batch_norm\.", "decode_head.linear_fuse.bn."),
        new(@"^decode_head\.classifier\.", "decode_head.linear_pred."),
    ]);

    static NameTable SwinOfMmseg() => new("mmseg",
    [
        new(@"\bpatch_embed\.projection\.", "patch_embed.proj."),
        new(@"\bstages\.(\d+)\.blocks\.(\d+)\.attn\.w_msa\.", "layers.$1.blocks.$2.attn."),
        new(@"\bstages\.(\d+)\.blocks\.(\d+)\.ffn\.layers\.0\.0\.", "layers.$1.blocks.$2.mlp.fc1."),
        new(@"\bstages\.(\d+)\.blocks\.(\d+)\.ffn\.layers\.1\.", "layers.$1.blocks.$2.mlp.fc2."),
        new(@"\bstages\.(\d+)\.downsample\.", "layers.$1.downsample.", TensorLayout.MergedByUnfold),
        new(@"\bstages\.(\d+)\.blocks\.", "layers.$1.blocks."),
    ]);

    // timm merges at the start of a stage, the authors at the end of the one before.
    static NameTable SwinOfTimm() => new("timm",
    [
        .. Enumerable.Range(1, Stages - 1).Select(s => new NameRule($@"\blayers[._]{s}\.downsample\.", $"layers.{s - 1}.downsample.")),
        new(@"\blayers_(\d+)\.", "layers.$1."),
        new(@"\bhead\.fc\.", "head."),
    ]);

    static NameTable SwinOfTorchvision() => new("torchvision",
    [
        new(@"\bfeatures\.0\.0\.", "patch_embed.proj."),
        new(@"\bfeatures\.0\.2\.", "patch_embed.norm."),
        .. Enumerable.Range(0, Stages).SelectMany(s => new NameRule[]
        {
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.attn\.relative_position_index$", $"layers.{s}.blocks.$1.attn.relative_position_index",
                TensorLayout.Square),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.mlp\.0\.", $"layers.{s}.blocks.$1.mlp.fc1."),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.mlp\.3\.", $"layers.{s}.blocks.$1.mlp.fc2."),
            new($@"\bfeatures\.{2 * s + 1}\.(\d+)\.", $"layers.{s}.blocks.$1."),
            new($@"\bfeatures\.{2 * s + 2}\.", $"layers.{s}.downsample."),
        }),
    ]);
}

/// <summary>What one kind of name becomes.</summary>
sealed record NameRule
{
    /// <summary>Replaces the part of a name that fits a pattern, and lays the tensor out anew where a layout is given.</summary>
    public NameRule(string from, string to, Func<HostTensor, string, IEnumerable<(string, HostTensor)>>? layout = null)
    {
        (From, To) = (new Regex(from, RegexOptions.CultureInvariant), to);
        Change = (name, tensor) => layout is null ? [(name, tensor)] : layout(tensor, name);
    }

    public Regex From { get; }

    public string To { get; }

    /// <summary>Whether two tensors have this name, and are one.</summary>
    public bool Joins { get; init; }

    public Func<string, HostTensor, IEnumerable<(string Name, HostTensor Tensor)>> Change { get; }
}
