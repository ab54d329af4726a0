using System.Buffers;

namespace Hwaso.Data.Loading;

/// <summary>Images and labels of one step, in buffers that go back to a pool when it is disposed.</summary>
public sealed class Batch : IBatch
{
    readonly float[] images;
    readonly byte[] labels;
    readonly float[]? depth;
    bool returned;

    internal Batch(int count, int height, int width, bool withDepth = false)
    {
        (Count, Height, Width) = (count, height, width);
        images = ArrayPool<float>.Shared.Rent(count * 3 * height * width);
        labels = ArrayPool<byte>.Shared.Rent(count * height * width);
        depth = withDepth ? ArrayPool<float>.Shared.Rent(count * height * width) : null;
        Ids = new string[count];
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>H in pixels.</summary>
    public int Height { get; }

    /// <summary>W in pixels.</summary>
    public int Width { get; }

    /// <summary>The images' names.</summary>
    public string[] Ids { get; }

    /// <summary>N × 3 × H × W normalised values.</summary>
    public Span<float> Images => images.AsSpan(0, Count * 3 * Height * Width);

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

    internal Span<float> Image(int slot) => Images.Slice(slot * 3 * Height * Width, 3 * Height * Width);

    internal Span<float> DepthOf(int slot) => depth is null ? [] : Depth.Slice(slot * Height * Width, Height * Width);

    internal Span<byte> Label(int slot) => Labels.Slice(slot * Height * Width, Height * Width);
}
