using Hwaso.Tests;
using Hwaso.Training.Verifying;

namespace Hwaso.Training.Tests.Verifying;

public sealed class BoxOperatorTests : TensorTest
{
    // With the least number of cases that a file holds.
    public static TheoryData<string, string, int> Recorded => new()
    {
        { "anchors", "anchors.safetensors", 5 },
        { "box-coder", "coder.safetensors", 19 },
        { "iou", "iou.safetensors", 4 },
        { "nms", "nms.json", 6 },
        { "roi-align", "roi_align.safetensors", 14 },
        { "levels", "levels.safetensors", 3 },
        { "assign", "assign.safetensors", 28 },
        { "stages", "stages.safetensors", 9 },
        { "detection-losses", "losses.safetensors", 6 },
        { "resize-rules", "resize.safetensors", 15 },
        { "rle", "masks.safetensors", 50 },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Operators_answer_as_recorded(string name, string file, int cases)
    {
        var check = new OperatorCheck();
        BoxOperators.All[name](OperatorFixture.Read(Fixtures.Path($"detection/{file}")), check);

        Assert.True(check.Failed == 0, string.Join("\n", check.Failures.Take(20)));
        Assert.True(check.Cases >= cases, $"{check.Cases} cases were found; at least {cases} were wanted");
    }

    [Fact]
    public void Every_operator_is_compared()
    {
        Assert.Equal(BoxOperators.All.Keys.Order(), Recorded.Select(row => (string)row[0]).Order());
    }

    [Fact]
    public void A_case_with_another_answer_fails()
    {
        var check = new OperatorCheck();
        check.Begin("one");
        check.Near("numbers", [1f, 2f], [1f, 2.1f], 1e-3);

        Assert.Equal((1, 1), (check.Cases, check.Failed));
    }
}
