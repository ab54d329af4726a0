namespace Hwaso.Models.Backbones;

/// <summary>One row of the paper's table: so many blocks of one shape.</summary>
/// <param name="Expand">Width inside a block, in widths of its input.</param>
/// <param name="Kernel">Side of the depthwise kernel.</param>
/// <param name="Stride">Step of the first block, 1 or 2.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Layers">Blocks.</param>
public sealed record EfficientNetStage(int Expand, int Kernel, int Stride, int Channels, int Layers);
