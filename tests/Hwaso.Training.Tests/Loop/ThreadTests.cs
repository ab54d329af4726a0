using Hwaso.Tests;

namespace Hwaso.Training.Tests.Loop;

/// <summary>Runs by different numbers of threads.</summary>
public sealed class ThreadTests(SceneFolder scenes) : TensorTest, IClassFixture<SceneFolder>
{
    readonly SmallRuns runs = new(scenes.Root);

    // HRNets have 3×3 convolutions of all sizes and psa-spatial products of matrices; a ResNet has a 7×7 convolution and a pool.
    [Theory]
    [InlineData("train.clip_norm=1", "train.ema_decay=0.9")]
    [InlineData("model.attention=dca", "train.optimizer={name: adamw, learning_rate: 0.01}")]
    [InlineData($"model={{family: unet-resnet, {SmallRuns.Tiny}}}", "loss={name: dice}")]
    [InlineData("model={name: lraspp-mobilenetv3-small}", "loss={name: ohem, keep: 500}")]
    public void A_run_has_the_same_bits_with_any_number_of_threads(params string[] settings) => AssertSame(settings);

    [Theory]
    [Trait("Time", "Long")]
    [InlineData("model={name: segformer-b0}", "loss={name: focal}")]
    [InlineData("model={name: hrnetv2-w18}", "loss={name: lovasz, cross_entropy_share: 1}", "augment.crop=[128, 256]")]
    [InlineData("model={name: unet-resnet50}", "train.accumulate=2", "train.batch=2", "augment.crop=[128, 256]")]
    public void A_run_of_a_whole_network_has_the_same_bits_with_any_number_of_threads(params string[] settings) => AssertSame(settings);

    void AssertSame(string[] settings)
    {
        string[] all = ["train.epochs=~", "train.iterations=2", "validate.every=0", "augment.crop=[64, 64]", .. settings];
        for (var threads = 1; threads <= 3; threads++)
            runs.Train($"by {threads}", null, false, scenes.Root, all, threads: threads);
        var (first, losses) = (runs.Bits("by 1"), runs.Losses("by 1"));
        for (var threads = 2; threads <= 3; threads++)
        {
            Assert.Equal(losses, runs.Losses($"by {threads}"));
            Assert.Equal(first, runs.Bits($"by {threads}"));
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        runs.Dispose();
    }
}
