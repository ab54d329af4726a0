namespace Hwaso.Nn;

/// <summary>A 3×3 convolution of stride 2, padded by 1, in one group.</summary>
/// <param name="Images">N.</param>
/// <param name="Cin">Input channels.</param>
/// <param name="Cout">Output channels.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
readonly record struct HalvingShape(int Images, int Cin, int Cout, int Height, int Width)
{
    /// <summary>The input's planes.</summary>
    public SameConvShape Input => new(Images, Cin, Cin, Height, Width);

    /// <summary>The output's planes.</summary>
    public SameConvShape Output => new(Images, Cout, Cout, (Height + 1) / 2, (Width + 1) / 2);

    public long MultiplyAdds => (long)Images * Cin * Cout * 9 * Output.Pixels;
}

/// <summary>
/// Two outputs of stride 2 along an axis, with weights w and the inputs o₀ e₀ o₁ e₁ o₂, are A₁ + A₂ and A₂ + A₃, where
/// A₁ = (o₀ − o₁) w₀ + e₀ w₁, A₂ = o₁ (w₀ + w₂) and A₃ = (o₂ − o₁) w₂ + e₁ w₁: five products for six. Tiles of 2×2 outputs take 25 for 36,
/// in 9 sums. The gradient of the inputs takes as many: with gradients g₀ g₁ g₂ it is g₀ w₁ and g₁ w₁ at e, and B₀ + B₁ and B₁ + B₂ at o,
/// where B₀ = (g₀ − g₁) w₂, B₁ = g₁ (w₀ + w₂) and B₂ = (g₂ − g₁) w₀.
/// </summary>
static class HalvingScheme
{
    /// <summary>Products of a tile.</summary>
    public const int Products = 25;

    /// <summary>Sums of a tile's outputs, and factors of its gradients.</summary>
    public const int Sums = 9;

    /// <summary>Factors of a tile's gradients on the way back.</summary>
    public const int BackFactors = 16;

    // Along an axis: the sum of each product, its place in the sum; the products of each sum.
    static readonly int[] sums = [0, 0, 1, 2, 2], places = [0, 1, 0, 0, 1], terms = [2, 1, 2];

    // Along an axis, of each sum on the way back: its factor of the gradients, and of the weights.
    static readonly int[] gradients = [0, 1, 2, 3, 1], weights = [0, 1, 2, 3, 3];

    /// <summary>Products of a sum.</summary>
    public static int Terms(int sum) => terms[sum / 3] * terms[sum % 3];

    /// <summary>The sum of a product, and its place among the sum's products, which are summed one after the other.</summary>
    public static (int Sum, int Place) Of(int product)
    {
        var (y, x) = Math.DivRem(product, 5);
        return (sums[y] * 3 + sums[x], places[y] * terms[sums[x]] + places[x]);
    }

    /// <summary>The factors of gradients and of weights that a sum of the way back takes.</summary>
    public static (int Gradient, int Weight) Back(int sum)
    {
        var (y, x) = Math.DivRem(sum, 5);
        return (gradients[y] * 4 + gradients[x], weights[y] * 4 + weights[x]);
    }
}
