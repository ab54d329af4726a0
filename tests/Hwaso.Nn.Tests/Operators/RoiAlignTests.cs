using Hwaso.Nn.Boxes;
using Hwaso.Tests;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Nn.Tests.Operators;

/// <summary>RoIAlign's kernel against its expression and against differences; torchvision's answers are in Hwaso.Training.Tests.</summary>
public sealed class RoiAlignTests : TensorTest
{
    public static TheoryData<RoiAlignForm, int> Forms => new()
    {
        { RoiAlignForm.Plain, 2 }, { RoiAlignForm.Plain, 0 }, { RoiAlignForm.Aligned, 0 }, { RoiAlignForm.Aligned, 3 },
        { RoiAlignForm.Inclusive, 2 },
    };

    // Boxes inside, across every border, outside, of no area, turned round, of both images.
    static double[] Boxes =>
    [
        0, 3, 4, 30, 20, 1, -9, -7, 11, 60, 1, 40, 20, 90, 90, 0, 200, 200, 220, 210, 0, 10, 10, 10, 10, 1, 20, 15, 8, 6, 0, 0, 0, 51, 35,
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Kernel_and_expression_agree(RoiAlignForm form, int sampling)
    {
        using var scope = new Scope();
        RandomState.Seed(5);
        // 35 channels fill no register; 13×9 pixels at a quarter.
        var features = Tensor.Randn([2, 35, 9, 13], ScalarType.Float64);
        features.RequiresGrad = true;
        var rois = Tensor.From(Boxes, Boxes.Length / 5, 5);
        var answers = new[] { true, false }.Select(kernel =>
        {
            var output = kernel ? RoiAlign.Apply(features, rois, 0.25, 3, 4, sampling, form)
                : RoiAlign.ApplyExpression(features, rois, 0.25, 3, 4, sampling, form);
            var weights = Tensor.From(Enumerable.Range(0, (int)output.Elements).Select(k => Math.Cos(k)).ToArray(), output.Shape);
            return (double[])[.. output.ToArray<double>(), .. Gradients.Of(output, [features], weights)[0].ToArray<double>()];
        }).ToArray();

        // Sums of some dozen terms in another order.
        Assert.All(answers[0].Zip(answers[1]), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-12));
        Assert.Contains(answers[0], value => Math.Abs(value) > 0.1);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Gradients_are_those_of_differences(RoiAlignForm form, int sampling)
    {
        using var scope = new Scope();
        RandomState.Seed(6);
        var features = Tensor.Randn([2, 3, 5, 6], ScalarType.Float64);
        features.RequiresGrad = true;
        var rois = Tensor.From(Boxes, Boxes.Length / 5, 5);
        NumericalGradient.Check(() => RoiAlign.Apply(features, rois, 0.15, 2, 2, sampling, form), [("features", features)]);
    }

    [Fact]
    public void Bits_do_not_depend_on_layout_or_threads()
    {
        using var scope = new Scope();
        RandomState.Seed(7);
        var features = Tensor.Randn([2, 64, 40, 50]);
        var rows = Enumerable.Range(0, 300).SelectMany(k => new float[] { k % 2, k % 150, k % 90, k % 150 + k % 37, k % 90 + k % 53 });
        var rois = Tensor.From(rows.ToArray(), 300, 5);
        var threads = TorchInfo.Threads;
        var answers = new List<float[]>();
        foreach (var (format, count) in new[]
            { (MemoryFormat.Contiguous, threads), (MemoryFormat.ChannelsLast, threads), (MemoryFormat.Contiguous, 1) })
        {
            TorchInfo.Threads = count;
            var laid = features.Detach().Contiguous(format);
            laid.RequiresGrad = true;
            var output = RoiAlign.Apply(laid, rois, 0.25, 7, 7, 2);
            answers.Add([.. output.ToArray<float>(), .. Gradients.Of((output * output).Sum(), [laid])[0].ToArray<float>()]);
        }
        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
    }

    [Fact]
    public void Boxes_beyond_all_bounds_are_quick_and_empty()
    {
        using var scope = new Scope();
        var features = Tensor.Ones([1, 4, 8, 8]);
        float[] rows = [0, -1e9f, -1e9f, 1e9f, 1e9f, 0, float.NaN, 0, 5, 5, 0, 0, 0, float.PositiveInfinity, 5];
        var output = RoiAlign.Apply(features, Tensor.From(rows, 3, 5), 1, 2, 2);

        Assert.Equal([3, 4, 2, 2], output.Shape);
        // All samples but a few lie outside: their mean is nearly nothing; boxes that are none have no sample.
        Assert.All(output.ToArray<float>(), value => Assert.InRange(value, 0, 1e-6));
    }

    [Fact]
    public void A_box_of_an_image_that_is_not_there_is_an_error()
    {
        using var scope = new Scope();
        var features = Tensor.Ones([1, 1, 4, 4]);
        var error = Assert.Throws<ArgumentException>(() => RoiAlign.Apply(features, Tensor.From([1f, 0, 0, 2, 2], 1, 5), 1, 2, 2));
        Assert.Contains("image 1; 0 to 0", error.Message);
        Assert.Throws<ArgumentException>(() => RoiAlign.Apply(features, Tensor.From([1f, 0, 0, 2], 1, 4), 1, 2, 2));
    }

    [Fact]
    public void No_box_gives_no_row_and_no_gradient()
    {
        using var scope = new Scope();
        var features = Tensor.Ones([1, 3, 8, 8]);
        features.RequiresGrad = true;
        Tensor[] levels = [features, features];
        var output = PyramidPooling.Of(BoxForm.Torchvision, levels, Tensor.Zeros([0, 5]), [1, 0.5], 7);

        Assert.Equal([0, 3, 7, 7], output.Shape);
        output.Sum().Backward();
        Assert.All(features.Grad!.ToArray<float>(), g => Assert.Equal(0, g));
    }
}
