using Hwaso.Data.Boxes;
using Hwaso.Imaging;
using Hwaso.Inference.Boxes;
using Hwaso.Models.Detectors;
using Hwaso.Nn.Boxes;
using Hwaso.Recipes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Inference.Tests.Boxes;

public sealed class BoxPixelsTests : TensorTest
{
    [Theory]
    [InlineData(61, 83, 64, 96)]
    [InlineData(120, 75, 64, 100)]
    public void Torchvision_s_images_are_those_of_libtorch(int height, int width, int shorter, int longer)
    {
        using var scope = new Scope();
        var image = new RgbImage(width, height);
        new Random(3).NextBytes(image.Pixels);
        var recipe = new Recipe(
            "x", new ModelRecipe(), new DataRecipe("coco"), new AugmentRecipe(new SizePx(shorter, longer)),
            new TrainRecipe(1, new OptimizerRecipe(1)) { Epochs = 1 });
        var sampling = BoxSettings.TestOf(recipe, BoxForm.Torchvision);
        var size = sampling.Sizes[0](height, width);
        int down = sampling.Padded(size.Height), across = sampling.Padded(size.Width);
        var planes = new float[3 * down * across];
        new BoxPixels(sampling).Fill(image, size, false, planes, down, across);

        var stored = new float[3 * height * width];
        for (var k = 0; k < height * width; k++)
            for (var c = 0; c < 3; c++)
                stored[c * height * width + k] = image.Pixels[3 * k + c] / 255f;
        var wanted = DetectorInput.Batch(
            [Tensor.From(stored, 3, height, width)], new ResizeRule(BoxForm.Torchvision, shorter, longer));

        Assert.Equal([1, 3, down, across], wanted.Shape);
        // Places of up to 120 are multiples of 8e-6 in float32, and neighbours differ by up to 4.8: weights round differently.
        AssertClose(wanted.ToArray<float>(), planes, 1e-5, "pixels");
    }
}
