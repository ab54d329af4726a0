using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>A weight for each class, as a tensor of whatever type and device the logits have.</summary>
sealed class ClassWeights : IDisposable
{
    readonly double[] values;
    Tensor? tensor;

    /// <exception cref="ArgumentException">A negative weight.</exception>
    public ClassWeights(double[] values)
    {
        if (Array.FindIndex(values, w => !(w >= 0)) is >= 0 and var bad)
            throw new ArgumentException($"class {bad} has the weight {values[bad]}: 0 or more was wanted");
        this.values = values;
    }

    /// <summary>The weights.</summary>
    public IReadOnlyList<double> Values => values;

    /// <summary>The weights [K] for logits [N, K, H, W].</summary>
    /// <exception cref="ArgumentException">There are not K of them.</exception>
    public Tensor For(Tensor logits)
    {
        if (values.Length != logits.Size(1))
            throw new ArgumentException($"{values.Length} class weights for logits of {logits.Size(1)} classes; give one for each class");
        if (tensor is not null && tensor.Type == logits.Type && tensor.Device == logits.Device)
            return tensor;
        using var scope = new Scope();
        tensor?.Dispose();
        return tensor = scope.Keep(Tensor.From(values).To(logits.Type).To(logits.Device)).Own();
    }

    public void Dispose() => tensor?.Dispose();
}
