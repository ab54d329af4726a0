namespace Hwaso.Runtime.Kernels;

/// <summary>Normalises rows to mean 0 and variance 1, then scales and shifts them. Ba et al., "Layer normalization", 2016.</summary>
sealed unsafe class LayerNormKernel(int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output) : Kernel
{
    int RowsOfItem => Math.Max(1, 16384 / Math.Max(1, length));

    public override int Items => (rows + RowsOfItem - 1) / RowsOfItem;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var row = item * RowsOfItem; row < Math.Min(rows, (item + 1) * RowsOfItem); row++)
        {
            var from = input + ((long)row * length);
            var to = output + ((long)row * length);
            double sum = 0, squares = 0;
            for (var k = 0; k < length; k++)
                sum += from[k];
            var mean = sum / length;
            for (var k = 0; k < length; k++)
                squares += (from[k] - mean) * (from[k] - mean);
            var inverse = (float)(1 / Math.Sqrt((squares / length) + epsilon));
            for (var k = 0; k < length; k++)
                to[k] = ((from[k] - (float)mean) * inverse * scale[k]) + (shift == null ? 0 : shift[k]);
        }
    }
}
