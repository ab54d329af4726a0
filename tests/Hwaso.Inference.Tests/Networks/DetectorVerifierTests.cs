using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Tests;

namespace Hwaso.Inference.Tests.Networks;

public sealed class DetectorVerifierTests : TensorTest
{
    [Theory]
    [Trait("Time", "Long")]
    [InlineData("faster-rcnn-hrnetv2p-w18", "faster_rcnn_hrnetv2p_w18", 40)]
    public void Large_detectors_answer_and_learn_as_recorded_stage_by_stage(string name, string file, int stages) =>
        Detectors_answer_and_learn_as_recorded_stage_by_stage(name, file, stages);

    [Theory]
    [InlineData("fasterrcnn-resnet50-fpn", "torchvision_fasterrcnn_resnet50_fpn", 40)]
    public void Detectors_answer_and_learn_as_recorded_stage_by_stage(string name, string file, int stages)
    {
        var errors = Verifier.Verify(Zoo.Find(name), Verifier.Formula, Fixture.Read(Fixtures.Path($"detection/{file}.safetensors")), null);

        // The fixtures' own bound: 1e-4 of the largest number; sets give 0 where 99 % agree.
        Assert.All(errors, e => Assert.True(e.Relative <= 1e-4, $"{e.Name}: {e.Absolute:g4}, {e.Relative:g4} of the largest"));
        Assert.True(errors.Count >= stages, $"{errors.Count} stages were compared; at least {stages} were wanted");
        Assert.Contains(errors, e => e.Name == "detections");
    }
}
