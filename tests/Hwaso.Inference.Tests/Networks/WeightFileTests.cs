using Hwaso.Checkpoints;
using Hwaso.Inference.Networks;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Tests;

namespace Hwaso.Inference.Tests.Networks;

/// <summary>Files that lack, or have besides, what takes no part in a network.</summary>
public sealed class WeightFileTests : TensorTest
{
    readonly string folder = Directory.CreateTempSubdirectory("hwaso-weights").FullName;

    [Theory]
    [InlineData("segformer-b0", "decode_head.conv_seg.", "")]
    [InlineData("ddrnet23-slim", "", "loss.criterion.weight")]
    [InlineData("stdc1", "cp.backbone.linear.", "cp.backbone.features.0.conv.weight")]
    public void What_takes_no_part_is_neither_missed_nor_unexpected(string name, string lacks, string has)
    {
        var definition = Zoo.FindSegmentation(name);
        if (definition is StdcDefinition stdc)
            definition = stdc with { Config = new() { Width = 16 } };
        using var weights = Weights.Create(initialise: false);
        definition.Build(weights, 3);
        var tensors = weights.State.Where(s => lacks.Length == 0 || !s.Key.StartsWith(lacks, StringComparison.Ordinal))
            .Select(s => KeyValuePair.Create(s.Key, FormulaWeights.Fill(s.Key, s.Value.Shape))).ToList();
        Assert.NotEqual(lacks.Length == 0, tensors.Count < weights.State.Count());
        if (has.Length > 0)
            tensors.Add(KeyValuePair.Create(has, FormulaWeights.Fill(has, 3)));
        var file = Path.Combine(folder, "weights.safetensors");
        SafeTensors.Write(file, tensors);

        var report = WeightFile.Load(weights, TensorFile.Read(file));

        Assert.Empty(report.Missing);
        Assert.Empty(report.Unexpected);
        Assert.Equal(tensors.Count - (has.Length > 0 ? 1 : 0), report.Loaded.Count);
    }

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
