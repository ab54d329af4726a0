using Hwaso.Checkpoints;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Every architecture of the zoo in its smallest size, with weights by the fixtures' rule, in float64.</summary>
static class NetworkChecks
{
    const int Classes = 19;

    /// <summary>The smallest network of each architecture, and the smallest HRNet with each attention module.</summary>
    // Networks of one description differ in size alone; families list the smallest first.
    public static IEnumerable<ModelDefinition> Architectures => Zoo.All.GroupBy(d => d.Description).Select(g => g.First())
        .Where(d => !d.Name.Contains('+', StringComparison.Ordinal) || d.Name.StartsWith("hrnetv2-w18-small-v1+", StringComparison.Ordinal))
        // The choice of boxes has no gradient.
        .Where(d => d.Task != ModelTask.Detection)
        // A minute by itself, and its parts are in others.
        .Where(d => d.Name != "sanet-efficientnet-b7");

    public static void Run(CheckReport report, Device device)
    {
        foreach (var definition in Architectures)
            report.Run(definition.Name, () =>
            {
                var (answers, lengths) = Evaluate(definition, Device.Cpu);
                var (others, otherLengths) = Evaluate(definition, device);
                return Numbers.Within(Numbers.Exact, "answers", Numbers.Error(answers, others)) + ", "
                    + Numbers.Within(Numbers.Exact, "gradients' lengths", Numbers.Error(lengths, otherLengths));
            });
    }

    /// <summary>A network's answers to the rule's image, and the length of each weight's gradient of half their squares.</summary>
    static (double[] Answers, double[] Lengths) Evaluate(ModelDefinition definition, Device device)
    {
        using var scope = new Scope();
        using var weights = Weights.Create(device, ScalarType.Float64, initialise: false);
        var net = definition.Build(weights, definition.HasClasses ? Classes : 0);
        foreach (var (key, tensor) in weights.State)
            tensor.CopyFrom(FormulaWeights.Fill(key, tensor.Shape));
        net.Eval();
        // Multiples of the patches' 14 pixels, or of the deepest stride.
        long[] size = definition is DinoDefinition ? [1, 3, 56, 84] : [1, 3, 64, 96];
        var image = Tensor.From(FormulaWeights.Fill("input", size)).To(ScalarType.Float64).To(device);
        var answers = net is ISeveralAnswers several ? several.Answers(image) : [net.Call(image)];
        answers.Select(a => (a * a).Sum() * 0.5).Aggregate((a, b) => a + b).Backward();
        var gradients = weights.Parameters.Select(p => p.Value.Grad).OfType<Tensor>();
        return ([.. answers.SelectMany(Numbers.Of)], [.. gradients.Select(g => Math.Sqrt((g * g).Sum().Item()))]);
    }
}
