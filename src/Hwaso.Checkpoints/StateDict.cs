namespace Hwaso.Checkpoints;

/// <summary>Every rule by which wrappers around a network's weights are recognised and removed.</summary>
public static class StateDict
{
    const string CounterSuffix = "num_batches_tracked";

    // Prefix segments nest at most this deep: module.model.backbone.
    const int MaxSegments = 3;

    /// <summary>Entries of a checkpoint dictionary under which training programs keep the weights, the surest first.</summary>
    public static IReadOnlyList<string> WrapperNames { get; } =
        ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params"];

    /// <summary>First segments of keys that come from a wrapper: DataParallel, training code, <c>torch.compile</c>, a segmentor.</summary>
    public static IReadOnlyList<string> PrefixNames { get; } =
        ["module", "model", "net", "network", "_orig_mod", "backbone", "body", "encoder"];

    /// <summary>First segments of keys of training code, never of a network: <c>loss.criterion.weight</c> of HRNet.</summary>
    public static IReadOnlyList<string> StrayNames { get; } = ["loss", "criterion"];

    /// <summary>Matches a file's keys with a network's: removes or adds the wrapper prefix that matches most of them.</summary>
    /// <param name="file">The file.</param>
    /// <param name="wantedKeys">The network's state-dict keys. Shapes are not compared.</param>
    public static StateDictMatch Match(TensorFile file, IReadOnlyCollection<string> wantedKeys)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Match(file.Tensors, wantedKeys);
    }

    /// <inheritdoc cref="Match(TensorFile, IReadOnlyCollection{string})"/>
    /// <param name="tensors">Tensors by key.</param>
    /// <param name="wantedKeys">The network's state-dict keys. Shapes are not compared.</param>
    public static StateDictMatch Match(IReadOnlyDictionary<string, HostTensor> tensors, IReadOnlyCollection<string> wantedKeys)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(wantedKeys);
        var (stripped, added) = BestPrefixes(tensors, wantedKeys);

        var loaded = new OrderedDictionary<string, HostTensor>();
        var missing = new List<string>();
        var taken = new HashSet<string>();
        // Files from before PyTorch 0.4.1 count no batches; PyTorch then starts at zero, and so do we.
        var countsBatches = tensors.Keys.Any(static k => k.EndsWith(CounterSuffix, StringComparison.Ordinal));
        foreach (var wanted in wantedKeys)
        {
            if (FileKey(wanted, stripped, added) is { } key && tensors.TryGetValue(key, out var tensor))
            {
                loaded.Add(wanted, tensor);
                taken.Add(key);
            }
            else if (!countsBatches && wanted.EndsWith(CounterSuffix, StringComparison.Ordinal))
            {
                loaded.Add(wanted, HostTensor.Of([0L]));
            }
            else
            {
                missing.Add(wanted);
            }
        }

        var unexpected = tensors.Keys.Where(k => !taken.Contains(k)).ToList();
        return new StateDictMatch(stripped, added, loaded, missing, unexpected);
    }

    /// <summary>Takes off the wrapper prefixes that all keys share and leaves training code's own entries out; needs no network.</summary>
    /// <param name="file">The file.</param>
    public static UnwrappedStateDict Unwrap(TensorFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var strays = file.Tensors.Keys.Where(k => StrayNames.Contains(First(k))).ToList();
        var keys = file.Tensors.Keys.Except(strays).ToList();
        // backbone, its body and encoder name a part of a network as often as a wrapper; without wanted keys they stay.
        var prefix = "";
        while (keys.Count > 0 && First(keys[0][prefix.Length..]) is var name
            && PrefixNames.Contains(name) && name is not ("backbone" or "body" or "encoder")
            && keys.TrueForAll(k => k.StartsWith($"{prefix}{name}.", StringComparison.Ordinal)))
            prefix += name + ".";

        // Without a wrapper, no entry lies outside the network.
        if (prefix.Length == 0)
            (keys, strays) = ([.. file.Tensors.Keys], []);
        var tensors = new OrderedDictionary<string, HostTensor>();
        foreach (var key in keys)
            tensors.Add(key[prefix.Length..], file.Tensors[key]);
        return new UnwrappedStateDict(prefix, tensors, strays);
    }

    static (string Stripped, string Added) BestPrefixes(
        IReadOnlyDictionary<string, HostTensor> tensors, IReadOnlyCollection<string> wantedKeys)
    {
        var best = (Stripped: "", Added: "");
        var most = -1;
        // Shortest first: among equal matches the one that removes least wins, so that a prefix of the network's own stays.
        foreach (var stripped in Prefixes(tensors.Keys))
        {
            foreach (var added in Prefixes(wantedKeys))
            {
                var served = wantedKeys.Count(w => FileKey(w, stripped, added) is { } key && tensors.ContainsKey(key));
                if (served > most)
                    (best, most) = ((stripped, added), served);
            }
        }

        return best;
    }

    /// <summary>The file's key for a wanted one, or null where the network's prefix is not on it.</summary>
    static string? FileKey(string wanted, string stripped, string added) =>
        wanted.StartsWith(added, StringComparison.Ordinal) ? stripped + wanted[added.Length..] : null;

    static IEnumerable<string> Prefixes(IEnumerable<string> keys)
    {
        var prefixes = new HashSet<string> { "" };
        foreach (var key in keys)
        {
            var prefix = "";
            for (var i = 0; i < MaxSegments && PrefixNames.Contains(First(key[prefix.Length..])); i++)
            {
                prefix += First(key[prefix.Length..]) + ".";
                if (prefix.Length >= key.Length)
                    break;
                prefixes.Add(prefix);
            }
        }

        return prefixes.OrderBy(static p => p.Length);
    }

    static string First(string key) => key.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0 ? key[..dot] : key;
}

/// <summary>How a file's tensors serve a network's keys.</summary>
/// <param name="Stripped">Prefix removed from the file's keys, as in <c>module.model.</c>; empty for none.</param>
/// <param name="Added">Prefix of the network's keys that the file does not have; empty for none.</param>
/// <param name="Loaded">The tensors under the network's own keys, in its order.</param>
/// <param name="Missing">Wanted keys that the file lacks.</param>
/// <param name="Unexpected">Keys of the file, verbatim, that the network has no place for.</param>
public sealed record StateDictMatch(
    string Stripped,
    string Added,
    IReadOnlyDictionary<string, HostTensor> Loaded,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected);

/// <summary>A state dict without its wrappers' prefix.</summary>
/// <param name="Stripped">Prefix removed, as in <c>module.model.</c>; empty for none.</param>
/// <param name="Tensors">The tensors under their own keys, in the file's order.</param>
/// <param name="LeftOut">Keys, verbatim, that belong to a training wrapper and not to the network.</param>
public sealed record UnwrappedStateDict(string Stripped, IReadOnlyDictionary<string, HostTensor> Tensors, IReadOnlyList<string> LeftOut);
