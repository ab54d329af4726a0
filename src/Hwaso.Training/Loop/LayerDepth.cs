using System.Text.RegularExpressions;

namespace Hwaso.Training.Loop;

/// <summary>
/// The layer that a parameter belongs to, for learning rates that fall towards the image: Clark et al., "ELECTRA", ICLR 2020; Bao et al.,
/// "BEiT", ICLR 2022.
/// </summary>
sealed partial class LayerDepth
{
    readonly Func<string, int?> find;

    LayerDepth(int last, string wanted, Func<string, int?> find) => (Last, Wanted, this.find) = (last, wanted, find);

    /// <summary>The layer of everything that belongs to no other, heads among it.</summary>
    public int Last { get; }

    /// <summary>The parts that are counted, in words.</summary>
    public string Wanted { get; }

    /// <summary>The layer of a parameter, from 0.</summary>
    public int Of(string parameter) => find(parameter) ?? Last;

    /// <summary>
    /// ConvNeXt's stages from 1; everything between them is layer 0. The rule of every segmentation network that its authors released (Liu
    /// et al., CVPR 2022).
    /// </summary>
    /// <param name="layers">The layers that their code counts: 6 for the tiny size, 12 for the others.</param>
    public static LayerDepth ConvNextStages(int layers) => new(layers + 1, "stages of a ConvNeXt", name =>
        PartOf(name) is not { } part ? null : part.IsBetween ? 0 : part.Stage + 1);

    /// <summary>ConvNeXt's other rule: the third stage counts a layer for every three blocks.</summary>
    /// <param name="layers">The layers that their code counts.</param>
    public static LayerDepth ConvNextLayers(int layers) => new(layers + 1, "stages of a ConvNeXt", name => PartOf(name) switch
    {
        null => null,
        (0, _, true) => 0,
        ( < 2, _, _) part => part.Stage + 1,
        (2, _, _) part => 3 + part.Block / 3,
        _ => layers,
    });

    /// <summary>The blocks of a vision transformer from 0; what makes its tokens belongs to the first one, its last norm to none.</summary>
    /// <param name="names">The parameters of the backbone.</param>
    public static LayerDepth Blocks(IReadOnlyList<string> names)
    {
        static int? BlockOf(string name) => BlockPattern().Match(name) is { Success: true } match ? Number(match.Groups[1]) : null;
        var blocks = names.Select(BlockOf).Max() + 1 ?? 0;
        // The last block learns at the full rate, as everything behind it.
        return new(blocks - 1, "blocks of a transformer", name =>
            !names.Contains(name) ? null : BlockOf(name) ?? (TokenPattern().IsMatch(name) ? 0 : null));
    }

    static (int Stage, int Block, bool IsBetween)? PartOf(string name) => ConvNextPattern().Match(name) switch
    {
        { Success: true } match when match.Groups[1].Value == "downsample_layers" => (Number(match.Groups[2]), 0, true),
        { Success: true } match => (Number(match.Groups[2]), Number(match.Groups[3]), false),
        _ => null,
    };

    static int Number(Group group) => int.Parse(group.Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?:^|\.)(downsample_layers|stages)[._](\d+)\.(\d+)\.")]
    private static partial Regex ConvNextPattern();

    [GeneratedRegex(@"(?:^|\.)blocks\.(\d+)\.")]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"(?:^|\.)(?:patch_embed\.|cls_token$|pos_embed$|mask_token$|register_tokens$|reg_token$|storage_tokens$)")]
    private static partial Regex TokenPattern();
}
