using System.Globalization;

namespace Hwaso.Checkpoints;

/// <summary>
/// Finds the state dict in a pickle's value: through the wrappers of <see cref="StateDict.WrapperNames"/>. Where tensors lie
/// deeper, in parts of a dictionary or a list, their path is their name.
/// </summary>
static class CheckpointSearch
{
    const int MaxDepth = 64;

    public static FoundCheckpoint Find(CheckpointStream stream, object? root)
    {
        var values = new Dictionary<string, string>();
        var opened = new List<string>();
        var current = root;
        while (current is PickleDict dictionary && opened.Count < MaxDepth)
        {
            Collect(dictionary, values);
            var wrapper = StateDict.WrapperNames.FirstOrDefault(name => HoldsTensors(stream, dictionary[name]));
            if (wrapper is null)
                break;
            opened.Add(wrapper);
            current = dictionary[wrapper];
        }

        var tensors = Flatten(stream, current);
        if (tensors.Count == 0)
            throw stream.Fail("holds no tensors; save the weights with torch.save(model.state_dict(), path)");
        return new FoundCheckpoint(tensors, values, string.Join('.', opened));
    }

    static bool HoldsTensors(CheckpointStream stream, object? value) =>
        value is PickleDict && Flatten(stream, value).Count > 0;

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

    static OrderedDictionary<string, TensorRef> Flatten(CheckpointStream stream, object? root)
    {
        var found = new OrderedDictionary<string, TensorRef>();
        // Each container once: a small pickle may hold one list a billion times over.
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        Visit("", root, 0);
        return found;

        void Visit(string path, object? value, int depth)
        {
            if (value is TensorRef tensor)
            {
                var key = path.Length == 0 ? "tensor" : path;
                if (!found.TryAdd(key, tensor))
                    throw new CheckpointException(stream.Path, key, "two tensors have this name");
                return;
            }

            if (value is not (PickleDict or List<object?> or object?[]) || !seen.Add(value))
                return;
            if (depth == MaxDepth)
                throw stream.Fail($"containers nested more than {MaxDepth} deep; this is no weight file");
            if (value is PickleDict dictionary)
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

/// <summary>The state dict of a checkpoint, the plain values beside it, and the dictionaries opened on the way.</summary>
sealed record FoundCheckpoint(OrderedDictionary<string, TensorRef> Tensors, Dictionary<string, string> Values, string Wrapper);
