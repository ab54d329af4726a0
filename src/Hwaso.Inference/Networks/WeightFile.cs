using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Torch;

namespace Hwaso.Inference.Networks;

/// <summary>A network's weights from and to files.</summary>
public static class WeightFile
{
    const int Colours = 3;

    /// <summary>Writes every parameter and buffer as safetensors, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; one that was there before stays as it was.</exception>
    public static void Save(string path, Weights weights, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafeTensors.Write(path, weights.State.Select(s => KeyValuePair.Create(s.Key, s.Value.ToHost())), metadata);

    /// <summary>Fills a network from a file of any known kind, seeing through wrappers and prefixes.</summary>
    /// <param name="weights">The network's weights; tensors that the file lacks keep their values.</param>
    /// <param name="file">The file.</param>
    /// <param name="skipMismatched">Whether tensors of another shape are left out; else they are an error.</param>
    /// <param name="first">How the first convolution of a file for colours is adapted to another number of channels.</param>
    /// <param name="program">Whose names the file has, one of <see cref="ForeignNames.Programs"/>; null to find it by the names.</param>
    /// <exception cref="CheckpointException">A tensor of another shape, or no tensor of the network at all.</exception>
    public static LoadReport Load(
        Weights weights, TensorFile file, bool skipMismatched = false, FirstConvolution first = FirstConvolution.Same,
        string? program = null)
    {
        var state = weights.State.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
        if (DetectorKeys.OtherConventions([.. file.Tensors.Keys], state.Keys) is { } other)
            throw new CheckpointException(file.Path, null, other);
        var (renamed, found) = ForeignNames.Convert(WithPlacesInBlocks(file.Tensors, state.Keys), state.Keys, program);
        var match = StateDict.Match(WithAuxiliaryHead(renamed, state.Keys), state.Keys);
        if (first != FirstConvolution.Same)
            match = match with
            {
                Loaded = new OrderedDictionary<string, HostTensor>(match.Loaded.Select(l => KeyValuePair.Create(
                    l.Key, IsFirst(l.Value.Shape, state[l.Key].Shape) ? Adapted(l.Value, state[l.Key].Shape[1], first) : l.Value))),
            };
        var differing = match.Loaded.Select(l => (l.Key, Given: l.Value.Shape, Wanted: state[l.Key].Shape))
            .Where(l => !l.Given.AsSpan().SequenceEqual(l.Wanted)).ToArray();
        if (differing.Length > 0 && !skipMismatched)
            throw new CheckpointException(file.Path, differing[0].Key, Mismatch(differing));
        var mismatched = differing.Select(l => l.Key).ToHashSet();
        var loaded = match.Loaded.Where(l => !mismatched.Contains(l.Key)).ToArray();
        // Batch counters are filled with zeros where a file has none at all: they prove nothing.
        if (loaded.All(l => l.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
            throw new CheckpointException(file.Path, null,
                $"none of its {file.Tensors.Count} tensors ({string.Join(", ", file.Tensors.Keys.Take(3))}, …) is one of the network's "
                    + $"({string.Join(", ", state.Keys.Take(3))}, …); is it another network's?");
        foreach (var (key, host) in loaded)
            state[key].CopyFrom(host);
        return new LoadReport(
            loaded.Select(l => l.Key).ToArray(), [.. match.Missing.Where(key => !TakesNoPart(key, state))],
            [.. match.Unexpected.Where(key => !TakesNoPart(key, state))], [.. mismatched], match.Stripped)
        {
            Program = found,
            Taken = file.Wrapper,
            Others = file.Others,
        };
    }

    /// <summary>
    /// Whether a tensor is in some files and not in others, and takes no part: places and masks of window attention, which follow from a
    /// network's sizes; a SegFormer's second classifier; an STDC's second copy of its backbone and its classifier of ImageNet; the class
    /// weights of a loss.
    /// </summary>
    static bool TakesNoPart(string key, Dictionary<string, Tensor> state)
    {
        bool Begins(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                if (key.StartsWith(name, StringComparison.Ordinal))
                    return true;
            return false;
        }
        return key.EndsWith(".relative_position_index", StringComparison.Ordinal) || key.EndsWith(".attn_mask", StringComparison.Ordinal)
            || key == "loss.criterion.weight"
            || Begins("decode_head.conv_seg.") && state.ContainsKey("decode_head.linear_pred.weight")
            || Begins("cp.backbone.features.", "cp.backbone.conv_last.", "cp.backbone.fc.", "cp.backbone.bn.", "cp.backbone.linear.")
                && state.ContainsKey("cp.backbone.x2.0.0.conv.weight");
    }

    static IReadOnlyDictionary<string, HostTensor> WithPlacesInBlocks(
        IReadOnlyDictionary<string, HostTensor> tensors, IReadOnlyCollection<string> wanted) =>
        !wanted.Any(key => key.StartsWith("roi_heads.", StringComparison.Ordinal)) ? tensors
        : new OrderedDictionary<string, HostTensor>(tensors.Select(t => KeyValuePair.Create(DetectorKeys.Renamed(t.Key), t.Value)));

    /// <summary>A plain HRNetV2's last layer becomes an OCR network's auxiliary head, as the OCR authors' own loader has it.</summary>
    static IReadOnlyDictionary<string, HostTensor> WithAuxiliaryHead(
        IReadOnlyDictionary<string, HostTensor> tensors, IReadOnlyCollection<string> wanted)
    {
        const string Plain = "last_layer.", Ocr = "aux_head.";
        static bool Has(IEnumerable<string> keys, string name) =>
            keys.Any(k => k.StartsWith(name, StringComparison.Ordinal) || k.Contains($".{name}", StringComparison.Ordinal));
        if (!Has(wanted, Ocr) || Has(wanted, Plain) || Has(tensors.Keys, Ocr))
            return tensors;
        return new OrderedDictionary<string, HostTensor>(
            tensors.Select(t => KeyValuePair.Create(t.Key.Replace(Plain, Ocr, StringComparison.Ordinal), t.Value)));
    }

    /// <summary>Whether shapes are those of a convolution of colours and of the same one of other channels.</summary>
    static bool IsFirst(long[] given, long[] wanted) => given is [_, Colours, _, _] && wanted is [_, not Colours, _, _]
        && given[0] == wanted[0] && given[2] == wanted[2] && given[3] == wanted[3];

    /// <summary>Weights [Cout, 3, k, k] as [Cout, N, k, k], by one of the rules of <see cref="FirstConvolution"/>.</summary>
    static HostTensor Adapted(HostTensor given, long channels, FirstConvolution rule)
    {
        var (values, area) = (given.ToFloats(), (int)(given.Shape[2] * given.Shape[3]));
        var adapted = new float[given.Shape[0] * channels * area];
        for (var at = 0; at < adapted.Length; at++)
        {
            var (filter, channel, tap) = (at / area / (int)channels, at / area % (int)channels, at % area);
            float Of(int colour) => values[((filter * Colours) + colour) * area + tap];
            adapted[at] = rule == FirstConvolution.Repeat ? Of(channel % Colours) * Colours / channels : (Of(0) + Of(1) + Of(2)) / channels;
        }
        return HostTensor.Of(adapted, given.Shape[0], channels, given.Shape[2], given.Shape[3]);
    }

    static string Mismatch(IReadOnlyList<(string Key, long[] Given, long[] Wanted)> differing)
    {
        const int LastLayers = 6;
        var (_, given, wanted) = differing[0];
        var text = $"has shape [{string.Join(", ", given)}], the network wants [{string.Join(", ", wanted)}]";
        if (differing is [_] && IsFirst(given, wanted))
            return $"{text}: the checkpoint is for colours, the network for {wanted[1]} channels; choose with model.first_convolution how "
                + "its weights are adapted (mean or repeat), or leave them out with model.skip_mismatched: true";
        // A detector's boxes and masks have outputs by class too, boxes four of each.
        if (differing.Count <= LastLayers && differing.FirstOrDefault(d => DetectorKeys.HasClasses(d.Key)) is { Key: not null } head
            && differing.All(d => d.Given.Length == d.Wanted.Length && d.Given.Skip(1).SequenceEqual(d.Wanted.Skip(1))))
            return $"{text}: the checkpoint is for {head.Given[0] - 1} classes and the background, {head.Wanted[0] - 1} were asked for; "
                + $"use --classes {head.Given[0] - 1}, or leave such tensors out with --skip-mismatched (in a recipe "
                + "model.skip_mismatched: true)";
        // Where nothing but the outputs of a last layer or two differs, and all by the same numbers, it is the classes: the commonest
        // reason by far.
        if (differing.Count <= LastLayers && differing.All(d => d.Given.Length == d.Wanted.Length && d.Given.Length > 0
            && d.Given[0] == given[0] && d.Wanted[0] == wanted[0] && d.Given.Skip(1).SequenceEqual(d.Wanted.Skip(1))))
            return $"{text}: the checkpoint is for {given[0]} classes, {wanted[0]} were asked for; use --classes {given[0]}, or leave "
                + "such tensors out with --skip-mismatched";
        var more = differing.Count > 1 ? $", and {differing.Count - 1} more tensors differ" : "";
        return $"{text}{more}; is the checkpoint of another width? Tensors of other shapes are left out with --skip-mismatched";
    }
}

/// <summary>The result of loading a file into a network.</summary>
/// <param name="Loaded">Keys that were filled.</param>
/// <param name="Missing">Keys of the network that the file lacks.</param>
/// <param name="Unexpected">Keys of the file that the network lacks.</param>
/// <param name="Mismatched">Keys left out because their shapes differ.</param>
/// <param name="Stripped">The prefix taken off the file's keys, e.g. <c>module.</c>; empty for none.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Mismatched,
        string Stripped)
{
    /// <summary>
    /// The entry of a <c>.pth</c> file that the weights were taken from, as in <c>state_dict</c>; empty where they lie bare.
    /// </summary>
    public string Taken { get; init; } = "";

    /// <summary>The program whose names were converted, as in <c>timm</c>; empty where none were.</summary>
    public string Program { get; init; } = "";

    /// <summary>Whether the file and the network have the same tensors, of the same shapes.</summary>
    public bool IsWhole => Missing.Count + Unexpected.Count + Mismatched.Count == 0;

    /// <summary>Other entries of the file that may be state dicts, as in <c>model_ema</c>.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>What was taken and what else is there, for people; empty where the file holds one set of weights.</summary>
    /// <param name="remedy">How another is asked for.</param>
    public string Choice(string remedy) =>
        Others.Count == 0 ? ""
        : $"weights taken from '{Taken}'; the file also has {string.Join(", ", Others.Select(o => $"'{o}'"))} ({remedy})";

    /// <summary>The result of loading several files that complete each other.</summary>
    /// <exception cref="CheckpointException">Two of them hold the same tensor.</exception>
    internal static LoadReport Of(IReadOnlyList<(string File, LoadReport Report)> parts)
    {
        if (parts.Count == 1)
            return parts[0].Report;
        var loaded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (file, report) in parts)
            if (report.Loaded.FirstOrDefault(key => !loaded.Add(key)) is { } twice)
                throw new CheckpointException(file, twice, "is in an earlier file too; give each part of the network once");
        return new LoadReport(
            [.. parts.SelectMany(p => p.Report.Loaded)],
            [.. parts[0].Report.Missing.Where(key => parts.All(p => p.Report.Missing.Contains(key)))],
            [.. parts.SelectMany(p => p.Report.Unexpected)],
            [.. parts.SelectMany(p => p.Report.Mismatched)],
            string.Join(", ", parts.Select(p => p.Report.Stripped).Where(s => s.Length > 0)));
    }
}
