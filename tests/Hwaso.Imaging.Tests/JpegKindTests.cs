namespace Hwaso.Imaging.Tests;

public sealed class JpegKindTests
{
    // Equal in every byte: Pillow and OpenCV decode with the same library's accurate transform and smooth upsampling.
    [Theory]
    [InlineData("444")]
    [InlineData("422")]
    [InlineData("420")]
    [InlineData("progressive")]
    [InlineData("gray")]
    public void A_jpeg_is_decoded_as_pillow_and_opencv_do(string name)
    {
        var image = ImageFile.ReadRgb(Recorded.Path($"{name}.jpg"));
        Assert.Equal((45, 35), (image.Width, image.Height));
        Assert.Equal(Recorded.Rgb($"jpeg_{name}").Pixels, image.Pixels);
        Assert.Equal((45, 35), ImageFile.Size(Recorded.Path($"{name}.jpg")));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 40)]
    [InlineData(17, 1)]
    public void The_smallest_images_come_back(int width, int height)
    {
        var image = new RgbImage(width, height, Enumerable.Repeat((byte)200, width * height * 3).ToArray());
        // A flat gray has one coefficient a block, quantised by 2 at quality 95: 8 levels of the transform are 1 of the pixel.
        Assert.All(Jpeg.Decode(Jpeg.Encode(image), "small").Pixels, v => Assert.InRange(v, 199, 201));
    }
}
