using System.Globalization;
using Hwaso.Runtime.Core;
using Hwaso.Runtime.Kernels;

namespace Hwaso.Runtime.Operators;

/// <summary>ONNX's Resize and Upsample of an image's rows and columns. A fused addend is input 4.</summary>
/// <param name="Linear">Whether values between pixels are interpolated; else the nearest pixel's is taken.</param>
/// <param name="Mode">Where an output pixel lies in the input.</param>
/// <param name="Rounding">Which of two equally near pixels is taken.</param>
/// <param name="IsUpsample">Whether the scales are input 1; else they are input 2.</param>
/// <param name="Epilogue">What is fused after it.</param>
sealed unsafe record ResizeOperator(bool Linear, ResizeMode Mode, string Rounding, bool IsUpsample, Epilogue Epilogue) : Operator, IEpilogue
{
    /// <summary>The input that holds the sizes, if one does.</summary>
    public const int SizesInput = 3;

    const int MostScale = 1 << 20;

    public int AddendInput => 4;

    /// <summary>The code of the input, if it is bytes.</summary>
    public ByteCode? Code { get; init; }

    public static ResizeOperator Read(NodeAttributes attributes, bool isUpsample)
    {
        var mode = attributes.Text("mode", "nearest");
        if (mode is not ("nearest" or "linear"))
            throw attributes.Refuse($"mode {mode} is not supported; nearest and linear are");
        if (attributes.Int("antialias", 0) != 0 || attributes.Int("exclude_outside", 0) != 0
            || attributes.Text("keep_aspect_ratio_policy", "stretch") != "stretch" || attributes.Ints("axes") is { Length: > 0 })
            throw attributes.Refuse("antialias, exclude_outside, axes and keeping the aspect ratio are not supported");
        attributes.Ignore("cubic_coeff_a", "extrapolation_value");
        var place = isUpsample || attributes.Opset < 11 ? "asymmetric" : attributes.Text("coordinate_transformation_mode", "half_pixel");
        var rounding = isUpsample || attributes.Opset < 11 ? "floor" : attributes.Text("nearest_mode", "round_prefer_floor");
        var position = place switch
        {
            "half_pixel" => ResizeMode.HalfPixel,
            "pytorch_half_pixel" => ResizeMode.PytorchHalfPixel,
            "align_corners" => ResizeMode.AlignCorners,
            "asymmetric" => ResizeMode.Asymmetric,
            _ => throw attributes.Refuse($"coordinate_transformation_mode {place} is not supported"),
        };
        if (rounding is not ("floor" or "ceil" or "round_prefer_ceil" or "round_prefer_floor"))
            throw attributes.Refuse($"nearest_mode {rounding} is not supported");
        return new(mode == "linear", position, rounding, isUpsample || attributes.Opset < 11, default);
    }

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs) => inputs.Floats(Sizes(inputs, out _, out _));

    public override Kernel Bind(Binding binding)
    {
        var x = binding.Operands.Type(0).Shape;
        var addend = Epilogue.Adds ? binding.In(AddendInput) : null;
        return binding.Kernels.Resize(x[0] * x[1], [Source(binding.Operands, binding.In(0))], addend, Epilogue.Function, default,
            binding.Out, binding.Threads);
    }

    /// <summary>The input with its tables of positions.</summary>
    public ResizeSource Source(Operands operands, float* input)
    {
        var (from, to) = (operands.Type(0).Shape, Sizes(operands, out var scaleY, out var scaleX));
        return new((nint)input, from[2], from[3], Table(from[2], to[2], scaleY), Table(from[3], to[3], scaleX), Code);
    }

    ResizeTable Table(int from, int to, float scale) =>
        Linear ? ResizeTable.LinearOfSingle(from, to, scale, Mode) : ResizeTable.Nearest(from, to, scale, Mode, Rounding);

    int[] Sizes(Operands inputs, out float scaleY, out float scaleX)
    {
        var x = Code is null ? inputs.Float(0) : inputs.Type(0);
        if (x.Rank != 4 || x.Elements == 0)
            throw inputs.Beyond($"input {x}: images [N, C, H, W] were wanted");
        var scalesInput = IsUpsample ? 1 : 2;
        int[] sizes;
        if (!IsUpsample && inputs.Has(SizesInput))
        {
            sizes = Array.ConvertAll(inputs.Ints(SizesInput, "sizes"), inputs.Size);
            if (sizes.Length != 4)
                throw inputs.Refuse($"{sizes.Length} sizes; 4 were wanted");
            (scaleY, scaleX) = ((float)sizes[2] / x.Shape[2], (float)sizes[3] / x.Shape[3]);
        }
        else
        {
            if (!inputs.Has(scalesInput) || inputs.Float(scalesInput).Elements != 4)
                throw inputs.Refuse("has neither 4 sizes nor 4 scales");
            var scales = inputs.Constant(scalesInput, "scales").Floats.ToArray();
            if (scales.Any(s => !(s > 0 && s < MostScale)))
            {
                var said = scales.Select(scale => scale.ToString(CultureInfo.InvariantCulture));
                throw inputs.Refuse($"scales [{string.Join(", ", said)}] are not in 0 … {MostScale}");
            }
            sizes = scales.Select((s, k) => inputs.Size((long)(s * x.Shape[k]))).ToArray();
            (scaleY, scaleX) = (scales[2], scales[3]);
        }
        if (sizes[0] != x.Shape[0] || sizes[1] != x.Shape[1] || sizes[2] < 1 || sizes[3] < 1)
            throw inputs.Beyond($"{x} to [{string.Join(", ", sizes)}]: only rows and columns can be resized, to at least 1");
        return sizes;
    }
}

/// <summary>
/// The sum of several resized tensors, computed at once: four inputs for each (see <see cref="ResizeOperator"/>), then the addend.
/// </summary>
/// <param name="Parts">How each tensor is resized.</param>
/// <param name="Epilogue">What is fused after the sum.</param>
sealed unsafe record ResizeSumOperator(IReadOnlyList<ResizeOperator> Parts, Epilogue Epilogue) : Operator, IEpilogue
{
    /// <summary>The number of inputs of each part.</summary>
    public const int PartInputs = 4;

    public int AddendInput => PartInputs * Parts.Count;

    /// <summary>The codes of addend and result, where they are bytes.</summary>
    public ResizeCodes Codes { get; init; }

    public Operator With(Epilogue epilogue) => this with { Epilogue = epilogue };

    public override TensorType Infer(Operands inputs) => Parts[0].Infer(inputs.Slice(0, PartInputs));

    public override Kernel Bind(Binding binding)
    {
        var shape = binding.Output.Shape;
        var sources = Parts.Select((part, k) => part.Source(binding.Operands.Slice(PartInputs * k, PartInputs), binding.In(PartInputs * k)))
            .ToArray();
        return binding.Kernels.Resize(shape[0] * shape[1], sources, Epilogue.Adds ? binding.In(AddendInput) : null, Epilogue.Function,
            Codes, binding.Out, binding.Threads);
    }
}
