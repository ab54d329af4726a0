using System.Text.Json;

namespace Hwaso.Checkpoints.Tests;

public sealed class FormulaWeightsTests
{
    [Fact]
    public void Fill_gives_the_recorded_values_of_every_example()
    {
        using var rule = JsonDocument.Parse(File.ReadAllText(Fixture.Of("formula", "rule.json")));
        var examples = rule.RootElement.GetProperty("examples").EnumerateArray().ToList();
        Assert.Equal(6, examples.Count);
        foreach (var example in examples)
        {
            var shape = example.GetProperty("shape").EnumerateArray().Select(static s => s.GetInt64()).ToArray();
            var first = example.GetProperty("first").EnumerateArray().Select(static v => (float)v.GetDouble()).ToArray();
            var tensor = FormulaWeights.Fill(example.GetProperty("key").GetString()!, shape);
            Assert.Equal(shape, tensor.Shape);
            Assert.Equal(first, tensor.ToFloats()[..first.Length]);
        }
    }

    [Fact]
    public void Fill_gives_an_integer_zero_when_the_key_counts_batches()
    {
        var tensor = FormulaWeights.Fill("stage2.0.bn1.num_batches_tracked");
        Assert.Equal(ElementType.Int64, tensor.Type);
        Assert.Empty(tensor.Shape);
        Assert.Equal([0L], tensor.ToInt64s());
    }

    [Theory]
    [InlineData("cls_token", 0.5, 1, 1, 384)]
    [InlineData("blocks.0.ls1.gamma", 1.5, 384)]
    [InlineData("conv.weight", 0.5, 4, 3, 2, 2)] // sqrt(3 / 12)
    public void Fill_stays_within_the_range_that_the_rule_names(string key, double bound, params int[] shape)
    {
        var values = FormulaWeights.Fill(key, Array.ConvertAll(shape, static s => (long)s)).ToFloats();
        Assert.All(values, v => Assert.InRange(Math.Abs(v), 0, bound));
        Assert.True(values.Max() > 0.8 * bound);
    }

    [Fact]
    public void Fill_refuses_a_shape_that_no_memory_holds() =>
        Assert.Throws<ArgumentException>(() => FormulaWeights.Fill("w", 1L << 40, 1L << 40));
}
