namespace Hwaso.Checkpoints;

/// <summary>Other programs' names of networks with queries.</summary>
static class QueryNames
{
    const int FirstStage = 2, Stages = 4;

    /// <summary>EoMT in HuggingFace's transformers, whose queries, keys and values are layers of their own.</summary>
    public static NameTable EomtOfHuggingFace() => new("hf",
    [
        new(@"^embeddings\.cls_token$", "encoder.backbone.cls_token"),
        new(@"^embeddings\.register_tokens$", "encoder.backbone.reg_token"),
        new(@"^embeddings\.position_embeddings\.weight$", "encoder.backbone.pos_embed", TensorLayout.AsOne),
        new(@"^embeddings\.patch_embeddings\.projection\.", "encoder.backbone.patch_embed.proj."),
        new(@"^layers\.(\d+)\.attention\.[qkv]_proj\.", "encoder.backbone.blocks.$1.attn.qkv.") { Joins = true },
        new(@"^layers\.(\d+)\.attention\.out_proj\.", "encoder.backbone.blocks.$1.attn.proj."),
        new(@"^layers\.(\d+)\.layer_scale(\d)\.lambda1$", "encoder.backbone.blocks.$1.ls$2.gamma"),
        new(@"^layers\.(\d+)\.", "encoder.backbone.blocks.$1."),
        new(@"^layernorm\.", "encoder.backbone.norm."),
        new(@"^query\.", "q."),
        new(@"^class_predictor\.", "class_head."),
        new(@"^upscale_block\.block\.(\d+)\.layernorm2d\.", "upscale.$1.norm."),
        new(@"^upscale_block\.block\.", "upscale."),
        .. Enumerable.Range(0, 3).Select(k => new NameRule($@"^mask_head\.fc{k + 1}\.", $"mask_head.{2 * k}.")),
    ]);

    /// <summary>A ResNet of detectron2, as Mask2Former's files have it.</summary>
    public static NameTable ResNetOfDetectron2() => new("detectron2",
    [
        new(@"^backbone\.stem\.conv1\.norm\.", "backbone.bn1."),
        new(@"^backbone\.stem\.", "backbone."),
        .. Enumerable.Range(0, Stages).SelectMany(s => new NameRule[]
        {
            new($@"^backbone\.res{s + FirstStage}\.(\d+)\.shortcut\.norm\.", $"backbone.layer{s + 1}.$1.downsample.1."),
            new($@"^backbone\.res{s + FirstStage}\.(\d+)\.shortcut\.", $"backbone.layer{s + 1}.$1.downsample.0."),
            new($@"^backbone\.res{s + FirstStage}\.(\d+)\.conv(\d)\.norm\.", $"backbone.layer{s + 1}.$1.bn$2."),
            new($@"^backbone\.res{s + FirstStage}\.", $"backbone.layer{s + 1}."),
        }),
    ]);
}
