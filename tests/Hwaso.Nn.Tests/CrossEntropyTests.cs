using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

public sealed class CrossEntropyTests : TensorTest
{
    [Theory]
    [InlineData(false, 0, false)]
    [InlineData(true, 0, true)]
    [InlineData(false, 0.1, true)]
    [InlineData(true, 0.2, false)]
    public void Gradient_through_resizing_is_that_of_differences(bool alignCorners, double smoothing, bool weighted)
    {
        using var scope = new Scope();
        RandomState.Seed(8);
        var logits = Tensor.Randn([2, 3, 3, 2], ScalarType.Float64);
        var labels = Tensor.From(Enumerable.Range(0, 2 * 5 * 7).Select(i => i % 6 == 5 ? 255L : i * 7 % 3).ToArray(), 2, 5, 7);
        using var loss = new CrossEntropy(255, weighted ? [0.5, 2, 1] : null, smoothing, alignCorners);
        logits.RequiresGrad = true;
        loss.Of(logits, labels).Backward();
        var gradient = logits.Grad!.ToArray<double>();

        var values = logits.ToArray<double>();
        const double Step = 1e-5;
        for (var k = 0; k < values.Length; k++)
        {
            double At(double shift)
            {
                using var inner = new Scope();
                var moved = values.ToArray();
                moved[k] += shift;
                return loss.Of(Tensor.From(moved, 2, 3, 3, 2), labels).Item();
            }
            // Central differences: h²/6 · f‴ ≈ 1e-11, and rounding 1e-16/h ≈ 1e-11.
            Assert.Equal((At(Step) - At(-Step)) / (2 * Step), gradient[k], 1e-9);
        }
    }

    [Theory]
    [InlineData(true, 1.0 / 3)]
    [InlineData(false, 0.25)]
    public void Logits_are_resized_by_corners_or_by_halves_of_pixels(bool alignCorners, double share)
    {
        using var scope = new Scope();
        // Two classes, two pixels in a row, resized to four; only the second counts. Source position of pixel 1: 1·(2−1)/(4−1) aligned, (1
        // + ½)·2/4 − ½ otherwise.
        var logits = Tensor.From([0.5, 2, -1, 3], 1, 2, 1, 2);
        using var loss = new CrossEntropy(alignCorners: alignCorners);
        var value = loss.Of(logits, Tensor.From([255L, 0, 255, 255], 1, 1, 4)).Item();
        double a = 0.5 + share * (2 - 0.5), b = -1 + share * (3 - -1);
        Assert.Equal(-Math.Log(Math.Exp(a) / (Math.Exp(a) + Math.Exp(b))), value, 1e-12);
    }

    [Fact]
    public void Smoothing_is_its_formula_over_the_pixels_that_count()
    {
        using var scope = new Scope();
        double[] z = [0.3, -1.2, 2.0, 0.7, 0.1, -0.4];
        using var loss = new CrossEntropy(classWeights: [1, 3], labelSmoothing: 0.1);
        // Three pixels of two classes, [1, 2, 1, 3]; the last is ignored.
        var value = loss.Of(Tensor.From(z, 1, 2, 1, 3), Tensor.From([1L, 0, 255], 1, 1, 3)).Item();
        double LogP(int k, int pixel) => z[k * 3 + pixel] - Math.Log(Math.Exp(z[pixel]) + Math.Exp(z[3 + pixel]));
        var hard = -3 * LogP(1, 0) - LogP(0, 1);
        var smooth = -LogP(0, 0) - 3 * LogP(1, 0) - LogP(0, 1) - 3 * LogP(1, 1);
        Assert.Equal((0.9 * hard + 0.1 / 2 * smooth) / (3 + 1), value, 1e-12);
    }

    [Theory]
    [InlineData(MemoryFormat.Contiguous)]
    [InlineData(MemoryFormat.ChannelsLast)]
    public void Layout_of_the_logits_does_not_matter(MemoryFormat format)
    {
        using var scope = new Scope();
        RandomState.Seed(9);
        var logits = Tensor.Randn([2, 5, 4, 4]);
        var labels = Tensor.From(Enumerable.Range(0, 2 * 16 * 16).Select(i => (long)(i % 5)).ToArray(), 2, 16, 16);
        using var loss = new CrossEntropy();
        Assert.Equal(loss.Of(logits, labels).Item(), loss.Of(logits.Contiguous(format), labels).Item());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void Pixels_of_weight_zero_alone_cost_nothing_rather_than_NaN(double smoothing)
    {
        using var scope = new Scope();
        RandomState.Seed(10);
        var logits = Tensor.Randn([1, 3, 2, 2]);
        logits.RequiresGrad = true;
        using var loss = new CrossEntropy(classWeights: [1, 0, 1], labelSmoothing: smoothing);
        var value = loss.Of(logits, Tensor.From([1L, 1, 255, 1], 1, 2, 2));
        value.Backward();
        Assert.Equal(0, value.Item());
        Assert.All(logits.Grad!.ToArray<float>(), g => Assert.Equal(0, g));
        Assert.True(loss.Of(logits, Tensor.From([1L, 1, 255, 2], 1, 2, 2)).Item() > 0);
    }

    [Fact]
    public void What_does_not_fit_is_an_error_that_says_so()
    {
        using var scope = new Scope();
        using var loss = new CrossEntropy();
        using var weighted = new CrossEntropy(classWeights: [1, 2, 3]);
        var logits = Tensor.Zeros([1, 4, 2, 2]);
        var labels = Tensor.Zeros([1, 2, 2], ScalarType.Int64);
        var count = Assert.Throws<ArgumentException>(() => weighted.Of(logits, labels)).Message;
        Assert.Contains("3 class weights", count, StringComparison.Ordinal);
        Assert.Contains("4 classes", count, StringComparison.Ordinal);
        Assert.Contains("int64[N, H, W]", Assert.Throws<ArgumentException>(() => loss.Of(logits, Tensor.Zeros([1, 2, 2]))).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => loss.Of(logits, Tensor.Zeros([2, 2, 2], ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => loss.Of(logits, Tensor.Zeros([1, 1, 2, 2], ScalarType.Int64)));
        Assert.Throws<TorchException>(() => loss.Of(logits, Tensor.From([0L, 4, 0, 0], 1, 2, 2)));
        Assert.Throws<ArgumentException>(() => new CrossEntropy(labelSmoothing: 1.5));
        Assert.Contains("class 1", Assert.Throws<ArgumentException>(() => new CrossEntropy(classWeights: [1, -2])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false, 1)]
    [InlineData(0.1, true, 1)]
    [InlineData(0, false, 2)]
    public void A_deterministic_process_gets_the_same_loss_and_gradient(double smoothing, bool weighted, double gamma)
    {
        using var scope = new Scope();
        RandomState.Seed(9);
        var values = Tensor.Randn([2, 3, 4, 5], ScalarType.Float64);
        var labels = Tensor.From(Enumerable.Range(0, 2 * 8 * 10).Select(i => i % 6 == 5 ? 255L : i * 7 % 3).ToArray(), 2, 8, 10);
        using IPixelLoss loss = gamma == 1 ? new CrossEntropy(255, weighted ? [0.5, 2, 1] : null, smoothing) : new Focal(1, gamma);
        (double Value, double[] Gradient) Run(bool deterministic)
        {
            TorchInfo.IsDeterministic = deterministic;
            try
            {
                var logits = values.Clone();
                logits.RequiresGrad = true;
                var value = loss.Of(logits, labels);
                value.Backward();
                return (value.Item(), logits.Grad!.ToArray<double>());
            }
            finally
            {
                TorchInfo.IsDeterministic = false;
            }
        }
        var (usual, other) = (Run(false), Run(true));
        // Sums of 160 terms in another order, float64.
        Assert.Equal(usual.Value, other.Value, 1e-13);
        // The resizing's places are float32's on one side: six digits.
        Assert.All(usual.Gradient.Zip(other.Gradient), g => Assert.Equal(g.First, g.Second, 1e-7));
    }
}
