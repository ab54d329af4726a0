namespace Hwaso.Models.Backbones;

/// <summary>One stage: how many multi-resolution modules, and blocks and channels of each branch.</summary>
public sealed record HRNetStage(int Modules, IReadOnlyList<int> Blocks, IReadOnlyList<int> Channels);
