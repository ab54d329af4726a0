using System.Globalization;

namespace Hwaso.Checkpoints;

/// <summary>
/// Finds the state dict in a pickle's value: through the wrappers of <see cref="StateDict.WrapperNames"/>. Where tensors lie
/// deeper, in parts of a dictionary or a list, their path is their name; a pickled module's are named as in its state dict.
/// </summary>
static class CheckpointSearch
{
    const int MaxDepth = 64;

    /// <param name="stream">The file, for messages.</param>
    /// <param name="root">The pickle's value.</param>
    /// <param name="key">The entry to take, as in <c>ema.state_dict</c>; null for the surest.</param>
    public static FoundCheckpoint Find(CheckpointStream stream, object? root, string? key)
    {
        var values = new Dictionary<string, string>();
        var opened = new List<string>();
        var others = new List<string>();
        var current = root;
        foreach (var name in key?.Split('.') ?? [])
        {
            if (Dictionary(current) is not { } dictionary || !HoldsTensors(stream, dictionary[name]))
                throw stream.Fail($"has no weights under '{key}'; entries with tensors {(opened.Count == 0 ? "" : $"of {opened[^1]} ")}are "
                    + $"{string.Join(", ", EntriesWithTensors(stream, current))}");
            Collect(dictionary, values);
            opened.Add(name);
            current = dictionary[name];
        }
        while (Dictionary(current) is { } dictionary && opened.Count < MaxDepth)
        {
            Collect(dictionary, values);
            var wrapper = StateDict.WrapperNames.FirstOrDefault(name => HoldsTensors(stream, dictionary[name]));
            if (wrapper is null)
                break;
            if (others.Count == 0)
                others.AddRange(EntriesWithTensors(stream, current).Where(name => name != wrapper && IsStateDict(name)));
            opened.Add(wrapper);
            current = dictionary[wrapper];
        }

        var tensors = Flatten(stream, current);
        if (tensors.Count == 0)
            throw stream.Fail("holds no tensors; save the weights with torch.save(model.state_dict(), path)");
        return new FoundCheckpoint(tensors, values, string.Join('.', opened), key is null ? others : []);
    }

    static PickleDict? Dictionary(object? value) =>
        value as PickleDict ?? (value is Inert { IsModule: false } inert ? inert.Items : null);

    // Optimisers hold tensors beside every weight's.
    static bool IsStateDict(string name) => !name.Contains("optim", StringComparison.OrdinalIgnoreCase)
        && !name.Contains("sched", StringComparison.OrdinalIgnoreCase) && !name.Contains("rng", StringComparison.OrdinalIgnoreCase);

    static IEnumerable<string> EntriesWithTensors(CheckpointStream stream, object? value) =>
        (Dictionary(value)?.Entries ?? []).Where(e => e.Key is string && HoldsTensors(stream, e.Value)).Select(e => (string)e.Key);

    static bool HoldsTensors(CheckpointStream stream, object? value) =>
        value is PickleDict or Inert && Flatten(stream, value).Count > 0;

    static void Collect(PickleDict dictionary, Dictionary<string, string> values)
    {
        foreach (var (key, value) in dictionary.Entries)
        {
            var text = value switch
            {
                string or long or double or bool => Convert.ToString(value, CultureInfo.InvariantCulture),
                _ => null,
            };
            if (key is string name && text is not null)
                values[name] = text;
        }
    }

    /// <summary>Every tensor with its path; NumPy's arrays where there is no tensor of PyTorch.</summary>
    static OrderedDictionary<string, object> Flatten(CheckpointStream stream, object? root)
    {
        var tensors = Flatten(stream, root, arrays: false);
        return tensors.Count > 0 ? tensors : Flatten(stream, root, arrays: true);
    }

    static OrderedDictionary<string, object> Flatten(CheckpointStream stream, object? root, bool arrays)
    {
        var found = new OrderedDictionary<string, object>();
        // Each container once: a small pickle may hold one list a billion times over.
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Visit("", root, 0);
        return found;

        void Visit(string path, object? value, int depth)
        {
            if (value is TensorRef || (arrays && value is NumpyArray { Shape: not null }))
            {
                var key = path.Length == 0 ? "tensor" : path;
                if (!found.TryAdd(key, value))
                    throw new CheckpointException(stream.Path, key, "two tensors have this name");
                return;
            }

            if (value is not (PickleDict or List<object?> or object?[] or Inert) || !seen.Add(value))
                return;
            if (depth == MaxDepth)
                throw stream.Fail($"containers nested more than {MaxDepth} deep; this is no weight file");
            if (value is Inert { IsModule: true } module)
            {
                // The order of a state dict; buffers that it leaves out are named in a set.
                var passing = module.Attributes["_non_persistent_buffers_set"] as IEnumerable<object?> ?? [];
                foreach (var part in new[] { "_parameters", "_buffers", "_modules" })
                    foreach (var (key, item) in (module.Attributes[part] as PickleDict)?.Entries ?? [])
                        if (part != "_buffers" || !passing.Contains(key))
                            Visit(Join(path, Convert.ToString(key, CultureInfo.InvariantCulture) ?? ""), item, depth + 1);
            }
            else if (Dictionary(value) is { } dictionary)
            {
                foreach (var (key, item) in dictionary.Entries)
                    Visit(Join(path, Convert.ToString(key, CultureInfo.InvariantCulture) ?? ""), item, depth + 1);
            }
            else
            {
                var index = 0;
                foreach (var item in (IEnumerable<object?>)value)
                    Visit(Join(path, index++.ToString(CultureInfo.InvariantCulture)), item, depth + 1);
            }
        }
    }

    static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}

/// <summary>
/// The state dict of a checkpoint (each a <see cref="TensorRef"/> or <see cref="NumpyArray"/>), the plain values beside it, the
/// dictionaries opened on the way, and the names of other state dicts beside the first of these.
/// </summary>
sealed record FoundCheckpoint(
    OrderedDictionary<string, object> Tensors, Dictionary<string, string> Values, string Wrapper, IReadOnlyList<string> Others);
