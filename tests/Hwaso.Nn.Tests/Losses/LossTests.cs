using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests.Losses;

/// <summary>Each loss against its formula in plain loops, and its gradient against central differences, in float64.</summary>
public sealed class LossTests : TensorTest
{
    const int Images = 2, Classes = 4, Height = 5, Width = 6, Pixels = Images * Height * Width, Ignore = 255;

    // Both sum some hundred numbers near 1 in another order: 1e-16 each.
    const double Same = 1e-12;

    [Theory]
    [InlineData(1, 2)]
    [InlineData(0.25, 2)]
    [InlineData(1, 0)]
    [InlineData(2, 0.5)]
    [InlineData(1, 5)]
    public void Focal_is_its_formula(double alpha, double gamma) => Check(new Focal(alpha, gamma), f => f.Focal(alpha, gamma));

    [Fact]
    public void Focal_without_focus_is_cross_entropy() => Check(new Focal(gamma: 0), f => f.CrossEntropy());

    [Theory]
    [InlineData(0.3, 1, false)]
    [InlineData(0.3, 1, true)]
    [InlineData(0.05, 20, false)] // too few below the threshold: it rises to keep 20
    [InlineData(0.05, 1000, true)] // more to keep than there are: all but the best
    [InlineData(1, 1, false)]
    public void Hard_pixels_are_those_of_the_official_rule(double threshold, int keep, bool weighted)
    {
        double[]? weights = weighted ? [0.5, 2, 1, 3] : null;
        Check(new HardPixels(threshold, keep, Ignore, weights), f => f.HardPixels(threshold, keep, weights));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(30)]
    public void Dice_is_its_formula(double smooth) => Check(new Dice(smooth), f => f.Dice(smooth));

    [Fact]
    public void Lovasz_is_the_extension_by_its_definition() => Check(new LovaszSoftmax(), f => f.Lovasz());

    [Fact]
    public void A_share_of_cross_entropy_is_added() =>
        Check(new WithCrossEntropy(new Dice(), new CrossEntropy(), 0.3), f => f.Dice(1) + 0.3 * f.CrossEntropy());

    [Fact]
    public void Lovasz_of_hard_answers_is_one_minus_the_mean_IoU()
    {
        using var scope = new Scope();
        // At ±60 the softmax is 0 or 1 to 1e-52: the extension at the corners of the cube is the set function itself.
        long[] labels = [0, 0, 0, 1, 1, 2, Ignore, 0];
        int[] answers = [0, 0, 1, 1, 2, 2, 0, 0];
        var logits = Enumerable.Range(0, 3 * 8).Select(i => answers[i % 8] == i / 8 ? 60.0 : -60).ToArray();
        using var loss = new LovaszSoftmax();
        // IoU 3/4, 1/3, 1/2.
        var given = loss.Of(Tensor.From(logits, 1, 3, 2, 4), Tensor.From(labels, 1, 2, 4)).Item();
        Assert.Equal(1 - (3.0 / 4 + 1.0 / 3 + 1.0 / 2) / 3, given, Same);
    }

    [Fact]
    public void Squeeze_attention_adds_its_three_losses()
    {
        using var scope = new Scope();
        var (mask, labels) = (Logits(1), Labels());
        var (dense, presence) = (Logits(2), Tensor.Randn([Images, Classes], ScalarType.Float64));
        using var pixels = new CrossEntropy();
        var loss = new SqueezeAttentionLoss(pixels, new ClassPresence(), categoricalWeight: 0.2, denseWeight: 0.8);
        var values = presence.ToArray<double>();
        var rows = Enumerable.Range(0, Images).Select(n => values[(n * Classes)..((n + 1) * Classes)]).ToArray();
        var wanted = Formulas(mask).CrossEntropy() + 0.2 * Formulas(mask).Presence(rows, Height * Width)
            + 0.8 * Formulas(dense).CrossEntropy();
        Assert.Equal(wanted, loss.Of(mask, presence, dense, labels).Item(), Same);
        NumericalGradient.Check(() => loss.Of(mask, presence, dense, labels), [("mask", mask), ("presence", presence), ("dense", dense)]);
    }

    [Fact]
    public void An_auxiliary_head_costs_its_share()
    {
        using var scope = new Scope();
        var (auxiliary, answer, labels) = (Logits(3), Logits(4), Labels());
        using var entropy = new CrossEntropy();
        using var focal = new Focal();
        var loss = new AuxiliaryLoss(focal, entropy, 0.4);
        var wanted = 0.4 * Formulas(auxiliary).CrossEntropy() + Formulas(answer).Focal(1, 2);
        Assert.Equal(wanted, loss.Of(auxiliary, answer, labels).Item(), Same);
        NumericalGradient.Check(() => loss.Of(auxiliary, answer, labels), [("auxiliary", auxiliary), ("answer", answer)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Squared_errors_of_depth_skip_pixels_that_have_none(bool infinite)
    {
        using var scope = new Scope();
        RandomState.Seed(5);
        var prediction = Tensor.Randn([2, 1, 3, 4], ScalarType.Float64);
        var target = Enumerable.Range(0, 24).Select(i => i % 5 == 2 ? infinite ? double.PositiveInfinity : double.NaN : Math.Sin(i))
            .ToArray();
        var values = prediction.ToArray<double>();
        var there = Enumerable.Range(0, 24).Where(i => double.IsFinite(target[i])).ToArray();
        var loss = new MaskedSquaredError();
        Assert.Equal(there.Average(i => (values[i] - target[i]) * (values[i] - target[i])),
            loss.Of(prediction, Tensor.From(target, 2, 3, 4)).Item(), Same);
        NumericalGradient.Check(() => loss.Of(prediction, Tensor.From(target, 2, 3, 4)), [("prediction", prediction)]);

        var nothing = loss.Of(prediction, Tensor.From(Enumerable.Repeat(double.NaN, 24).ToArray(), 2, 3, 4));
        Assert.Equal(0, nothing.Item());
    }

    [Fact]
    public void Nothing_that_counts_costs_nothing_and_teaches_nothing()
    {
        using var scope = new Scope();
        var nothing = Tensor.From(Enumerable.Repeat((long)Ignore, Pixels).ToArray(), Images, Height, Width);
        foreach (var loss in All())
        {
            var logits = Logits(6);
            logits.RequiresGrad = true;
            var value = loss.Of(logits, nothing);
            value.Backward();
            Assert.Equal(0, value.Item());
            Assert.All(logits.Grad!.ToArray<double>(), g => Assert.Equal(0, g));
            loss.Dispose();
        }
    }

    [Fact]
    public void Pixels_that_are_certain_keep_gradients_finite()
    {
        using var scope = new Scope();
        // float32: the softmax of ±60 is exactly 0 or 1, and cross entropy exactly 0.
        var labels = Labels();
        var right = labels.ToArray<long>();
        const int Plane = Height * Width;
        var logits = Enumerable.Range(0, Pixels * Classes)
            .Select(i => right[i / (Classes * Plane) * Plane + i % Plane] == i / Plane % Classes ? 60f : -60f).ToArray();
        foreach (var loss in All())
        {
            var z = Tensor.From(logits, Images, Classes, Height, Width);
            z.RequiresGrad = true;
            loss.Of(z, labels).Backward();
            Assert.All(z.Grad!.ToArray<float>(), g => Assert.True(float.IsFinite(g), loss.GetType().Name));
            loss.Dispose();
        }
    }

    [Fact]
    public void Logits_of_another_size_are_resized_first()
    {
        using var scope = new Scope();
        RandomState.Seed(9);
        var logits = Tensor.Randn([Images, Classes, 3, 2], ScalarType.Float64);
        foreach (var loss in All())
        {
            Assert.Equal(loss.Of(logits.ResizeBilinear(Height, Width), Labels()).Item(), loss.Of(logits, Labels()).Item());
            loss.Dispose();
        }
    }

    [Fact]
    public void What_does_not_fit_is_an_error_that_says_so()
    {
        using var scope = new Scope();
        foreach (var loss in All())
        {
            Assert.Contains("int64[N, H, W]",
                Assert.Throws<ArgumentException>(() => loss.Of(Logits(1), Tensor.Zeros([Images, Height, Width]))).Message,
                StringComparison.Ordinal);
            // Of the first label after the classes no one may think that it is ignored.
            var wrong = Tensor.From(Enumerable.Repeat((long)Classes, Pixels).ToArray(), Images, Height, Width);
            Assert.True(Record.Exception(() => loss.Of(Logits(1), wrong)) is ArgumentException or TorchException, loss.GetType().Name);
            loss.Dispose();
        }
        using var weighted = new HardPixels(classWeights: [1, 2]);
        Assert.Contains("2 class weights for logits of 4 classes",
            Assert.Throws<ArgumentException>(() => weighted.Of(Logits(1), Labels())).Message, StringComparison.Ordinal);
        Assert.Contains("[N, 1, h, w]", Assert.Throws<ArgumentException>(() => new MaskedSquaredError().Of(Logits(1), Labels())).Message,
            StringComparison.Ordinal);
        Assert.Contains("[N, K]", Assert.Throws<ArgumentException>(() => new ClassPresence().Of(Logits(1), Labels())).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Focal(alpha: 0));
        Assert.Throws<ArgumentException>(() => new Focal(gamma: -1));
        Assert.Throws<ArgumentException>(() => new HardPixels(threshold: 0));
        Assert.Throws<ArgumentException>(() => new HardPixels(keep: 0));
        Assert.Throws<ArgumentException>(() => new Dice(smooth: -1));
    }

    static IPixelLoss[] All() =>
    [
        new Focal(), new Focal(gamma: 0.5), new HardPixels(0.5, 3), new Dice(), new LovaszSoftmax(), new CrossEntropy(),
        new WithCrossEntropy(new LovaszSoftmax(), new CrossEntropy(), 0.5),
    ];

    static void Check(IPixelLoss loss, Func<LossFormulas, double> formula)
    {
        using var scope = new Scope();
        using var made = loss;
        var logits = Logits(8);
        Assert.Equal(formula(Formulas(logits)), loss.Of(logits, Labels()).Item(), Same);
        NumericalGradient.Check(() => loss.Of(logits, Labels()), [("logits", logits)]);
        // Deterministic processes avoid operators that CUDA refuses there.
        TorchInfo.IsDeterministic = true;
        try
        {
            Assert.Equal(formula(Formulas(logits)), loss.Of(logits, Labels()).Item(), Same);
        }
        finally
        {
            TorchInfo.IsDeterministic = false;
        }
    }

    static Tensor Logits(int seed)
    {
        RandomState.Seed((ulong)seed);
        return Tensor.Randn([Images, Classes, Height, Width], ScalarType.Float64);
    }

    // Every seventh pixel is ignored; class 3 is in the second image alone.
    static Tensor Labels() =>
        Tensor.From(
            Enumerable.Range(0, Pixels).Select(i => i % 7 == 3 ? Ignore : (long)(i * 5 % (i < Pixels / 2 ? 3 : 4))).ToArray(),
            Images, Height, Width);

    static LossFormulas Formulas(Tensor logits)
    {
        using var scope = new Scope();
        var rows = logits.Permute(0, 2, 3, 1).ToArray<double>();
        return new LossFormulas(
            [.. Enumerable.Range(0, Pixels).Select(p => rows[(p * Classes)..((p + 1) * Classes)])],
            [.. Labels().ToArray<long>().Select(l => l == Ignore ? -1 : (int)l)]);
    }
}
