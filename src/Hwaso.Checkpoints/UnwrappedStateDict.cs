namespace Hwaso.Checkpoints;

/// <summary>A state dict without its wrappers' prefix.</summary>
/// <param name="Stripped">Prefix taken off, as in <c>module.model.</c>; empty for none.</param>
/// <param name="Tensors">The tensors under their own keys, in the file's order.</param>
/// <param name="LeftOut">Keys, verbatim, that belong to a training wrapper and not to the network.</param>
public sealed record UnwrappedStateDict(string Stripped, IReadOnlyDictionary<string, HostTensor> Tensors, IReadOnlyList<string> LeftOut);
