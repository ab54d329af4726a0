using Hwaso.Models.Heads;
using Hwaso.Nn;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Models.Tests.Modern;

/// <summary>mmsegmentation's heads in training: answers, running statistics and all gradients, those of their maps included.</summary>
public sealed class HeadGradientTests : TensorTest
{
    const int Classes = 5;

    [Theory]
    [InlineData("psp_head_train")]
    [InlineData("sep_aspp_head_train")]
    [InlineData("uper_head_train")]
    public void A_head_has_mmsegmentations_gradients(string file)
    {
        DecodeHead config = file switch
        {
            "psp_head_train" => new PspHead { Channels = 8, Dropout = 0 },
            "sep_aspp_head_train" => new SeparableAsppHead { Channels = 8, FineChannels = 4, Dropout = 0, Rates = [2, 4, 6] },
            _ => new UperHead { Channels = 8, Dropout = 0 },
        };
        long[][] sizes = file switch
        {
            "psp_head_train" => [[10, 9, 13]],
            "sep_aspp_head_train" => [[6, 20, 26], [12, 10, 13]],
            _ => [[6, 20, 26], [8, 10, 13], [10, 5, 7], [12, 3, 4]],
        };
        using var scope = new Scope();
        using var weights = Weights.Create(initialise: false);
        var head = config.Build(weights / "head", [.. sizes.Select(s => (int)s[0])], Classes);
        var answer = ModernAnswer.Read($"small/{file}");
        answer.Fill(weights);
        head.Train();
        // The maps of each image stand one behind the other in a row.
        var input = answer.Input;
        input.RequiresGrad = true;
        var (maps, at) = (new List<Tensor>(), 0L);
        foreach (var size in sizes)
        {
            maps.Add(input.Narrow(1, at, size[0] * size[1] * size[2]).Reshape(input.Size(0), size[0], size[1], size[2]));
            at += size[0] * size[1] * size[2];
        }
        Assert.Equal(input.Size(1), at);
        answer.CheckGradients(weights, input, [("output", head.Call([.. maps]))]);
        foreach (var name in answer.Afterwards)
        {
            var (distance, largest) = answer.Compare($"after.{name}", weights.State.Single(s => s.Key == name).Value);
            Assert.True(distance <= 1e-5 * largest, $"{name}: {distance} of {largest}");
        }
    }
}
