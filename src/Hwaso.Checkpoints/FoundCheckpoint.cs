using Hwaso.Checkpoints.Pickle;

namespace Hwaso.Checkpoints;

/// <summary>The state dict of a checkpoint, the plain values beside it, and the dictionaries opened on the way.</summary>
sealed record FoundCheckpoint(OrderedDictionary<string, TensorRef> Tensors, Dictionary<string, string> Values, string Wrapper);
