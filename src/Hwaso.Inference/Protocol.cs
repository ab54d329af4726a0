using Hwaso.Data;
using Hwaso.Data.Layouts;
using Hwaso.Recipes;

namespace Hwaso.Inference;

/// <summary>A published way of scoring a data set, under one name: two figures can be compared that were made alike.</summary>
/// <param name="Name">Layout and source, such as <c>pascal-context-59/hrnet</c>.</param>
/// <param name="Layout">The layout whose classes are scored; which pixels are ignored is part of it.</param>
/// <param name="Description">Scales, windows and sums in one line.</param>
/// <param name="Views">How the network looks at an image.</param>
/// <param name="Absent">How absent classes enter the means.</param>
public sealed record Protocol(string Name, string Layout, string Description, Views Views, AbsentClasses Absent)
{
    /// <summary>
    /// All of them: for each data set HRNet's and mmsegmentation's, with several scales and mirrored, and with one scale.
    /// </summary>
    public static IReadOnlyList<Protocol> All => PublishedProtocols.All;

    /// <summary>The protocol of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those of the data set, or all.</exception>
    public static Protocol Find(string name)
    {
        if (All.FirstOrDefault(p => p.Name == name) is { } found)
            return found;
        var layout = name.Split('/')[0];
        var near = All.Where(p => p.Layout == layout).ToArray();
        var wanted = near.Length > 0 ? string.Join(" or ", near.Select(p => p.Name))
            : $"one of {string.Join(", ", All.Select(p => p.Name))}";
        throw new ArgumentException($"protocol '{name}': {wanted} was wanted");
    }

    /// <summary>Whether a data set has the classes that the protocol is for.</summary>
    public bool Fits(ClassList classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        return classes.Names.SequenceEqual(Datasets.ClassesOf(Layout, root: "").Names);
    }
}

/// <summary>
/// The protocols. HRNet's are those of its code's test configurations (scale 1 is a long side, images smaller than the window are padded
/// with black, exponentials are summed, absent classes count 0); mmsegmentation's those of its configurations for these data sets.
/// </summary>
static class PublishedProtocols
{
    static readonly double[] six = [0.5, 0.75, 1, 1.25, 1.5, 1.75], seven = [.. six, 2];

    public static IReadOnlyList<Protocol> All { get; } =
    [
        // Windows of the whole image beyond scale 1, side by side.
        .. HRNet("cityscapes", 2048, new SizePx(1024, 2048), six, views => views with { Stride = views.Crop, WholeUpTo = 1 }),
        .. HRNet("pascal-context-59", 520, new SizePx(480, 480), seven),
        .. HRNet("pascal-context-60", 520, new SizePx(480, 480), seven),
        Lip("lip/hrnet", flip: true),
        Lip("lip/hrnet-single", flip: false),
        .. HRNet("ade20k", 520, new SizePx(520, 520), seven, views => views with { AlignCorners = true }),
        .. HRNet("coco-stuff", 520, new SizePx(520, 520), seven, views => views with { AlignCorners = true }),
        .. Mmseg("cityscapes", 2048, 1024),
        .. Mmseg("voc", 2048, 512),
        .. Mmseg("pascal-context-59", 520, 520, new SizePx(480, 480), new SizePx(320, 320)),
        .. Mmseg("pascal-context-60", 520, 520, new SizePx(480, 480), new SizePx(320, 320)),
        .. Mmseg("ade20k", 2048, 512),
    ];

    static Protocol[] HRNet(string layout, int longSide, SizePx crop, double[] scales, Func<Views, Views>? more = null)
    {
        var views = new Views
        {
            Scales = scales,
            Flip = true,
            LongSide = longSide,
            Crop = crop,
            PadToCrop = true,
            AlignCorners = false,
            Sum = ViewSum.Exponential,
        };
        var step = layout == "cityscapes" ? " above scale 1" : " every two thirds";
        return Pair(layout, "hrnet", (more ?? (v => v))(views), AbsentClasses.Zero,
            $"scale 1 is a long side of {longSide}, windows of {crop}{step}, exponentials summed");
    }

    // People are cut out already: every image is resized to one size, and its shape is lost.
    static Protocol Lip(string name, bool flip)
    {
        var views = new Views
        {
            Size = new SizePx(473, 473),
            Flip = flip,
            FlipPairs = ClassList.Lip.FlipPairs,
            AlignCorners = false,
            Sum = ViewSum.Exponential,
        };
        var mirrored = flip ? ", mirrored too, left and right exchanged" : "";
        return new(name, "lip", $"images of 473x473{mirrored}, exponentials; absent classes count 0", views, AbsentClasses.Zero);
    }

    static Protocol[] Mmseg(string layout, int longSide, int shortSide, SizePx? crop = null, SizePx? stride = null)
    {
        var views = new Views
        {
            Scales = six,
            Flip = true,
            LongSide = longSide,
            ShortSide = shortSide,
            Crop = crop,
            Stride = stride,
            AlignCorners = false,
            Sum = ViewSum.SoftmaxOfEach,
        };
        var seen = crop is null ? "whole images" : $"windows of {crop} every {stride}";
        return Pair(layout, "mmseg", views, AbsentClasses.LeaveOut,
            $"scale 1 fits into {longSide}x{shortSide}, {seen}, softmax of each view summed");
    }

    static Protocol[] Pair(string layout, string source, Views views, AbsentClasses absent, string description)
    {
        var last = $"{description}; absent classes {(absent == AbsentClasses.Zero ? "count 0" : "are left out")}";
        return
        [
            new($"{layout}/{source}", layout, $"scales {views.ScaleList}, mirrored too; {last}", views, absent),
            new($"{layout}/{source}-single", layout, $"one scale; {last}", views with { Scales = [1], Flip = false }, absent),
        ];
    }
}
