using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hwaso.Metrics;

static class LabelRange
{
    /// <summary>Throws, naming the value, if a label is neither below <paramref name="classes"/> nor <paramref name="ignore"/>.</summary>
    public static void Check(ReadOnlySpan<byte> labels, int classes, byte? ignore)
    {
        if (classes > 255)
            return;
        var largest = Vector256.Create((byte)(classes - 1));
        // Without an ignore label the class 0 stands in: it is allowed anyway.
        var ignored = Vector256.Create(ignore ?? 0);
        ref var first = ref MemoryMarshal.GetReference(labels);
        var i = 0;
        for (; i <= labels.Length - 32; i += 32)
        {
            var v = Vector256.LoadUnsafe(ref first, (nuint)i);
            var good = Vector256.LessThanOrEqual(v, largest) | Vector256.Equals(v, ignored);
            if (good != Vector256<byte>.AllBitsSet)
                break;
        }
        for (; i < labels.Length; i++)
            if (labels[i] >= classes && labels[i] != ignore)
                throw new ArgumentException(
                    $"true label {labels[i]} at pixel {i}: with {classes} classes it must be 0 to {classes - 1}"
                    + (ignore is { } value ? $" or the ignore label {value}" : "")
                    + "; check the number of classes and the label mapping");
    }
}
