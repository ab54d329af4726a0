using Hwaso.Tests;
using Hwaso.Torch.Autograd;

namespace Hwaso.Torch.Tests;

/// <summary>libtorch's convolutions, also where oneDNN's release lays weights out wrongly.</summary>
public sealed class ConvolutionTests : TensorTest
{
    public static TheoryData<int, int> Channels
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var inputs in (int[])[3, 16, 17, 18, 24, 36, 40, 72])
                foreach (var outputs in (int[])[16, 18, 24])
                    data.Add(inputs, outputs);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public void Convolutions_of_any_number_of_channels_are_right_in_all_three_directions(int inputs, int outputs)
    {
        using var scope = new Scope();
        RandomState.Seed((ulong)(inputs * 100 + outputs));
        var image = Tensor.Randn([2, inputs, 9, 9]);
        var weights = Tensor.Randn([outputs, inputs, 3, 3]);
        var expected = Answers(image.To(ScalarType.Float64), weights.To(ScalarType.Float64));
        var actual = Answers(image, weights);
        // Sums of at most 1,296 products in float32.
        for (var k = 0; k < expected.Length; k++)
            AssertClose(expected[k].To(ScalarType.Float32).ToArray<float>(), actual[k].ToArray<float>(), 1e-5);
    }

    // The convolution and the gradients of its input and of its weights, of the sum of its squares.
    static Tensor[] Answers(Tensor image, Tensor weights)
    {
        var (x, w) = (image.Detach(), weights.Detach());
        (x.RequiresGrad, w.RequiresGrad) = (true, true);
        var y = Aten.Conv2d(x, w, null, [1, 1], [1, 1], [1, 1], 1);
        var gradients = Gradients.Of((y * y).Sum(), [x, w]);
        return [y.Detach(), .. gradients];
    }
}
