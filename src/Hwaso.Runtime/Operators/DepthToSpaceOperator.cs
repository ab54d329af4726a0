using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's DepthToSpace, which turns channels into blocks of pixels, and SpaceToDepth, its inverse.</summary>
/// <param name="Block">The side of a block in pixels.</param>
/// <param name="ToSpace">Whether it is DepthToSpace.</param>
/// <param name="ColumnsFirst">Whether the position in a block is the slowest part of the channel ("DCR"); else it is the fastest ("CRD", a
/// pixel shuffle).</param>
sealed unsafe record DepthToSpaceOperator(int Block, bool ToSpace, bool ColumnsFirst) : Operator
{
    const int MostBlock = 1024;

    public static DepthToSpaceOperator Read(NodeAttributes attributes, bool toSpace)
    {
        var block = attributes.Int("blocksize", 0);
        if (block is < 1 or > MostBlock)
            throw attributes.Refuse($"blocksize {block}: 1 to {MostBlock} was wanted");
        var mode = toSpace ? attributes.Text("mode", "DCR") : "DCR";
        return mode is "DCR" or "CRD"
            ? new((int)block, toSpace, mode == "DCR")
            : throw attributes.Refuse($"mode {mode}; DCR or CRD was wanted");
    }

    public override TensorType Infer(Operands inputs)
    {
        var x = inputs.Type(0);
        if (x.Rank != 4)
            throw inputs.Refuse($"input {x}: [N, C, H, W] was wanted");
        var (n, c, h, w) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        if (ToSpace ? c % (Block * Block) != 0 : h % Block != 0 || w % Block != 0)
            throw inputs.Refuse($"input {x} has no whole blocks of {Block}×{Block}");
        return inputs.Of(x.IsFloat, ToSpace
            ? [n, c / (Block * Block), inputs.Size((long)h * Block), inputs.Size((long)w * Block)]
            : [n, inputs.Size((long)c * Block * Block), h / Block, w / Block]);
    }

    public override Kernel Bind(Binding binding)
    {
        var (input, output) = (binding.Operands.Type(0).Shape, binding.Output.Shape);
        // Both sides as six dimensions: image, position in the block (row, column), channel, block (row, column).
        var (deep, wide) = ToSpace ? (input, output) : (output, input);
        var (deepSteps, wideSteps) = (Strides.Dense(deep), Strides.Dense(wide));
        int[] sizes = [deep[0], Block, Block, wide[1], deep[2], deep[3]];
        var plane = deepSteps[1];
        int[] inDeep = ColumnsFirst
            ? [deepSteps[0], Block * wide[1] * plane, wide[1] * plane, plane, deepSteps[2], 1]
            : [deepSteps[0], Block * plane, plane, Block * Block * plane, deepSteps[2], 1];
        int[] inWide = [wideSteps[0], wideSteps[2], 1, wideSteps[1], Block * wideSteps[2], Block];
        var strides = ToSpace ? Strides.Merge(sizes, inDeep, inWide) : Strides.Merge(sizes, inWide, inDeep);
        return new CopyKernel(strides, binding.Output.ElementBytes, binding.Bytes(0), binding.OutBytes);
    }
}
