using System.Runtime.Intrinsics;
using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>
/// Sums of products of two tensors over one dimension: for each row of the output, whose numbers lie side by side.
/// </summary>
/// <param name="strides">The output's sizes, and the steps in both tensors and in the output.</param>
/// <param name="depth">How many products a sum has.</param>
/// <param name="aStep">Numbers of the first tensor from one product to the next.</param>
/// <param name="bStep">Numbers of the second tensor from one product to the next.</param>
/// <param name="a">The first tensor.</param>
/// <param name="b">The second tensor.</param>
/// <param name="output">The sums.</param>
sealed unsafe class EinsumKernel(Strides strides, int depth, int aStep, int bStep, float* a, float* b, float* output) : RowsKernel(strides)
{
    protected override void Row(long row, int start, int count)
    {
        var x = a + Offset(0, row, start);
        var y = b + Offset(1, row, start);
        var to = output + Offset(2, row, start);
        for (var k = 0; k < count; k++, x += Step(0), y += Step(1), to += Step(2))
            *to = aStep == 1 && bStep == 1 ? Dense(x, y) : Apart(x, y);
    }

    float Dense(float* x, float* y)
    {
        // The same order of sums on every processor.
        var sums = Vector256<float>.Zero;
        var k = 0;
        for (; k + Vector256<float>.Count <= depth; k += Vector256<float>.Count)
            sums += Vector256.Load(x + k) * Vector256.Load(y + k);
        var sum = Vector256.Sum(sums);
        for (; k < depth; k++)
            sum += x[k] * y[k];
        return sum;
    }

    float Apart(float* x, float* y)
    {
        var sum = 0f;
        for (var k = 0; k < depth; k++, x += aStep, y += bStep)
            sum += *x * *y;
        return sum;
    }
}
