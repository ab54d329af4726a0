using System.Text.Json;
using Hwaso.Imaging;

namespace Hwaso.Data.Converting;

/// <summary>COCO's run-length masks: lengths of 0s and 1s in turn, column by column, as a list or packed into letters.</summary>
static class MaskPainting
{
    /// <summary>Paints the mask's pixels.</summary>
    /// <param name="labels">The map that is painted on.</param>
    /// <param name="mask">An object with size [height, width] and counts.</param>
    /// <param name="value">The label to paint.</param>
    /// <exception cref="ArgumentException">The mask is of another size, or its runs do not fill it.</exception>
    public static void Paint(LabelMap labels, JsonElement mask, byte value)
    {
        var size = mask.GetProperty("size");
        if (size.GetArrayLength() != 2)
            throw new ArgumentException($"a size of {size.GetArrayLength()} numbers; height and width were wanted");
        var (height, width) = (size[0].GetInt32(), size[1].GetInt32());
        if (height != labels.Height || width != labels.Width)
            throw new ArgumentException($"a mask of {width}×{height} for an image of {labels.Width}×{labels.Height}");
        var counts = mask.GetProperty("counts");
        long at = 0;
        var set = false;
        foreach (var run in counts.ValueKind == JsonValueKind.String
            ? Unpacked(counts.GetString()!)
            : [.. counts.EnumerateArray().Select(c => c.GetInt64())])
        {
            if (run < 0 || at + run > labels.Labels.Length)
                throw new ArgumentException($"its runs leave the {labels.Labels.Length} pixels");
            for (var p = at; set && p < at + run; p++)
                labels.Labels[p % height * width + p / height] = value;
            (at, set) = (at + run, !set);
        }
        if (at != labels.Labels.Length)
            throw new ArgumentException($"its runs are of {at} pixels; {labels.Labels.Length} were wanted");
    }

    /// <summary>
    /// Undoes the packing: each letter from '0' on holds six bits, five of the number and one that says whether more follow; from the
    /// fourth number on, the difference to the last but one is kept.
    /// </summary>
    static List<long> Unpacked(string letters)
    {
        var runs = new List<long>();
        for (var k = 0; k < letters.Length;)
        {
            long number = 0;
            int shift = 0, bits;
            do
            {
                if (k == letters.Length || shift > 55)
                    throw new ArgumentException("its runs end in the middle of a number");
                bits = letters[k++] - '0';
                if (bits is < 0 or > 63)
                    throw new ArgumentException($"'{letters[k - 1]}' is no letter of packed runs");
                number |= (long)(bits & 31) << shift;
                shift += 5;
            }
            while ((bits & 32) != 0);
            if ((bits & 16) != 0)
                number |= -1L << shift;
            runs.Add(runs.Count > 2 ? number + runs[^2] : number);
        }
        return runs;
    }
}
