using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>
/// Answers operators by the shape of their result alone: a hollow tensor, in time and memory that do not depend on the shape, and without
/// libtorch.
/// </summary>
/// <remarks>
/// An operator without a rule here, or arguments that do not fit its rule, go to libtorch, with zeros in place of hollow tensors: a missing
/// rule costs time, never a wrong shape, and an error has libtorch's words.
/// </remarks>
sealed class ShapeRules : IStandIn
{
    static readonly HashSet<string> elementwise =
    [
        "aten::relu", "aten::sigmoid", "aten::tanh", "aten::gelu", "aten::silu", "aten::hardswish", "aten::leaky_relu",
        "aten::clamp", "aten::neg", "aten::abs", "aten::exp", "aten::log", "aten::sin", "aten::cos", "aten::sqrt", "aten::rsqrt",
        "aten::pow.Tensor_Scalar",
        "aten::add.Scalar", "aten::sub.Scalar", "aten::rsub.Scalar", "aten::mul.Scalar", "aten::div.Scalar", "aten::softmax.int",
        "aten::log_softmax.int", "aten::batch_norm", "aten::layer_norm", "aten::group_norm", "aten::dropout", "aten::contiguous",
        "aten::clone", "aten::detach", "aten::flip",
    ];

    static readonly HashSet<string> broadcast = ["aten::add.Tensor", "aten::sub.Tensor", "aten::mul.Tensor", "aten::div.Tensor"];

    static readonly HashSet<string> resized =
    [
        "aten::upsample_bilinear2d", "aten::upsample_nearest2d", "aten::upsample_bicubic2d", "aten::_upsample_bicubic2d_aa",
        "aten::adaptive_avg_pool2d",
    ];

    static readonly HashSet<string> reduced = ["aten::mean.dim", "aten::sum.dim_IntList", "aten::amax"];

    /// <inheritdoc/>
    public Value Answer(Operator operation, ReadOnlySpan<Value> arguments)
    {
        if (Made(operation.Name, arguments) is { } made)
            return made;
        Tensor? like = null;
        foreach (var argument in arguments)
            if (argument.Kind == ValueKind.Tensor && argument.AsTensor().IsHollow)
                like ??= argument.AsTensor();
            else if (argument.Kind == ValueKind.TensorList)
                like ??= Array.Find(argument.AsTensors(), t => t is { IsHollow: true });
        if (like is null)
            return Value.None;
        // Numbers written into a hollow tensor change nothing: only its shape is used.
        if (IsInPlace(operation.Name))
            return arguments[0].AsTensor().Share();
        if (operation.Name is "aten::chunk" or "aten::split.Tensor" && Pieces(operation.Name, arguments) is { } pieces)
            return pieces.Select(piece => Tensor.Hollow(piece, like.Type)).ToArray();
        var shape = ResultShape(operation.Name, arguments);
        return shape is not null && shape.All(side => side >= 0) ? Tensor.Hollow(shape, TypeOf(operation.Name, arguments, like.Type))
            // A signature of ours means that its body runs.
            : operation.Name.StartsWith("aten::", StringComparison.Ordinal) ? Computed(operation, arguments) : Value.None;
    }

    // ATen ends the names of operators that write into their first argument so.
    static bool IsInPlace(string name) => name.Split('.')[0].EndsWith('_');

    static ScalarType TypeOf(string name, ReadOnlySpan<Value> arguments, ScalarType otherwise) =>
        name == "aten::to.dtype_layout" && arguments[1].Kind == ValueKind.Int ? (ScalarType)arguments[1].AsInt() : otherwise;

    /// <summary>A new tensor on the processor; null for another operator, another device, or a type that is left to libtorch.</summary>
    static Tensor? Made(string name, ReadOnlySpan<Value> arguments)
    {
        // The element type, and two further on the device, follow what says how large it is.
        var typeAt = name switch
        {
            "aten::zeros" or "aten::ones" => 1,
            "aten::full" => 2,
            "aten::linspace" => 3,
            _ => -1,
        };
        if (typeAt < 0 || !IsHere(arguments[typeAt + 2]) || arguments[typeAt].Kind is not (ValueKind.Int or ValueKind.None))
            return null;
        long[] shape = name == "aten::linspace" ? [arguments[2].AsInt()] : arguments[0].AsInts();
        return Tensor.Hollow(shape, arguments[typeAt].Kind == ValueKind.Int ? (ScalarType)arguments[typeAt].AsInt() : ScalarType.Float32);
    }

    static bool IsHere(in Value device) => device.Kind == ValueKind.None || device.ToString() == Device.Cpu.ToString();

    /// <summary>What libtorch gives for zeros of those shapes.</summary>
    static Value Computed(Operator operation, ReadOnlySpan<Value> arguments)
    {
        using var scope = new Scope();
        var real = new Value[arguments.Length];
        for (var k = 0; k < real.Length; k++)
            real[k] = arguments[k].Kind switch
            {
                ValueKind.Tensor => Zeros(arguments[k].AsTensor()),
                ValueKind.TensorList => arguments[k].AsTensors().Select(t => t is null ? null : Zeros(t)).ToArray(),
                _ => arguments[k],
            };
        var result = Aten.Call(operation, real);
        return result.Kind switch
        {
            ValueKind.Tensor => scope.Keep(Like(result.AsTensor())),
            ValueKind.TensorList => scope.Keep(result.AsTensors().Select(Like).ToArray()),
            _ => result,
        };

        static Tensor Like(Tensor tensor) => Tensor.Hollow(tensor.Shape, tensor.Type);
    }

    // One zero, spread over the shape.
    static Tensor Zeros(Tensor tensor) =>
        tensor.IsHollow ? Aten.Expand(Tensor.Zeros([], tensor.Type, tensor.Device), tensor.Shape) : tensor;

    static long[]? ResultShape(string name, ReadOnlySpan<Value> arguments) => name switch
    {
        _ when elementwise.Contains(name) => Shape(arguments[0]),
        _ when broadcast.Contains(name) =>
            arguments[1].Kind != ValueKind.Tensor ? Shape(arguments[0]) : Shapes.Broadcast(Shape(arguments[0]), Shape(arguments[1])),
        _ when resized.Contains(name) => [.. Shape(arguments[0])[..^2], .. arguments[1].AsInts()],
        _ when reduced.Contains(name) && arguments[1].Kind == ValueKind.IntList =>
            Shapes.Reduced(Shape(arguments[0]), arguments[1].AsInts(), arguments[2].Kind == ValueKind.Bool && arguments[2].AsBool()),
        "aten::conv2d" => Convolved(Shape(arguments[0]), Shape(arguments[1]), arguments[3], arguments[4], arguments[5]),
        "hwaso::deform_conv2d" => Convolved(Shape(arguments[0]), Shape(arguments[2]), arguments[4], arguments[5], arguments[6]),
        "aten::conv_transpose2d.input" => Transposed(arguments),
        "aten::max_pool2d" =>
            Pooled(Shape(arguments[0]), arguments[1].AsInts(), arguments[2], arguments[3], arguments[4], arguments[5].AsBool()),
        "aten::avg_pool2d" =>
            Pooled(Shape(arguments[0]), arguments[1].AsInts(), arguments[2], arguments[3], Value.Default, arguments[4].AsBool()),
        "hwaso::roi_align" => [Shape(arguments[1])[0], Shape(arguments[0])[1], arguments[3].AsInt(), arguments[4].AsInt()],
        "hwaso::roi_align_pyramid" =>
            [Shape(arguments[1])[0], arguments[0].AsTensors()[0].Shape[1], arguments[3].AsInt(), arguments[3].AsInt()],
        "hwaso::box_proposals" => [arguments[0].AsTensors()[0].Shape[0] * arguments[4].AsInt(), 5],
        "hwaso::box_rois" => [Shape(arguments[0])[0] * Shape(arguments[0])[1], 5],
        "hwaso::box_detections" => [arguments[3].AsInt(), arguments[6].AsInt(), 6],
        "aten::linear" => [.. Shape(arguments[0])[..^1], Shape(arguments[1])[0]],
        "aten::matmul" or "aten::bmm" => Shapes.Product(Shape(arguments[0]), Shape(arguments[1])),
        "aten::cat" => Shapes.Joined([.. arguments[0].AsTensors().Select(t => t.Shape)], arguments[1].AsInt()),
        "aten::reshape" or "aten::view" => Shapes.Reshaped(Shape(arguments[0]), arguments[1].AsInts()),
        "aten::flatten.using_ints" => Shapes.Flattened(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt()),
        "aten::permute" => Shapes.Permuted(Shape(arguments[0]), arguments[1].AsInts()),
        "aten::transpose.int" => Shapes.Exchanged(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt()),
        "aten::unsqueeze" => Shapes.Unsqueezed(Shape(arguments[0]), arguments[1].AsInt()),
        "aten::squeeze.dim" => Shapes.Squeezed(Shape(arguments[0]), arguments[1].AsInt()),
        "aten::expand" => Shapes.Expanded(Shape(arguments[0]), arguments[1].AsInts()),
        "aten::select.int" => Shapes.Selected(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt()),
        "aten::index_select" => Shapes.Picked(Shape(arguments[0]), arguments[1].AsInt(), Shape(arguments[2])),
        "aten::grid_sampler" => [.. Shape(arguments[0])[..2], .. Shape(arguments[1])[1..3]],
        "aten::narrow" => Shapes.Narrowed(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt(), arguments[3].AsInt()),
        "aten::pad" => Shapes.Padded(Shape(arguments[0]), arguments[1].AsInts()),
        "aten::to.dtype_layout" when IsHere(arguments[3]) => Shape(arguments[0]),
        _ => null,
    };

    static long[][]? Pieces(string name, ReadOnlySpan<Value> arguments) => name == "aten::chunk"
        ? Shapes.Chunks(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt())
        : Shapes.Split(Shape(arguments[0]), arguments[1].AsInt(), arguments[2].AsInt());

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
            result[axis + 2] = Shapes.Window(
                input[axis + 2], weight[axis + 2], Of(stride, axis, 1), Of(padding, axis, 0), Of(dilation, axis, 1));
        return result;
    }

    static long[]? Pooled(long[] input, long[] kernel, in Value stride, in Value padding, in Value dilation, bool ceil)
    {
        if (input.Length != 4)
            return null;
        var result = (long[])input.Clone();
        for (var axis = 0; axis < 2; axis++)
        {
            var side = kernel[kernel.Length == 1 ? 0 : axis];
            result[axis + 2] = Shapes.Window(
                input[axis + 2], side, Of(stride, axis, side), Of(padding, axis, 0), Of(dilation, axis, 1), ceil);
        }
        return result;
    }

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
}
