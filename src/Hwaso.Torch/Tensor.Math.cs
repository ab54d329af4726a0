namespace Hwaso.Torch;

/// <summary>The operators that models use most, as methods, so that data flows left to right.</summary>
public sealed partial class Tensor
{
    /// <summary>Element by element, with broadcasting.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Aten.Add(a, b);

    /// <summary>Adds a number to every element.</summary>
    public static Tensor operator +(Tensor a, double b) => Aten.Add(a, b);

    /// <summary>Element by element, with broadcasting.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Aten.Sub(a, b);

    /// <summary>Subtracts a number from every element.</summary>
    public static Tensor operator -(Tensor a, double b) => Aten.Sub(a, b);

    /// <summary>Changes every sign.</summary>
    public static Tensor operator -(Tensor a) => Aten.Neg(a);

    /// <summary>Element by element, with broadcasting.</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Aten.Mul(a, b);

    /// <summary>Multiplies every element by a number.</summary>
    public static Tensor operator *(Tensor a, double b) => Aten.Mul(a, b);

    /// <summary>Element by element, with broadcasting.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Aten.Div(a, b);

    /// <summary>Divides every element by a number.</summary>
    public static Tensor operator /(Tensor a, double b) => Aten.Div(a, b);

    /// <summary>max(x, 0).</summary>
    public Tensor Relu() => Aten.Relu(this);

    /// <summary>1 / (1 + exp(−x)).</summary>
    public Tensor Sigmoid() => Aten.Sigmoid(this);

    /// <summary>exp(x) over its sum along a dimension.</summary>
    public Tensor Softmax(int dimension) => Aten.Softmax(this, dimension);

    /// <summary>The logarithm of <see cref="Softmax"/>, computed without overflow.</summary>
    public Tensor LogSoftmax(int dimension) => Aten.LogSoftmax(this, dimension);

    /// <summary>The sum of all elements.</summary>
    public Tensor Sum() => Aten.Sum(this);

    /// <summary>The sum along dimensions.</summary>
    public Tensor Sum(long[] dimensions, bool keep = false) => Aten.Sum(this, dimensions, keep);

    /// <summary>The mean of all elements.</summary>
    public Tensor Mean() => Aten.Mean(this);

    /// <summary>The mean along dimensions.</summary>
    public Tensor Mean(long[] dimensions, bool keep = false) => Aten.Mean(this, dimensions, keep);

    /// <summary>The same elements under another shape; one -1 is worked out.</summary>
    public Tensor Reshape(params long[] shape) => Aten.Reshape(this, shape);

    /// <summary>The dimensions in another order.</summary>
    public Tensor Permute(params long[] order) => Aten.Permute(this, order);

    /// <summary>Two dimensions exchanged.</summary>
    public Tensor Transpose(int a, int b) => Aten.Transpose(this, a, b);

    /// <summary>Dimensions from <paramref name="start"/> to <paramref name="end"/> as one.</summary>
    public Tensor Flatten(int start = 0, int end = -1) => Aten.Flatten(this, start, end);

    /// <summary>A new dimension of size 1.</summary>
    public Tensor Unsqueeze(int dimension) => Aten.Unsqueeze(this, dimension);

    /// <summary>Removes a dimension of size 1.</summary>
    public Tensor Squeeze(int dimension) => Aten.Squeeze(this, dimension);

    /// <summary>The matrix product, batched over leading dimensions.</summary>
    public Tensor MatMul(Tensor other) => Aten.Matmul(this, other);

    /// <summary>A piece along one dimension, without copying.</summary>
    public Tensor Narrow(int dimension, long start, long length) => Aten.Narrow(this, dimension, start, length);

    /// <summary>The index of the largest element along a dimension.</summary>
    public Tensor ArgMax(int dimension) => Aten.Argmax(this, dimension);

    /// <summary>The same numbers, out of autograd's sight.</summary>
    public Tensor Detach() => Aten.Detach(this);

    /// <summary>A copy.</summary>
    public Tensor Clone() => Aten.Clone(this);

    /// <summary>The tensor itself if its memory has that format, else a copy that does.</summary>
    public Tensor Contiguous(MemoryFormat format = MemoryFormat.Contiguous) => Aten.Contiguous(this, format);

    /// <summary>The tensor itself if it is of that type, else a converted copy.</summary>
    public Tensor To(ScalarType type) => Aten.To(this, type);

    /// <summary>The tensor itself if it is on that device, else a copy there.</summary>
    public Tensor To(Device device) => Aten.To(this, device: device);

    /// <summary>
    /// [N, C, H, W] at a height and width, each pixel that of the original whose area it falls in (PyTorch's <c>nearest</c>).
    /// </summary>
    public Tensor ResizeNearest(long height, long width) => Aten.UpsampleNearest2d(this, [height, width]);

    /// <summary>Concatenation along a dimension.</summary>
    public static Tensor Concat(IEnumerable<Tensor> tensors, int dimension) => Aten.Cat(tensors.ToArray(), dimension);
}
