using Hwaso.Data;
using Hwaso.Recipes;

namespace Hwaso.Inference;

/// <summary>
/// The protocols. HRNet's are those of its code's test configurations (scale 1 is a long side, images smaller than the window are filled up with
/// black, exponentials are summed, absent classes count 0); mmsegmentation's those of its configurations for these data sets.
/// </summary>
static class PublishedProtocols
{
    static readonly double[] six = [0.5, 0.75, 1, 1.25, 1.5, 1.75], seven = [.. six, 2];

    public static IReadOnlyList<Protocol> All { get; } =
    [
        // Windows of the whole image beyond scale 1, side by side.
        .. HRNet("cityscapes", 2048, new SizePx(1024, 2048), six, options => options with { Stride = options.Crop, WholeUpTo = 1 }),
        .. HRNet("pascal-context-59", 520, new SizePx(480, 480), seven),
        .. HRNet("pascal-context-60", 520, new SizePx(480, 480), seven),
        Lip("lip/hrnet", flip: true),
        Lip("lip/hrnet-single", flip: false),
        .. HRNet("ade20k", 520, new SizePx(520, 520), seven, options => options with { AlignCorners = true }),
        .. HRNet("coco-stuff", 520, new SizePx(520, 520), seven, options => options with { AlignCorners = true }),
        .. Mmseg("cityscapes", 2048, 1024),
        .. Mmseg("voc", 2048, 512),
        .. Mmseg("pascal-context-59", 520, 520, new SizePx(480, 480), new SizePx(320, 320)),
        .. Mmseg("pascal-context-60", 520, 520, new SizePx(480, 480), new SizePx(320, 320)),
        .. Mmseg("ade20k", 2048, 512),
    ];

    static Protocol[] HRNet(string layout, int longSide, SizePx crop, double[] scales, Func<InferenceOptions, InferenceOptions>? more = null)
    {
        var options = new InferenceOptions { Scales = scales, Flip = true, LongSide = longSide, Crop = crop, PadToCrop = true, AlignCorners = false, Sum = ViewSum.Exponential };
        return Pair(layout, "hrnet", (more ?? (o => o))(options), AbsentClasses.Zero,
            $"scale 1 is a long side of {longSide}, windows of {crop}{(layout == "cityscapes" ? " above scale 1" : " every two thirds")}, exponentials summed");
    }

    // People are cut out already: every image is brought to one size, and its shape is lost.
    static Protocol Lip(string name, bool flip) => new(
        name, "lip", $"images of 473x473{(flip ? ", mirrored too, left and right exchanged" : "")}, exponentials; absent classes count 0",
        new InferenceOptions { Size = new SizePx(473, 473), Flip = flip, FlipPairs = ClassList.Lip.FlipPairs, AlignCorners = false, Sum = ViewSum.Exponential }, AbsentClasses.Zero);

    static Protocol[] Mmseg(string layout, int longSide, int shortSide, SizePx? crop = null, SizePx? stride = null)
    {
        var options = new InferenceOptions { Scales = six, Flip = true, LongSide = longSide, ShortSide = shortSide, Crop = crop, Stride = stride, AlignCorners = false, Sum = ViewSum.SoftmaxOfEach };
        return Pair(layout, "mmseg", options, AbsentClasses.LeaveOut,
            $"scale 1 fits into {longSide}x{shortSide}, {(crop is null ? "whole images" : $"windows of {crop} every {stride}")}, softmax of each view summed");
    }

    static Protocol[] Pair(string layout, string source, InferenceOptions options, AbsentClasses absent, string description)
    {
        var last = $"{description}; absent classes {(absent == AbsentClasses.Zero ? "count 0" : "are left out")}";
        return
        [
            new($"{layout}/{source}", layout, $"scales {string.Join(", ", options.Scales)}, mirrored too; {last}", options, absent),
            new($"{layout}/{source}-single", layout, $"one scale; {last}", options with { Scales = [1], Flip = false }, absent),
        ];
    }
}
