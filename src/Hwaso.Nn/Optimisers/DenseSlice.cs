namespace Hwaso.Nn;

/// <summary>A stretch of one parameter in memory with its gradient and what the optimiser remembers of it; absent ones are null.</summary>
unsafe struct DenseSlice
{
    public float* Parameter, Gradient, First, Second;
    public long Length;

    /// <summary>The place of its tensor in the list that was added.</summary>
    public int Index;

    /// <summary>A part of it.</summary>
    public readonly DenseSlice Part(long start, long length) => new()
    {
        Parameter = Parameter + start,
        Gradient = Gradient + start,
        First = First == null ? null : First + start,
        Second = Second == null ? null : Second + start,
        Length = length,
        Index = Index,
    };
}
