using Hwaso.Checkpoints;
using Hwaso.Tests;

namespace Hwaso.Inference.Tests.Boxes;

/// <summary>
/// Exported detectors of each convention on Hwaso.Runtime, and ONNX Runtime's recorded answers, against libtorch. With HWASO_ONNXRUNTIME
/// (`make agreement`, which compares whole networks) ONNX Runtime answers anew and is recorded.
/// </summary>
public sealed class ExportedDetectorTests : TensorTest
{
    const int Most = 12, Side = 28;

    // Sides of which none is a multiple of 32.
    const int Height = 70, Width = 100;

    // Sums of some hundred products in single precision, through a sigmoid.
    const float Masks = 1e-4f;

    const string HRNet = """
        family: mask-rcnn-hrnetv2p
        anchor_scale: 3
        pyramid_channels: 16
        head_width: 64
        stage1: {blocks: 1, channels: 4}
        stage2: {modules: 1, blocks: [1, 1], channels: [4, 8]}
        stage3: {modules: 1, blocks: [1, 1, 1], channels: [4, 8, 16]}
        stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [4, 8, 16, 32]}
        """;

    const string ResNet = """
        family: maskrcnn-resnet-fpn
        anchor_scale: 3
        pyramid_channels: 16
        head_width: 64
        resnet: {blocks: [1, 1, 1, 1], widths: [4, 8, 8, 16], stem_channels: 8}
        """;

    static readonly string recorded = Fixtures.Path("onnx/detectors.safetensors");

    readonly string folder = Directory.CreateTempSubdirectory("hwaso-exported").FullName;

    [Theory]
    [InlineData("authors", $"{HRNet}\nconventions: authors")]
    [InlineData("mmdetection", $"{HRNet}\nconventions: mmdetection")]
    [InlineData("torchvision", ResNet)]
    public void Exported_detector_finds_what_libtorch_finds(string conventions, string model)
    {
        using var detector = new FormulaDetector(Path.Combine(folder, "formula.safetensors"), model, Height, Width, Most);
        (float[], IReadOnlyList<long>)[] inputs = [(detector.Image.ToArray<float>(), detector.Image.Shape), (FormulaDetector.Scales, [2])];
        if (Environment.GetEnvironmentVariable("HWASO_ONNXRUNTIME") is { Length: > 0 } script)
            Record(conventions, script, detector.Export(isFixed: false, folds: false), inputs);

        Assert.Equal(Most, detector.Found.Count);
        Assert.True(detector.Found.Select(f => f.Detection.Label).Distinct().Count() > 1, "of one class alone");
        Agree(ManagedRuntime.Answers(detector.Export(isFixed: false, folds: true), inputs), "at free sizes");
        Agree(ManagedRuntime.Answers(detector.Export(isFixed: true, folds: false), inputs), "at one size");
        var file = TensorFile.Read(recorded).Tensors;
        Agree([file[$"{conventions}.detections"].ToFloats(), file[$"{conventions}.masks"].ToFloats()], "on ONNX Runtime");

        void Agree(IReadOnlyList<float[]> answers, string where)
        {
            var (alone, masks) = detector.Compare(answers);
            Assert.True(alone == 0 && masks <= Masks, $"{where}: {alone} detections are in one answer alone, masks differ by {masks:g3}");
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static void Record(string conventions, string script, byte[] file, (float[], IReadOnlyList<long>)[] inputs)
    {
        using var peer = new OnnxRuntimeProcess(script);
        var answers = peer.Answers(file, inputs);
        var all = File.Exists(recorded) ? TensorFile.Read(recorded).Tensors.ToDictionary(t => t.Key, t => t.Value) : [];
        all[$"{conventions}.detections"] = HostTensor.Of(answers[0], 1, Most, 6);
        all[$"{conventions}.masks"] = HostTensor.Of(answers[1], 1, Most, Side, Side);
        SafeTensors.Write(
            recorded, all.OrderBy(t => t.Key, StringComparer.Ordinal), new Dictionary<string, string> { ["onnxruntime"] = peer.Version });
    }
}
