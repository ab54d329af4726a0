using System.Text.Json.Nodes;
using Hwaso.Tests;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>Against values that PyTorch 1.13 drew from seed 0 (tests/fixtures/reference/initialisation.json).</summary>
public sealed class InitTests : TensorTest
{
    static readonly JsonObject cases =
        JsonNode.Parse(File.ReadAllText(Fixtures.Path("reference/initialisation.json")))!["cases"]!.AsObject();

    [Fact]
    public void Uniform_fills_are_PyTorchs_bit_for_bit()
    {
        // u · (to - from) + from: every bit where that is fused as in the recording, a rounding apart where it is not.
        var tolerance = TorchFuses ? 0 : Math.Pow(2, -23);
        AssertClose(Recorded("kaiming_uniform_fan_in_relu"), Drawn(t => Init.KaimingUniform(t, 0)), tolerance, "kaiming");
        AssertClose(Recorded("xavier_uniform"), Drawn(Init.XavierUniform), tolerance, "xavier");
    }

    [Fact]
    public void Normal_fills_are_PyTorchs_but_for_the_last_places()
    {
        // Normal fills take the processor's vector sine and logarithm, which may differ in a last place or two.
        AssertClose(Recorded("kaiming_normal_fan_out_relu"), Drawn(t => Init.KaimingNormal(t)), 4 * Math.Pow(2, -23), "kaiming");
        AssertClose(Recorded("normal_0.001"), Drawn(t => Init.Normal(t, 0.001)), 4 * Math.Pow(2, -23), "normal");
    }

    [Fact]
    public void Truncated_normal_fills_are_PyTorchs_but_for_the_last_places()
    {
        // The inverse error function is a vector routine too; its last place or two may differ between processors.
        AssertClose(Recorded("trunc_normal_0.02"), Drawn(t => Init.TruncatedNormal(t, 0.02), 4, 5), 4 * Math.Pow(2, -23),
            "truncated normal");
        // A deviation as wide as the cut: all values within it, none piled up on it.
        Assert.All(Drawn(t => Init.TruncatedNormal(t, 2), 100, 100), v => Assert.InRange(Math.Abs(v), 0, 1.99999));
    }

    [Fact]
    public void Fans_count_the_kernel_and_want_two_dimensions()
    {
        using var scope = new Scope();
        Assert.Equal(27, Init.FanIn(Tensor.Zeros([8, 3, 3, 3])));
        Assert.Equal(72, Init.FanOut(Tensor.Zeros([8, 3, 3, 3])));
        Assert.Equal(5, Init.FanIn(Tensor.Zeros([4, 5])));
        Assert.Contains("float32[4]", Assert.Throws<ArgumentException>(() => Init.FanIn(Tensor.Zeros([4]))).Message,
            StringComparison.Ordinal);
    }

    static float[] Drawn(Action<Tensor> fill) => Drawn(fill, 8, 3, 3, 3);

    static float[] Drawn(Action<Tensor> fill, params long[] shape)
    {
        using var scope = new Scope();
        var tensor = Tensor.Empty(shape);
        RandomState.Seed(0);
        fill(tensor);
        return tensor.ToArray<float>();
    }

    static float[] Recorded(string name) => cases[name]!["weight"]!.AsArray().Select(n => n!.GetValue<float>()).ToArray();
}
