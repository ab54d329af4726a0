namespace Hwaso.Runtime.Core;

/// <summary>
/// The memory of a model's weights: mapped in large parts, given out piece by piece, and returned to the system as a whole when the model
/// is disposed. Pieces that malloc gave would touch more pages, and stay in its heap.
/// </summary>
sealed unsafe class WeightMemory
{
    // Pages of a part that nothing was written to take no memory.
    const long PartBytes = 16 << 20;

    // What a large model gives while it is loaded makes the collector look for the garbage of loading.
    const long MostUntold = 32 << 20;

    readonly Lock gate = new();
    readonly List<(nint Address, long Bytes)> parts = [];
    byte* next;
    long left, taken, told;

    ~WeightMemory() => Free();

    /// <summary>Whether the pieces are gone.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>Gives a piece of zeros that begins with a cache line.</summary>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="OutOfMemoryException">The system has no more memory.</exception>
    /// <exception cref="InvalidOperationException">The weights were released.</exception>
    public byte* Take(long bytes)
    {
        bytes = PinnedMemory.Whole(bytes);
        lock (gate)
        {
            if (IsReleased)
                throw new InvalidOperationException("weights released but still needed");
            taken += bytes;
            if (taken - told >= MostUntold)
                Tell();
            if (bytes > PartBytes / 2)
                return Map(bytes);
            if (bytes > left)
            {
                next = Map(PartBytes);
                left = PartBytes;
            }
            var piece = next;
            next += bytes;
            left -= bytes;
            return piece;
        }
    }

    /// <summary>
    /// Tells the garbage collector how much memory was given; else many models that nobody disposes could wait for their finalizers. Not
    /// at each piece: the collector may collect at each call.
    /// </summary>
    public void Tell()
    {
        lock (gate)
        {
            if (taken > told)
                GC.AddMemoryPressure(taken - told);
            told = taken;
        }
    }

    /// <summary>Returns all pieces to the system. Nothing may read them any more.</summary>
    public void Release()
    {
        lock (gate)
        {
            IsReleased = true;
            Free();
        }
    }

    byte* Map(long bytes)
    {
        var address = LargePages.Map(bytes);
        parts.Add(((nint)address, bytes));
        return address;
    }

    void Free()
    {
        foreach (var (address, bytes) in parts)
            LargePages.Unmap((byte*)address, bytes);
        parts.Clear();
        if (told > 0)
            GC.RemoveMemoryPressure(told);
        next = null;
        (left, taken, told) = (0, 0, 0);
    }
}
