using Hwaso.Runtime.Core;

namespace Hwaso.Runtime.Kernels;

/// <summary>The sizes of softmax(Q · K · scale) · V, for each of a batch.</summary>
/// <param name="Scores">The product of queries and keys.</param>
/// <param name="Values">The product of the softmax and the values.</param>
readonly record struct AttentionShape(MatMulShape Scores, MatMulShape Values)
{
    const int MostPanelBytes = 2 << 20;

    /// <summary>Whether keys and values are few enough to be laid out by every item, so that the matrix of scores need not exist.</summary>
    public bool Fits => Scores.Batch == Values.Batch && Scores.M == Values.M && Scores.N == Values.K
        && Values.LeftStep > 0 == Scores.Batch > 1
        && !Scores.LeftTransposed && !Values.LeftTransposed && Values.Scale == 1
        && Scores.N * ((long)Scores.K + Values.N) * sizeof(float) <= MostPanelBytes;
}

/// <summary>Attention without its matrix of scores: some rows of queries at a time.</summary>
sealed unsafe class AttentionKernel<TLanes, TVector> : Kernel
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    // Scores that an item keeps, and rows of an item, at most.
    const int ScoreBytes = 256 << 10, MostRows = 510;

    const int TileRows = ConvTile<TLanes, TVector>.Channels, Pair = 2;

    readonly AttentionShape shape;
    readonly float* queries, keys, values, output;
    readonly int rowsOfItem, itemsOfMatrix, pitch;

    /// <param name="shape">The sizes.</param>
    /// <param name="queries">Q, [batch, M, D].</param>
    /// <param name="keys">K, [batch, D, T], or transposed.</param>
    /// <param name="values">V, [batch, T, N], or transposed.</param>
    /// <param name="output">The result, [batch, M, N].</param>
    /// <param name="threads">The number of threads that share the work.</param>
    public AttentionKernel(in AttentionShape shape, float* queries, float* keys, float* values, float* output, int threads)
    {
        this.shape = shape;
        this.queries = queries;
        this.keys = keys;
        this.values = values;
        this.output = output;
        var (rows, width) = (Math.Max(1, shape.Scores.M), Pair * TLanes.Count);
        pitch = Parts(shape.Scores.N, width) * width;
        var most = Math.Clamp(ScoreBytes / sizeof(float) / Math.Max(pitch, 1), TileRows, MostRows);
        // Items enough for all threads.
        var share = threads == 1 ? 1 : Parts(4 * threads, Math.Max(1, shape.Scores.Batch));
        rowsOfItem = Math.Min(Parts(Parts(rows, share), TileRows), most / TileRows) * TileRows;
        itemsOfMatrix = Parts(shape.Scores.M, rowsOfItem);
        Items = shape.Scores.Batch * itemsOfMatrix;
    }

    public override int Items { get; }

    public override long ScratchBytes => KeyBytes + ValueBytes + ((long)rowsOfItem * pitch * sizeof(float)) + PinnedMemory.Alignment;

    long KeyBytes => PinnedMemory.Whole((long)pitch * shape.Scores.K * sizeof(float));

    long ValueBytes => PinnedMemory.Whole((long)Parts(shape.Values.N, Pair * TLanes.Count) * shape.Values.K * Pair * sizeof(TVector));

    public override void Run(int item, byte* scratch)
    {
        var (batch, firstRow) = (item / itemsOfMatrix, item % itemsOfMatrix * rowsOfItem);
        var (first, second) = (shape.Scores, shape.Values);
        var rows = Math.Min(rowsOfItem, first.M - firstRow);
        var keyPanels = (float*)scratch;
        var valuePanels = (float*)(scratch + KeyBytes);
        var scores = (float*)(scratch + KeyBytes + ValueBytes);
        const int pair = Pair;
        var width = pair * TLanes.Count;
        MatMulPanels.Lay(keys + (batch * first.RightStep), first.K, first.N, first.RightTransposed, 0, first.N, width, keyPanels);
        MatMulPanels.Lay(values + (batch * second.RightStep), second.K, second.N, second.RightTransposed, 0, second.N, width, valuePanels);
        var q = queries + (batch * first.LeftStep) + (firstRow * (long)first.K);
        var sums = stackalloc TVector[ConvTile<TLanes, TVector>.Sums];
        var scale = TLanes.All(first.Scale);
        for (var n = 0; n < first.N; n += width)
            for (var m = 0; m < rows; m += TileRows)
            {
                var height = Math.Min(TileRows, rows - m);
                ConvTile<TLanes, TVector>.AddRows(q + (m * (long)first.K), first.K, height, keyPanels + ((long)n * first.K), first.K, sums);
                for (var r = 0; r < height; r++)
                {
                    var to = scores + ((long)(m + r) * pitch) + n;
                    TLanes.Store(TLanes.Multiply(sums[2 * r], scale), to);
                    TLanes.Store(TLanes.Multiply(sums[(2 * r) + 1], scale), to + TLanes.Count);
                }
            }
        for (var m = 0; m < rows; m++)
            SoftmaxRow<TLanes, TVector>.Apply(scores + ((long)m * pitch), scores + ((long)m * pitch), first.N, logarithm: false);
        for (var n = 0; n < second.N; n += width)
            for (var m = 0; m < rows; m += TileRows)
            {
                var height = Math.Min(TileRows, rows - m);
                ConvTile<TLanes, TVector>.AddRows(scores + ((long)m * pitch), pitch, height, valuePanels + ((long)n * second.K), second.K,
                    sums);
                for (var r = 0; r < height; r++)
                    for (var half = 0; half < pair; half++)
                        if (second.N - n - (half * TLanes.Count) is > 0 and var left)
                            Finish<TLanes, TVector>.Store(sums[(2 * r) + half], TLanes.All(0), null, default,
                                output + (((batch * (long)first.M) + firstRow + m + r) * second.N) + n + (half * TLanes.Count), left);
            }
    }

    static int Parts(int whole, int part) => (whole + part - 1) / part;
}
