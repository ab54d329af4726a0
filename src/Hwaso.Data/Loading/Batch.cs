using System.Buffers;

namespace Hwaso.Data.Loading;

/// <summary>Images and labels of one step, in buffers that go back to a pool when it is disposed.</summary>
public sealed class Batch : IBatch
{
    readonly float[] images;
    readonly byte[] labels;
    readonly float[]? depth;
    bool returned;

    internal Batch(int count, int channels, int height, int width, bool withDepth = false)
    {
        (Count, Channels, Height, Width) = (count, channels, height, width);
        images = ArrayPool<float>.Shared.Rent(count * channels * height * width);
        labels = ArrayPool<byte>.Shared.Rent(count * height * width);
        depth = withDepth ? ArrayPool<float>.Shared.Rent(count * height * width) : null;
        Ids = new string[count];
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>The images' names.</summary>
    public string[] Ids { get; }

    /// <summary>N × C × H × W normalised values.</summary>
    public Span<float> Images => images.AsSpan(0, Count * Channels * Height * Width);

    /// <summary>N × H × W training indices; 255 is ignored.</summary>
    public Span<byte> Labels => labels.AsSpan(0, Count * Height * Width);

    /// <summary>N × H × W values of depth, NaN where there is none; empty where none was asked for.</summary>
    public Span<float> Depth => depth.AsSpan(0, depth is null ? 0 : Count * Height * Width);

    /// <summary>Whether the batch holds depth.</summary>
    public bool HasDepth => depth is not null;

    /// <summary>Gives the buffers back; they must not be read any more.</summary>
    public void Dispose()
    {
        if (returned)
            return;
        returned = true;
        ArrayPool<float>.Shared.Return(images);
        ArrayPool<byte>.Shared.Return(labels);
        if (depth is not null)
            ArrayPool<float>.Shared.Return(depth);
    }

    internal Span<float> Image(int slot) => Images.Slice(slot * Channels * Height * Width, Channels * Height * Width);

    internal Span<float> DepthOf(int slot) => depth is null ? [] : Depth.Slice(slot * Height * Width, Height * Width);

    internal Span<byte> Label(int slot) => Labels.Slice(slot * Height * Width, Height * Width);
}
