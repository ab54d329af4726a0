using Hwaso.Imaging;
using Hwaso.Scenes;

namespace Hwaso.Cli.Tests;

/// <summary>Memory that runs out is a line that says where, on what, and what to do; nothing crashes and nothing is lost.</summary>
public sealed class TooLittleMemoryTests : IDisposable
{
    const string Recipe = """
        name: small
        seed: 7
        model:
          family: hrnetv2
          init: kaiming
          stage1: {blocks: 1, channels: 8}
          stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
          stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
          stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
        data: {layout: cityscapes}
        augment: {crop: [32, 64]}
        train:
          epochs: 1
          batch: 2
          optimizer: {learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0001}
        """;

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-memory").FullName;

    public TooLittleMemoryTests()
    {
        File.WriteAllText(At("small.yaml"), Recipe);
        SceneSet.Write(At("data"), SceneLayout.Cityscapes, count: 4, width: 128, height: 64, seed: 5, val: 2);
        Png.Write(At("large.png"), new RgbImage(4096, 4096));
    }

    [Fact]
    public void Prediction_names_the_module_the_operator_and_its_shapes_or_the_image_and_says_what_helps()
    {
        Assert.Equal(0, CommandLine.Run(Training("run")).Code);

        // On libtorch, which averages with the mirrored image. The first convolution's result alone is 64 × 2048 × 2048 × 4 bytes = 1 GB.
        var network = LimitedProcess.Run(nativeMb: 1200, managedMb: 256, "predict", At("run"), At("large.png"), "--out",
            At("out"), "--flip", "--threads", "1", "--device", "cpu");
        Assert.Equal(1, network.Code);
        Assert.Contains("hwaso predict: too little memory: conv1: aten::conv2d(float32[1, 3, 4096, 4096], float32[64, 3, 3, 3]",
            network.Error, StringComparison.Ordinal);
        Assert.Contains("1073741824 bytes", network.Error, StringComparison.Ordinal);
        Assert.Contains("--crop", network.Error, StringComparison.Ordinal);

        // 48 MB of pixels, and the network has not been asked yet.
        var image = LimitedProcess.Run(
            nativeMb: 8000, managedMb: 44, "predict", At("run"), At("large.png"), "--out", At("out"), "--threads", "1", "--device", "cpu");
        Assert.Equal(1, image.Code);
        Assert.Contains($"{At("large.png")}: too little memory for its 4096×4096 pixels; make it smaller", image.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Time", "Long")]
    public void Prediction_with_less_memory_than_an_image_needs_takes_tiles_and_says_so()
    {
        Assert.Equal(0, CommandLine.Run(Training("run")).Code);
        Png.Write(At("street.png"), new RgbImage(1024, 1024));

        // The first convolution's result alone, 64 × 512 × 512 × 4 bytes = 67 MB, is more than there is; a quarter of the image needs half.
        var line = LimitedProcess.Run(nativeMb: 8000, managedMb: 64, "predict", At("run"), At("street.png"), "--out", At("out"),
            "--threads", "1", "--device", "cpu");

        Assert.True(line.Code == 0, $"exit code {line.Code}: {line.Error}");
        Assert.Matches("1024×1024 pixels need too much memory at once: segmented in [2-9] tiles that overlap\n", line.Error);
        Assert.Equal((1024, 1024), ImageFile.Size(Path.Combine(At("out"), "street.png")));
    }

    [Fact]
    public void Memory_that_matrix_products_need_is_taken_before_images_take_it_or_refused()
    {
        Assert.Equal(0, CommandLine.Run(Training("run")).Code);

        // Windows are summed up by matrix products, in pieces of 128 MiB: whatever the limit is, it ends, and says what is missing.
        foreach (var megabytes in new[] { 500, 800 })
        {
            var line = LimitedProcess.Run(nativeMb: megabytes, managedMb: 128, "predict", At("run"), At("large.png"), "--out",
                At("out"), "--crop", "256x256", "--threads", "1", "--device", "cpu");
            Assert.Equal(1, line.Code);
            Assert.Contains("too little memory", line.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Training_names_the_batch_the_module_and_the_settings_that_help()
    {
        var line = LimitedProcess.Run(nativeMb: 1072, managedMb: 512, Training("large", "--set", "augment.crop=[1024,2048]"));
        Assert.Equal(1, line.Code);
        Assert.Matches(@"hwaso train: too little memory for 2 images of 1024x2048: use a smaller train\.batch .* or augment\.crop; "
            + @"[a-z0-9_.]+: aten::[a-z0-9_.]+\((float32)?\[2, ", line.Error);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string At(string name) => Path.Combine(folder, name);

    string[] Training(string run, params string[] more) =>
        ["train", At("small.yaml"), "--data", At("data"), "--run", At(run), "--threads", "1", "--device", "cpu", .. more];
}
