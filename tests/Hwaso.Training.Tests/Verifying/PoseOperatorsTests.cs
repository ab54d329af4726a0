using System.Text.Json.Nodes;
using Hwaso.Checkpoints;
using Hwaso.Tests;
using Hwaso.Training.Verifying;

namespace Hwaso.Training.Tests.Verifying;

/// <summary>Every operator of poses against the recorded answers of the authors' code, OpenCV 4.6 and mmpose.</summary>
public sealed class PoseOperatorsTests : TensorTest
{
    public static TheoryData<string, string, int> Recorded => new()
    {
        { "pose-warp", "warp.safetensors", 19 },
        { "pose-augment", "augment.json", 10 },
        { "pose-targets", "targets.safetensors", 3 },
        { "pose-targets", "targets_384x288.safetensors", 1 },
        { "pose-targets", "targets.json", 4 },
        { "pose-decode", "decode.safetensors", 4 },
        { "pose-loss", "loss.safetensors", 11 },
        { "oks", "oks.safetensors", 6 },
        { "pose-unbiased", "unbiased.safetensors", 15 },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void An_operator_gives_the_recorded_answers(string name, string file, int cases)
    {
        var check = Run(name, Fixtures.Path($"pose/{file}"));

        Assert.True(check.Failed == 0, string.Join('\n', check.Failures));
        Assert.Equal(cases, check.Cases);
    }

    [Fact]
    public void A_changed_answer_is_found()
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-operators").FullName;
        try
        {
            foreach (var extension in new[] { "json", "safetensors" })
                File.Copy(Fixtures.Path($"pose/oks.{extension}"), Path.Combine(folder, $"oks.{extension}"));
            var path = Path.Combine(folder, "oks.json");
            var json = JsonNode.Parse(File.ReadAllText(path))!;
            json["cases"]![1]!["oks_nms_0.9"] = new JsonArray(0, 1);
            File.WriteAllText(path, json.ToJsonString());

            var check = Run("oks", path);

            Assert.Equal(1, check.Failed);
            Assert.Contains("case1, oks_nms_0.9: 1, 0; recorded 0, 1", check.Failures[0], StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_fixture_of_another_operator_names_what_is_missing()
    {
        var error = Assert.Throws<CheckpointException>(() => Run("pose-warp", Fixtures.Path("pose/oks.safetensors")));

        Assert.Contains("image", error.Message, StringComparison.Ordinal);
    }

    static OperatorCheck Run(string name, string path)
    {
        var check = new OperatorCheck();
        PoseOperators.All[name](OperatorFixture.Read(path), check);
        return check;
    }
}
