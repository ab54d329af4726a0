using static System.FormattableString;

namespace Hwaso.Data.Checking;

/// <summary>Finds signs that label files count the classes in another order than the class list.</summary>
static class OrderSuspicions
{
    static readonly ClassList[] published =
        [ClassList.Cityscapes, ClassList.Voc, ClassList.PascalContext59, ClassList.PascalContext60, ClassList.Lip, ClassList.Ade20k,
            ClassList.CocoStuff];

    // The list that comes with PASCAL Context's annotations, and VOC, have other names for these.
    static readonly Dictionary<string, string> sameName =
        new() { ["diningtable"] = "table", ["bedcloth"] = "bedclothes", ["clothes"] = "cloth" };

    /// <summary>Names that are a published data set's, in another order than its label files count them.</summary>
    public static string? OfNames(ClassList classes)
    {
        var names = classes.Names.Select(Plain).ToArray();
        foreach (var list in published.Where(l => l.Count == names.Length))
        {
            var theirs = list.Names.Select(Plain).ToArray();
            if (names.SequenceEqual(theirs))
                return null;
            if (names.ToHashSet().SetEquals(theirs))
            {
                var k = Enumerable.Range(0, names.Length).First(i => names[i] != theirs[i]);
                return $"the names are {list.Name}'s, but in another order than its label files have: there class {k} is {list.Names[k]}, "
                    + $"here it is {classes.Names[k]}; scores would be right and their names wrong";
            }
        }
        return null;
    }

    /// <summary>Masks whose own palette has the colours of other classes.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="pixels">Pixels by true class and by the class that the mask's palette has the colour of.</param>
    public static string? OfPalettes(ClassList classes, long[,] pixels)
    {
        long same = 0, other = 0;
        (int Class, int Color, long Pixels) worst = default;
        for (var k = 0; k < classes.Count; k++)
            for (var c = 0; c < classes.Count; c++)
            {
                same += k == c ? pixels[k, c] : 0;
                other += k == c ? 0 : pixels[k, c];
                if (k != c && pixels[k, c] > worst.Pixels)
                    worst = (k, c, pixels[k, c]);
            }
        return other <= same ? null
            : $"the masks' own palettes have the colours of other classes: what counts as {classes.Entries[worst.Class].Name} is drawn in "
                + $"the colour of {classes.Entries[worst.Color].Name}; is the list in another order than the masks?";
    }

    /// <summary>PASCAL Context's labels that agree with VOC's own masks in the wrong one of its two orders.</summary>
    /// <param name="pixels">Pixels that VOC labelled as an object.</param>
    /// <param name="alphabetical">How many of them have the same class in the order of the published label files.</param>
    /// <param name="objectsFirst">How many have the same class in the order of the list that comes with the annotations, VOC's 20
    /// first.</param>
    public static string? OfContext(long pixels, long alphabetical, long objectsFirst) => objectsFirst <= alphabetical ? null
        : Invariant($"of {pixels:N0} pixels that VOC's own masks label, {100.0 * objectsFirst / pixels:0} % agree if the labels count ")
            + "in the order of 59_labels.txt (VOC's 20 objects first) and "
            + Invariant($"{100.0 * alphabetical / pixels:0} % in the alphabetical order that is read; ")
            + "they were made in the other order: convert the annotations again";

    /// <summary>A name without the number that some lists put before it, and without spaces, signs and capitals.</summary>
    static string Plain(string name)
    {
        var text = name.TrimStart();
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits > 0 && digits < text.Length && text[digits] is ':' or '.' or ' ' or '\t')
            text = text[(digits + 1)..];
        var plain = string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
        return sameName.GetValueOrDefault(plain, plain);
    }
}
