using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>
/// Answers operators by the shape of their result alone: a hollow tensor, one zero spread over the shape, in time and memory that do not
/// depend on it.
/// </summary>
/// <remarks>An operator without a rule here runs for real, on hollow tensors as on any: a missing rule costs time, never a wrong
/// shape.</remarks>
sealed class ShapeRules : IStandIn, IDisposable
{
    static readonly HashSet<string> elementwise =
    [
        "aten::relu", "aten::sigmoid", "aten::tanh", "aten::gelu", "aten::silu", "aten::hardswish", "aten::leaky_relu",
        "aten::clamp", "aten::neg", "aten::abs", "aten::exp", "aten::log", "aten::sqrt", "aten::rsqrt", "aten::pow.Tensor_Scalar",
        "aten::add.Scalar", "aten::sub.Scalar", "aten::rsub.Scalar", "aten::mul.Scalar", "aten::div.Scalar", "aten::softmax.int",
        "aten::log_softmax.int", "aten::batch_norm", "aten::layer_norm", "aten::group_norm", "aten::dropout", "aten::contiguous",
        "aten::clone",
    ];

    static readonly HashSet<string> broadcast = ["aten::add.Tensor", "aten::sub.Tensor", "aten::mul.Tensor", "aten::div.Tensor"];

    static readonly HashSet<string> resized =
    [
        "aten::upsample_bilinear2d", "aten::upsample_nearest2d", "aten::upsample_bicubic2d", "aten::_upsample_bicubic2d_aa",
        "aten::adaptive_avg_pool2d",
    ];

    readonly Dictionary<(ScalarType, Device), Tensor> zeros = [];

    /// <summary>A hollow tensor in the innermost scope.</summary>
    public Tensor Hollow(long[] shape, ScalarType type, Device device)
    {
        if (!zeros.TryGetValue((type, device), out var zero))
            zeros[(type, device)] = zero = Tensor.Zeros([], type, device).Own();
        return Aten.Expand(zero, shape);
    }

    /// <inheritdoc/>
    public Tensor? Answer(Operator operation, ReadOnlySpan<Value> arguments)
    {
        if (operation.Name is "aten::zeros" or "aten::full")
            return Made(operation.Name == "aten::full" ? 2 : 1, arguments);
        Tensor? like = null;
        foreach (var argument in arguments)
            if (argument.Kind == ValueKind.Tensor && IsHollow(argument.AsTensor()))
                like ??= argument.AsTensor();
            else if (argument.Kind == ValueKind.TensorList)
                like ??= Array.Find(argument.AsTensors(), t => t is not null && IsHollow(t));
        if (like is null)
            return null;
        // Numbers written into a hollow tensor change nothing: only its shape is used.
        if (operation.Schema.Parameters[0].Written)
            return IsHollow(arguments[0].AsTensor()) ? arguments[0].AsTensor().Share() : null;
        var shape = ResultShape(operation.Name, arguments);
        // Arguments that do not fit go to libtorch, whose message says why.
        return shape is null || shape.Any(side => side < 1) ? null : Hollow(shape, like.Type, like.Device);
    }

    /// <summary>Frees its zeros; hollow tensors that are alive keep theirs.</summary>
    public void Dispose()
    {
        foreach (var zero in zeros.Values)
            zero.Dispose();
    }

    // The element type is the argument after the size and the value, the device two after that.
    Tensor? Made(int typeAt, ReadOnlySpan<Value> arguments)
    {
        var (type, device) = (arguments[typeAt], arguments[typeAt + 2]);
        return type.Kind != ValueKind.Int || device.Kind != ValueKind.Device || device.ToString() != Device.Cpu.ToString()
            ? null
            : Hollow(arguments[0].AsInts(), (ScalarType)type.AsInt(), Device.Cpu);
    }

    static bool IsHollow(Tensor tensor) =>
        tensor.Elements > 1 && tensor.Strides.Zip(tensor.Shape).All(d => d.First == 0 || d.Second == 1);

    static long[]? ResultShape(string name, ReadOnlySpan<Value> arguments) => name switch
    {
        _ when elementwise.Contains(name) => Shape(arguments[0]),
        _ when broadcast.Contains(name) =>
            arguments[1].Kind != ValueKind.Tensor ? Shape(arguments[0]) : Broadcast(Shape(arguments[0]), Shape(arguments[1])),
        _ when resized.Contains(name) => [.. Shape(arguments[0])[..^2], .. arguments[1].AsInts()],
        "aten::conv2d" => Convolved(Shape(arguments[0]), Shape(arguments[1]), arguments[3], arguments[4], arguments[5]),
        "hwaso::deform_conv2d" => Convolved(Shape(arguments[0]), Shape(arguments[2]), arguments[4], arguments[5], arguments[6]),
        "aten::conv_transpose2d.input" => Transposed(arguments),
        "aten::max_pool2d" when !arguments[5].AsBool() =>
            Pooled(Shape(arguments[0]), arguments[1].AsInts(), arguments[2], arguments[3], arguments[4]),
        "aten::avg_pool2d" when !arguments[4].AsBool() =>
            Pooled(Shape(arguments[0]), arguments[1].AsInts(), arguments[2], arguments[3], Value.Default),
        "hwaso::roi_align" => [Shape(arguments[1])[0], Shape(arguments[0])[1], arguments[3].AsInt(), arguments[4].AsInt()],
        "hwaso::roi_align_pyramid" =>
            [Shape(arguments[1])[0], arguments[0].AsTensors()[0].Shape[1], arguments[3].AsInt(), arguments[3].AsInt()],
        "hwaso::box_proposals" => [arguments[0].AsTensors()[0].Shape[0] * arguments[4].AsInt(), 5],
        "hwaso::box_rois" => [Shape(arguments[0])[0] * Shape(arguments[0])[1], 5],
        "hwaso::box_detections" => [arguments[3].AsInt(), arguments[6].AsInt(), 6],
        "aten::flatten.using_ints" when arguments[1].Kind == ValueKind.Int && arguments[2] is { Kind: ValueKind.Int } end
            && end.AsInt() == -1 => Flattened(Shape(arguments[0]), (int)arguments[1].AsInt()),
        "aten::linear" => [.. Shape(arguments[0])[..^1], Shape(arguments[1])[0]],
        "aten::matmul" or "aten::bmm" => Product(Shape(arguments[0]), Shape(arguments[1])),
        "aten::mean.dim" or "aten::sum.dim_IntList" when arguments[1].Kind == ValueKind.IntList =>
            Reduced(Shape(arguments[0]), arguments[1].AsInts(), arguments[2].Kind == ValueKind.Bool && arguments[2].AsBool()),
        "aten::cat" => Joined([.. arguments[0].AsTensors().Select(t => t.Shape)], (int)arguments[1].AsInt()),
        _ => null,
    };

    static long[] Shape(in Value tensor) => tensor.AsTensor().Shape;

    static long Of(in Value list, int axis, long otherwise) =>
        list.Kind != ValueKind.IntList || list.AsInts() is not { Length: > 0 } ints ? otherwise : ints[ints.Length == 1 ? 0 : axis];

    static long[]? Flattened(long[] shape, int from) =>
        from < 0 || from >= shape.Length ? null : [.. shape[..from], shape[from..].Aggregate(1L, (a, b) => a * b)];

    static long[]? Convolved(long[] input, long[] weight, in Value stride, in Value padding, in Value dilation)
    {
        if (input.Length != 4 || weight.Length != 4)
            return null;
        var result = new[] { input[0], weight[0], 0, 0 };
        for (var axis = 0; axis < 2; axis++)
            result[axis + 2] = Window(input[axis + 2], weight[axis + 2], Of(stride, axis, 1), Of(padding, axis, 0), Of(dilation, axis, 1));
        return result;
    }

    static long[]? Pooled(long[] input, long[] kernel, in Value stride, in Value padding, in Value dilation)
    {
        if (input.Length != 4)
            return null;
        var result = (long[])input.Clone();
        for (var axis = 0; axis < 2; axis++)
        {
            var side = kernel[kernel.Length == 1 ? 0 : axis];
            result[axis + 2] = Window(input[axis + 2], side, Of(stride, axis, side), Of(padding, axis, 0), Of(dilation, axis, 1));
        }
        return result;
    }

    static long Window(long side, long kernel, long stride, long padding, long dilation) =>
        side + 2 * padding - dilation * (kernel - 1) - 1 is >= 0 and var rest ? rest / stride + 1 : 0;

    static long[]? Transposed(ReadOnlySpan<Value> arguments)
    {
        var (input, weight, groups) =
            (Shape(arguments[0]), Shape(arguments[1]), arguments[6].Kind == ValueKind.Int ? arguments[6].AsInt() : 1);
        if (input.Length != 4)
            return null;
        var result = new[] { input[0], weight[1] * groups, 0, 0 };
        for (var axis = 0; axis < 2; axis++)
            result[axis + 2] = (input[axis + 2] - 1) * Of(arguments[3], axis, 1) - 2 * Of(arguments[4], axis, 0)
                + Of(arguments[7], axis, 1) * (weight[axis + 2] - 1) + Of(arguments[5], axis, 0) + 1;
        return result;
    }

    static long[]? Product(long[] a, long[] b) =>
        a.Length < 2 || b.Length < 2 || a[^1] != b[^2] || Broadcast(a[..^2], b[..^2]) is not { } batch ? null : [.. batch, a[^2], b[^1]];

    static long[]? Broadcast(long[] a, long[] b)
    {
        var result = new long[Math.Max(a.Length, b.Length)];
        for (var k = 1; k <= result.Length; k++)
        {
            var (x, y) = (k <= a.Length ? a[^k] : 1, k <= b.Length ? b[^k] : 1);
            if (x != y && x != 1 && y != 1)
                return null;
            result[^k] = Math.Max(x, y);
        }
        return result;
    }

    static long[]? Reduced(long[] shape, long[] over, bool keep)
    {
        var axes = over.Select(d => d < 0 ? d + shape.Length : d).ToHashSet();
        return axes.Count == 0 ? null : [.. shape.Select((side, d) => axes.Contains(d) ? (keep ? 1 : -1L) : side).Where(side => side >= 0)];
    }

    static long[]? Joined(long[][] shapes, int along)
    {
        var axis = along < 0 ? along + shapes[0].Length : along;
        if (shapes.Any(s => s.Length != shapes[0].Length || s.Where((side, d) => d != axis && side != shapes[0][d]).Any()))
            return null;
        var result = (long[])shapes[0].Clone();
        result[axis] = shapes.Sum(s => s[axis]);
        return result;
    }
}
