using System.Globalization;
using System.Text.RegularExpressions;
using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Backbones;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Inference.Networks;

/// <summary>Compares a DINOv2 or DINOv3 with recorded tokens, maps of intermediate blocks, or depth.</summary>
static partial class DinoVerifier
{
    const string Known = "output (class token, or depth), output_clstoken, output_patchtokens, output_prenorm, output_interK_patch, "
        + "output_interK_cls";

    /// <summary>
    /// Compares every output that it knows; <c>output_NAME_…</c> belongs to <c>input_NAME</c> where there is one, else to <c>input</c>.
    /// </summary>
    /// <exception cref="CheckpointException">Weights or fixture do not fit the network, or no output is known.</exception>
    public static IReadOnlyList<OutputError> Verify(ModelDefinition definition, TensorFile? file, Fixture fixture)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        using var weights = Weights.Create(initialise: false);
        var net = definition.Build(weights, 0);
        Verifier.Fill(weights, file);
        net.Eval();
        var errors = new List<OutputError>();
        foreach (var group in fixture.Outputs.GroupBy(o => InputOf(o, fixture)))
        {
            var answers = Answers(net, fixture.Input(group.Key), [.. group.Select(o => NameOf(o, group.Key))]);
            errors.AddRange(
                group.Where(o => answers.ContainsKey(NameOf(o, group.Key))).Select(o => fixture.Compare(o, answers[NameOf(o, group.Key)])));
        }
        return errors.Count > 0 ? errors
            : throw new CheckpointException(
                fixture.Path, null, $"holds none of the outputs that a DINOv2 knows ({Known}) but {string.Join(", ", fixture.Outputs)}");
    }

    static Dictionary<string, Tensor> Answers(Net net, Tensor image, IReadOnlyList<string> wanted)
    {
        if (net is not ITokenTransformer transformer)
            return new() { [""] = image.Apply(net) };
        var features = transformer.Features(image);
        var answers = new Dictionary<string, Tensor>
        {
            [""] = features.ClassToken,
            ["clstoken"] = features.ClassToken,
            ["regtokens"] = features.RegisterTokens,
            ["patchtokens"] = features.PatchTokens,
            ["prenorm"] = features.BeforeNorm,
        };
        // interK counts the last blocks, as many as were recorded, from the earliest; with the final norm.
        var blocks = wanted.Select(w => Intermediate().Match(w)).Where(m => m.Success)
            .Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) + 1).DefaultIfEmpty(0).Max();
        if (blocks > 0)
            foreach (var (layer, k) in transformer.IntermediateLayers(image, blocks).Layers.Select((layer, k) => (layer, k)))
                (answers[$"inter{k}_patch"], answers[$"inter{k}_cls"]) = (layer.Patches, layer.ClassToken);
        return answers;
    }

    static string InputOf(string stored, Fixture fixture) => fixture.Tensors.Keys
        .Where(k => k.StartsWith("input_", StringComparison.Ordinal)
            && $"{Rest(stored, "output")}_".StartsWith($"{k["input_".Length..]}_", StringComparison.Ordinal))
        .MaxBy(k => k.Length) ?? "input";

    /// <summary>
    /// An output's name without its input's: <c>clstoken</c> of <c>output_native_clstoken</c> for <c>input_native</c>.
    /// </summary>
    static string NameOf(string stored, string input) =>
        input == "input" ? Rest(stored, "output") : Rest(Rest(stored, "output"), input["input_".Length..]);

    static string Rest(string stored, string prefix) =>
        Fixture.PlainName(stored) is var name && name.StartsWith($"{prefix}_", StringComparison.Ordinal)
        ? name[(prefix.Length + 1)..]
        : name == prefix ? "" : name;

    [GeneratedRegex("^inter([0-9]{1,3})_(?:patch|cls)$")]
    private static partial Regex Intermediate();
}
