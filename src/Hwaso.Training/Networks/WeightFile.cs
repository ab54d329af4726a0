using Hwaso.Nn;
using Hwaso.Torch.Files;

namespace Hwaso.Training.Networks;

/// <summary>A network's weights from and to files.</summary>
public static class WeightFile
{
    /// <summary>Writes every parameter and buffer as safetensors, whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; one that was there before stays as it was.</exception>
    public static void Save(string path, Weights weights, IReadOnlyDictionary<string, string> metadata) =>
        SafeTensors.Write(path, weights.State.Select(s => KeyValuePair.Create(s.Key, s.Value.ToHost())), metadata);

    /// <summary>Fills a network from a file of any known kind, seeing through wrappers and prefixes.</summary>
    /// <param name="weights">The network's weights; what the file lacks keeps its values.</param>
    /// <param name="file">The file.</param>
    /// <param name="skipMismatched">Whether tensors of another shape are left out; else they are an error.</param>
    /// <exception cref="CheckpointException">A tensor of another shape, or no tensor of the network at all.</exception>
    public static LoadReport Load(Weights weights, TensorFile file, bool skipMismatched = false)
    {
        var state = weights.State.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
        var match = StateDict.Match(file, state.Keys);
        var mismatched = new List<string>();
        foreach (var (key, host) in match.Loaded)
        {
            var wanted = state[key].Shape;
            if (wanted.AsSpan().SequenceEqual(host.Shape))
                continue;
            if (!skipMismatched)
                throw new CheckpointException(file.Path, key, Mismatch(key, host.Shape, wanted));
            mismatched.Add(key);
        }
        var loaded = match.Loaded.Where(l => !mismatched.Contains(l.Key)).ToArray();
        // Batch counters are filled with zeros where a file has none at all: they prove nothing.
        if (loaded.All(l => l.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
            throw new CheckpointException(file.Path, null,
                $"none of its {file.Tensors.Count} tensors ({string.Join(", ", file.Tensors.Keys.Take(3))}, …) is one of the network's ({string.Join(", ", state.Keys.Take(3))}, …); is it another network's?");
        foreach (var (key, host) in loaded)
            state[key].CopyFrom(host);
        return new LoadReport(loaded.Select(l => l.Key).ToArray(), match.Missing, match.Unexpected, mismatched, match.Stripped);
    }

    static string Mismatch(string key, long[] given, long[] wanted)
    {
        var text = $"has shape [{string.Join(", ", given)}], the network wants [{string.Join(", ", wanted)}]";
        // The last layer's first dimension is the number of classes: the commonest reason by far.
        return key.StartsWith("last_layer.3.", StringComparison.Ordinal) && given.Length == wanted.Length && given.Skip(1).SequenceEqual(wanted.Skip(1))
            ? $"{text}: the checkpoint is for {given[0]} classes, {wanted[0]} were asked for; use --classes {given[0]}, or leave such tensors out with --skip-mismatched"
            : $"{text}; is the checkpoint of another width? Tensors of other shapes are left out with --skip-mismatched";
    }
}
