namespace Hwaso.Checkpoints;

/// <summary>How a file's tensors serve a network's keys.</summary>
/// <param name="Stripped">Prefix taken off the file's keys, as in <c>module.model.</c>; empty for none.</param>
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
