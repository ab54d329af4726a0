namespace Hwaso.Nn;

/// <summary>Maps [N, C, H, W], whose planes threads divide as convolutions do: image by image.</summary>
/// <remarks>A thread so reads what it wrote itself in the kernel before. What another core wrote lies in that core's caches.</remarks>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Pixels">H · W.</param>
readonly record struct NormShape(int Images, int Channels, int Pixels)
{
    // Numbers of a piece of work, about: taking one costs some hundreds of cycles.
    const int PieceNumbers = 1 << 13;

    /// <summary>N · H · W.</summary>
    public long Values => (long)Images * Pixels;

    /// <summary>Numbers before the plane of an image and a channel.</summary>
    public nint At(int image, int channel) => (nint)Plane(image, channel) * Pixels;

    /// <summary>The number of a plane.</summary>
    public int Plane(int image, int channel) => image * Channels + channel;

    /// <summary>Does something for each plane, in any order.</summary>
    public void EachPlane(int threads, Action<int, int> plane)
    {
        var shape = this;
        var some = Math.Clamp(PieceNumbers / Pixels, 1, Channels);
        var pieces = (Channels + some - 1) / some;
        Workers.Run(threads, Images * pieces, (_, piece) =>
        {
            var (image, part) = Math.DivRem(piece, pieces);
            for (var k = part * some; k < Math.Min(shape.Channels, (part + 1) * some); k++)
                plane(image, k);
        });
    }

    /// <summary>
    /// Does something for each plane, then something for each channel, and then something for each plane again. One thread does so channel
    /// by channel, whose planes stay in its cache.
    /// </summary>
    public void EachPlaneTwice(int threads, Action<int, int> first, Action<int> channel, Action<int, int> second)
    {
        if (threads > 1)
        {
            EachPlane(threads, first);
            for (var k = 0; k < Channels; k++)
                channel(k);
            EachPlane(threads, second);
            return;
        }
        for (var k = 0; k < Channels; k++)
        {
            for (var n = 0; n < Images; n++)
                first(n, k);
            channel(k);
            for (var n = 0; n < Images; n++)
                second(n, k);
        }
    }
}
