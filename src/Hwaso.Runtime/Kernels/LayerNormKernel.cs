namespace Hwaso.Runtime.Kernels;

/// <summary>Normalises rows to mean 0 and variance 1, then scales and shifts them. Ba et al., "Layer normalization", 2016.</summary>
/// <param name="rows">The number of rows.</param>
/// <param name="length">Numbers of a row.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="input">The rows.</param>
/// <param name="scale">A factor for each number of a row.</param>
/// <param name="shift">A summand for each; null for none.</param>
/// <param name="output">The result.</param>
sealed unsafe class LayerNormKernel<TLanes, TVector>(
    int rows, int length, float epsilon, float* input, float* scale, float* shift, float* output) : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Numbers that are added in single precision before double precision takes their sum.
    const int Piece = 1024;

    int RowsOfItem => Math.Max(1, 16384 / Math.Max(1, length));

    public override int Items => (rows + RowsOfItem - 1) / RowsOfItem;

    public override long ScratchBytes => 0;

    public override void Run(int item, byte* scratch)
    {
        for (var row = item * RowsOfItem; row < Math.Min(rows, (item + 1) * RowsOfItem); row++)
        {
            var from = input + ((long)row * length);
            var to = output + ((long)row * length);
            var mean = (float)(Sum(from) / length);
            var inverse = (float)(1 / Math.Sqrt((Squares(from, mean) / length) + epsilon));
            var x = 0;
            for (; x + TLanes.Count <= length; x += TLanes.Count)
            {
                var normal = TLanes.Multiply(TLanes.Subtract(TLanes.Load(from + x), TLanes.All(mean)), TLanes.All(inverse));
                TLanes.Store(TLanes.MultiplyAdd(normal, TLanes.Load(scale + x), shift == null ? TLanes.All(0) : TLanes.Load(shift + x)),
                    to + x);
            }
            for (; x < length; x++)
                to[x] = ((from[x] - mean) * inverse * scale[x]) + (shift == null ? 0 : shift[x]);
        }
    }

    double Sum(float* from)
    {
        double sum = 0;
        var x = 0;
        while (x + TLanes.Count <= length)
        {
            var part = TLanes.All(0);
            for (var end = Math.Min(length, x + Piece); x + TLanes.Count <= end; x += TLanes.Count)
                part = TLanes.Add(part, TLanes.Load(from + x));
            sum += TLanes.Sum(part);
        }
        for (; x < length; x++)
            sum += from[x];
        return sum;
    }

    double Squares(float* from, float mean)
    {
        double sum = 0;
        var x = 0;
        while (x + TLanes.Count <= length)
        {
            var part = TLanes.All(0);
            for (var end = Math.Min(length, x + Piece); x + TLanes.Count <= end; x += TLanes.Count)
            {
                var distance = TLanes.Subtract(TLanes.Load(from + x), TLanes.All(mean));
                part = TLanes.MultiplyAdd(distance, distance, part);
            }
            sum += TLanes.Sum(part);
        }
        for (; x < length; x++)
            sum += (from[x] - mean) * (double)(from[x] - mean);
        return sum;
    }
}
