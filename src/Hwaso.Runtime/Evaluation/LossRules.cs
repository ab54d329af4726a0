using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Losses of classifiers, which some exported graphs hold.</summary>
static class LossRules
{
    public static Rule? Read(NodeAttributes a)
    {
        if (a.Node.Type is not ("NegativeLogLikelihoodLoss" or "SoftmaxCrossEntropyLoss"))
            return null;
        var (isSoftmax, reduction) = (a.Node.Type == "SoftmaxCrossEntropyLoss", a.Text("reduction", "mean"));
        long? ignored = a.Node.Attributes.ContainsKey("ignore_index") ? a.Int("ignore_index", 0) : null;
        return c => Loss(c, isSoftmax, reduction, ignored);
    }

    static Value[] Loss(Call c, bool isSoftmax, string reduction, long? ignored)
    {
        var (x, targets) = (c[0], c[1]);
        if (x.Rank < 2 || targets.Count * x.Shape[1] != x.Count)
            throw c.Refuse($"scores {x} and targets {targets} do not fit each other");
        var (classes, inner, scores) = (x.Shape[1], Value.Product(x.Shape.AsSpan(2)), x.ToDoubles());
        if (isSoftmax)
            LogSoftmax(scores, classes, inner);
        var weights = c.Optional(2)?.ToDoubles();
        var losses = new double[targets.Count];
        double sum = 0, total = 0;
        for (var k = 0; k < losses.Length; k++)
        {
            var target = targets.Ints[k];
            if (target == ignored)
                continue;
            var label = SelectionRules.Index(c, target, classes);
            var weight = weights?[label] ?? 1;
            losses[k] = -scores[(((k / inner * classes) + label) * inner) + (k % inner)] * weight;
            (sum, total) = (sum + losses[k], total + weight);
        }
        var loss = reduction switch
        {
            "none" => new Value(x.Type, targets.Shape, losses),
            "sum" => new Value(x.Type, [], [sum]),
            _ => new Value(x.Type, [], [sum / total]),
        };
        return [loss, new Value(x.Type, x.Shape, scores)];
    }

    static void LogSoftmax(double[] scores, int classes, int inner)
    {
        for (var k = 0; k < scores.Length / classes; k++)
        {
            var start = (k / inner * classes * inner) + (k % inner);
            double most = double.NegativeInfinity, sum = 0;
            for (var j = 0; j < classes; j++)
                most = Math.Max(most, scores[start + (j * inner)]);
            for (var j = 0; j < classes; j++)
                sum += Math.Exp(scores[start + (j * inner)] - most);
            for (var j = 0; j < classes; j++)
                scores[start + (j * inner)] -= most + Math.Log(sum);
        }
    }
}
