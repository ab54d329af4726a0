namespace Hwaso.Imaging;

static class PixelBuffer
{
    /// <summary>The buffer if it holds exactly width × height × channels values, a new one if it is null.</summary>
    public static T[] Check<T>(T[]? buffer, int width, int height, int channels)
    {
        var wanted = Length(width, height, channels);
        if (buffer is not null && buffer.Length != wanted)
            throw new ArgumentException($"a buffer of {buffer.Length} values for {width}×{height}×{channels}: {wanted} were wanted",
                nameof(buffer));
        return buffer ?? new T[wanted];
    }

    /// <summary>An uncleared buffer, for callers that write every value: clearing would cost a good part of the time of filling.</summary>
    public static T[] Uncleared<T>(int width, int height, int channels) where T : unmanaged =>
        GC.AllocateUninitializedArray<T>(Length(width, height, channels));

    static int Length(int width, int height, int channels)
    {
        if (width < 1 || height < 1)
            throw new ArgumentException($"an image of {width}×{height} pixels: both sides must be at least 1");
        var wanted = checked((long)width * height * channels);
        if (wanted > Array.MaxLength)
            throw new ArgumentException($"an image of {width}×{height} pixels is larger than an array can hold; split it into tiles");
        return (int)wanted;
    }
}
