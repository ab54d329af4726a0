using Hwaso.Data;
using Hwaso.Data.Layouts;

namespace Hwaso.Inference.Tests;

public sealed class ProtocolTests
{
    public static TheoryData<string> Names => [.. Protocol.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_protocol_can_be_found_fits_its_data_set_and_can_be_asked(string name)
    {
        var protocol = Protocol.Find(name);
        protocol.Views.Check();
        Assert.StartsWith(protocol.Layout + "/", name, StringComparison.Ordinal);
        var own = Datasets.ClassesOf(protocol.Layout, "");
        Assert.True(protocol.Fits(own));
        Assert.False(protocol.Fits(ClassList.Numbered(own.Count)));
        Assert.Equal(name.Contains("/hrnet", StringComparison.Ordinal) ? (AbsentClasses.Zero, ViewSum.Exponential)
            : (AbsentClasses.LeaveOut, ViewSum.SoftmaxOfEach), (protocol.Absent, protocol.Views.Sum));
        Assert.Equal(name.EndsWith("-single", StringComparison.Ordinal), protocol.Views is { Scales: [1], Flip: false });
        Assert.Single(Protocol.All, p => p.Name == name);
    }

    // Field guide of the official code: scales, windows and align_corners of its test configurations.
    [Theory]
    [InlineData("pascal-context-59/hrnet", 7, 520, 480, 480, false)]
    [InlineData("pascal-context-60/hrnet", 7, 520, 480, 480, false)]
    [InlineData("cityscapes/hrnet", 6, 2048, 1024, 2048, false)]
    [InlineData("ade20k/hrnet", 7, 520, 520, 520, true)]
    [InlineData("coco-stuff/hrnet", 7, 520, 520, 520, true)]
    public void HRNets_protocols_are_those_of_its_code(
        string name, int scales, int longSide, int cropHeight, int cropWidth, bool alignCorners)
    {
        var options = Protocol.Find(name).Views;
        Assert.Equal((scales, longSide, new(cropHeight, cropWidth), alignCorners),
            (options.Scales.Count, options.LongSide, options.Crop, options.AlignCorners));
        Assert.Equal((0.5, 0.25), (options.Scales[0], options.Scales[1] - options.Scales[0]));
    }

    [Theory]
    // An image of VOC's size: the long side is 520 · scale, rounded, and the other follows.
    [InlineData("pascal-context-59/hrnet", 375, 500, 1.25, 488, 650)]
    [InlineData("pascal-context-59/hrnet", 500, 333, 0.5, 260, 173)]
    // 512 / 375 is less than 2048 / 500.
    [InlineData("voc/mmseg", 375, 500, 1, 512, 683)]
    [InlineData("voc/mmseg", 100, 600, 1, 341, 2048)]
    [InlineData("cityscapes/mmseg", 1024, 2048, 0.75, 768, 1536)]
    public void Images_are_scaled_as_by_the_code_behind_the_figures(
        string name, int height, int width, double scale, long scaledHeight, long scaledWidth) =>
        Assert.Equal((scaledHeight, scaledWidth), Protocol.Find(name).Views.SizeAt(height, width, scale));

    [Fact]
    public void A_name_that_is_none_gets_those_of_its_data_set()
    {
        var near = Assert.Throws<ArgumentException>(() => Protocol.Find("lip/mmseg")).Message;
        Assert.Equal("protocol 'lip/mmseg': lip/hrnet or lip/hrnet-single was wanted", near);
        Assert.Contains("one of cityscapes/hrnet, ", Assert.Throws<ArgumentException>(() => Protocol.Find("best")).Message,
            StringComparison.Ordinal);
    }
}
