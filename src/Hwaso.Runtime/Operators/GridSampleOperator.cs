using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's GridSample: images [N, C, H, W], sampled at a grid [N, h, w, 2] of x and y in -1 … 1.</summary>
sealed unsafe record GridSampleOperator(GridSampling Sampling) : Operator
{
    public static GridSampleOperator Read(NodeAttributes attributes)
    {
        // Operator set 20 renamed bilinear to linear.
        var mode = attributes.Text("mode", attributes.Opset < 20 ? "bilinear" : "linear");
        if (mode is not ("bilinear" or "linear" or "nearest"))
            throw attributes.Refuse($"mode {mode} is not supported; linear and nearest are");
        var padding = attributes.Text("padding_mode", "zeros");
        if (padding is not ("zeros" or "border"))
            throw attributes.Refuse($"padding_mode {padding} is not supported; zeros and border are");
        return new(new GridSampling(mode != "nearest", padding == "border", attributes.Flag("align_corners")));
    }

    public override TensorType Infer(Operands inputs)
    {
        var (x, grid) = (inputs.Float(0), inputs.Float(1));
        if (x.Rank != 4 || x.Elements == 0)
            throw inputs.Beyond($"input {x}: images [N, C, H, W] were wanted");
        if (grid.Rank != 4 || grid.Shape[0] != x.Shape[0] || grid.Shape[3] != 2)
            throw inputs.Refuse($"grid {grid} for images {x}: [{x.Shape[0]}, h, w, 2] was wanted");
        return inputs.Floats([x.Shape[0], x.Shape[1], grid.Shape[1], grid.Shape[2]]);
    }

    public override Kernel Bind(Binding binding)
    {
        var (x, grid) = (binding.Operands.Type(0).Shape, binding.Operands.Type(1).Shape);
        return binding.Kernels.GridSample(Sampling, new GridShape(x[0], x[1], x[2], x[3], grid[1] * grid[2]), binding.In(0), binding.In(1),
            binding.Out, binding.Threads);
    }
}
