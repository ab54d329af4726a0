using Hwaso.Runtime.Format;
using Hwaso.Runtime.Operators;

namespace Hwaso.Runtime.Evaluation;

/// <summary>Finds the rule that computes a node.</summary>
static class RuleBook
{
    /// <param name="attributes">The node's attributes; the rule reads those that it knows.</param>
    /// <param name="read">Reads a graph in an attribute.</param>
    /// <exception cref="ModelFormatException">The operator, or what an attribute asks for, is not supported.</exception>
    public static Rule Read(NodeAttributes attributes, Func<OnnxGraph, EvaluatedGraph> read) =>
        FunctionRules.Read(attributes)
        ?? ArithmeticRules.Read(attributes)
        ?? CastRules.Read(attributes)
        ?? ReductionRules.Read(attributes)
        ?? OrderRules.Read(attributes)
        ?? ShapeRules.Read(attributes)
        ?? SelectionRules.Read(attributes)
        ?? ScatterRules.Read(attributes)
        ?? NormalisationRules.Read(attributes)
        ?? WindowRules.Read(attributes)
        ?? ProductRules.Read(attributes)
        ?? AttentionRules.Read(attributes)
        ?? ImageRules.Read(attributes)
        ?? ResizeRules.Read(attributes)
        ?? QuantisationRules.Read(attributes)
        ?? LossRules.Read(attributes)
        ?? SignalRules.Read(attributes)
        ?? ControlRules.Read(attributes, read)
        ?? throw attributes.Refuse($"operator {attributes.Node.Type} is not supported");
}
