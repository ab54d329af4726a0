namespace Hwaso.Runtime;

/// <summary>
/// Sessions that wait for the next image of their size. They are kept as long as all of them together need no more memory than one run may.
/// </summary>
sealed class IdleSessions(OnnxModel model)
{
    const int MostKept = 4;

    readonly Lock gate = new();
    // The most recently used at the end.
    readonly List<SegmentationSession> idle = [];

    /// <summary>Takes back a session, and forgets the oldest ones that are too many.</summary>
    public void Keep(SegmentationSession session)
    {
        lock (gate)
        {
            idle.Add(session);
            var bytes = 0L;
            for (var k = idle.Count - 1; k >= 0; k--)
                if ((bytes += idle[k].Bytes) > model.MostBytes || idle.Count - k > Math.Max(MostKept, model.Pool.Threads))
                {
                    idle.RemoveRange(0, Math.Min(k + 1, idle.Count - 1));
                    break;
                }
        }
    }

    /// <summary>A session for images of this size, for the caller alone; null if none waits.</summary>
    public SegmentationSession? Take(SegmentationSizes sizes)
    {
        lock (gate)
            for (var k = idle.Count - 1; k >= 0; k--)
                if (idle[k] is var session && session.Sizes == sizes)
                {
                    idle.RemoveAt(k);
                    return session;
                }
        return null;
    }

    /// <summary>Forgets all of them.</summary>
    public void Clear()
    {
        lock (gate)
            idle.Clear();
    }
}
