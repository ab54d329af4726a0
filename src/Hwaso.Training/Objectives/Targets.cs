using Hwaso.Torch;

namespace Hwaso.Training.Objectives;

/// <summary>What a batch's answers are held against.</summary>
/// <param name="Labels">Labels [N, H, W] of 64-bit integers.</param>
/// <param name="Depth">Depth [N, H, W], NaN where there is none; null where the run reads none.</param>
public readonly record struct Targets(Tensor Labels, Tensor? Depth = null);
