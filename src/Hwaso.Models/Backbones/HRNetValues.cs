using Hwaso.Nn;

namespace Hwaso.Models.Backbones;

/// <summary>Initial values that the authors give their networks.</summary>
public static class HRNetValues
{
    /// <summary>That of the authors' normal distributions.</summary>
    public const double Deviation = 0.001;

    /// <summary>Every convolution normal with one deviation; batch norms stay 1 and 0, attention modules keep their own values.</summary>
    /// <param name="weights">The network's.</param>
    /// <param name="deviation">That of the normal distribution.</param>
    /// <param name="except">Modules at the root that keep their values too.</param>
    public static void Normal(Weights weights, double deviation, params IReadOnlyList<string> except)
    {
        foreach (var (name, tensor) in weights.Parameters)
            if (tensor.Dimensions == 4 && !except.Contains(name.Split('.')[0]) && !name.Contains(".deattn.", StringComparison.Ordinal))
                Init.Normal(tensor, deviation);
    }
}
