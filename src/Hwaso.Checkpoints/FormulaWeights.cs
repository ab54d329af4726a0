using System.Runtime.InteropServices;
using System.Text;

namespace Hwaso.Checkpoints;

/// <summary>Weights that follow from their state-dict key alone: full-size networks are compared without a weight file.</summary>
public static class FormulaWeights
{
    /// <summary>One key's tensor: pseudo-random by key and flat index, in the range that the key's ending and the rank ask for.</summary>
    /// <param name="key">State-dict key, or <c>input</c> for the network's input.</param>
    /// <param name="shape">Sizes, outermost first; none for a scalar.</param>
    /// <returns>Int64 zeros for <c>num_batches_tracked</c>, otherwise single precision.</returns>
    /// <exception cref="ArgumentException">A size is negative, or the tensor would pass 2 GiB.</exception>
    public static HostTensor Fill(string key, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(shape);
        var counter = key.EndsWith("num_batches_tracked", StringComparison.Ordinal);
        var type = counter ? ElementType.Int64 : ElementType.Float32;
        if (HostTensor.ByteCount(type, shape) is not { } bytes || bytes > Array.MaxLength)
            throw new ArgumentException($"{key}: [{string.Join(", ", shape)}] is not a shape of at most 2 GiB", nameof(shape));

        var data = new byte[bytes];
        if (!counter)
            FillFloats(key, shape, MemoryMarshal.Cast<byte, float>(data.AsSpan()));
        return new HostTensor(type, shape, data);
    }

    static void FillFloats(string key, long[] shape, Span<float> values)
    {
        var seed = Crc32.Of(Encoding.UTF8.GetBytes(key));
        if (HalfWidth(key, shape) is { } halfWidth)
        {
            for (var j = 0; j < values.Length; j++)
                values[j] = (float)(((2 * Uniform(seed, j)) - 1) * halfWidth);
        }
        else
        {
            for (var j = 0; j < values.Length; j++)
                values[j] = (float)(0.5 + Uniform(seed, j));
        }
    }

    /// <summary>Half the width of the range around zero, or null for the range 0.5 to 1.5. The first rule that fits counts.</summary>
    static double? HalfWidth(string key, long[] shape)
    {
        if (Ends("running_var"))
            return null;
        if (Ends("running_mean"))
            return 0.17;
        if (key == "input")
            return 1.7;
        if (Ends("pos_embed") || Ends("cls_token") || Ends("mask_token") || Ends("register_tokens"))
            return 0.5;
        if (shape.Length >= 2)
            return Math.Sqrt(3.0 / shape.Skip(1).Aggregate(1.0, static (product, size) => product * size));
        if (Ends("weight") || Ends("gamma"))
            return null;
        return 0.17;

        bool Ends(string suffix) => key.EndsWith(suffix, StringComparison.Ordinal);
    }

    /// <summary>Uniform in [0, 1): an avalanche of the index and the key's CRC-32 (the finaliser of MurmurHash3).</summary>
    static double Uniform(uint seed, int index)
    {
        var h = unchecked(((uint)index * 0x9E3779B1) + seed);
        h ^= h >> 16;
        h = unchecked(h * 0x85EBCA6B);
        h ^= h >> 13;
        h = unchecked(h * 0xC2B2AE35);
        h ^= h >> 16;
        return h / 4294967296.0;
    }
}
