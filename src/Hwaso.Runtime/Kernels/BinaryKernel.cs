using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>Functions of two numbers, by ONNX's names.</summary>
enum BinaryKind
{
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,
}

/// <summary>A function of two tensors, element by element; the smaller tensor is broadcast.</summary>
sealed unsafe class BinaryKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    const int Piece = 16384;

    readonly BinaryKind kind;
    readonly Strides strides;
    readonly float* a, b, addend, output;
    readonly Unary function;
    readonly long rows;
    readonly int length, aStep, bStep, rowsOfItem, partsOfRow, part;

    /// <param name="kind">The function.</param>
    /// <param name="strides">Sizes, and the steps in both tensors and in the output, which is dense.</param>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <param name="addend">A tensor of the output's shape, added to the result; or null.</param>
    /// <param name="function">The function applied last.</param>
    /// <param name="output">The result; may be an input of the same shape.</param>
    public BinaryKernel(BinaryKind kind, Strides strides, float* a, float* b, float* addend, Unary function, float* output)
    {
        this.kind = kind;
        this.strides = strides;
        this.a = a;
        this.b = b;
        this.addend = addend;
        this.function = function;
        this.output = output;
        rows = strides.Rows;
        length = strides.Sizes[^1];
        (aStep, bStep) = (strides.Steps[0][^1], strides.Steps[1][^1]);
        rowsOfItem = Math.Max(1, Piece / Math.Max(1, length));
        part = Math.Min(Math.Max(1, length), Piece);
        partsOfRow = rowsOfItem > 1 ? 1 : (length + part - 1) / part;
        Items = (int)((rows + rowsOfItem - 1) / rowsOfItem) * partsOfRow;
    }

    public override int Items { get; }

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        var firstRow = (long)(item / partsOfRow) * rowsOfItem;
        var start = item % partsOfRow * part;
        var count = Math.Min(partsOfRow == 1 ? length : part, length - start);
        for (var row = firstRow; row < Math.Min(rows, firstRow + rowsOfItem); row++)
        {
            var x = a + strides.Offset(0, row) + ((long)start * aStep);
            var y = b + strides.Offset(1, row) + ((long)start * bStep);
            var at = (row * length) + start;
            Row(x, y, addend == null ? null : addend + at, output + at, count);
        }
    }

    void Row(float* x, float* y, float* added, float* to, int count)
    {
        var k = 0;
        if (kind != BinaryKind.Pow && aStep is 0 or 1 && bStep is 0 or 1)
            for (; k < count; k += TLanes.Count)
            {
                if (count - k < TLanes.Count)
                    break;
                var p = aStep == 1 ? TLanes.Load(x + k) : TLanes.All(*x);
                var q = bStep == 1 ? TLanes.Load(y + k) : TLanes.All(*y);
                Finish<TLanes, TVector>.Store(Vector(p, q), TLanes.All(0), added == null ? null : added + k, function, to + k,
                    TLanes.Count);
            }
        for (; k < count; k++)
        {
            var value = Number(x[(long)k * aStep], y[(long)k * bStep]) + (added == null ? 0 : added[k]);
            to[k] = UnaryMath<Lanes1, float>.Apply(value, function);
        }
    }

    TVector Vector(TVector p, TVector q) => kind switch
    {
        BinaryKind.Add => TLanes.Add(p, q),
        BinaryKind.Sub => TLanes.Subtract(p, q),
        BinaryKind.Mul => TLanes.Multiply(p, q),
        BinaryKind.Div => TLanes.Divide(p, q),
        BinaryKind.Min => TLanes.Min(p, q),
        _ => TLanes.Max(p, q),
    };

    float Number(float p, float q) => kind switch
    {
        BinaryKind.Add => p + q,
        BinaryKind.Sub => p - q,
        BinaryKind.Mul => p * q,
        BinaryKind.Div => p / q,
        BinaryKind.Min => MathF.Min(p, q),
        BinaryKind.Max => MathF.Max(p, q),
        _ => MathF.Pow(p, q),
    };
}
