using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>Parameters that learn alike.</summary>
/// <param name="Parameters">Names and tensors.</param>
/// <param name="LearningRateFactor">What the learning rate is multiplied by for them.</param>
/// <param name="WeightDecay">L2 penalty (SGD, Adam) or decoupled decay (AdamW).</param>
public sealed record ParameterGroup(IReadOnlyList<KeyValuePair<string, Tensor>> Parameters, double LearningRateFactor = 1, double WeightDecay = 0);
