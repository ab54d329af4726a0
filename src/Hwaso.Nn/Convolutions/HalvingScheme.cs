namespace Hwaso.Nn;

/// <summary>
/// Along an axis two outputs of stride 2, with weights w0 w1 w2 and inputs o0 e0 o1 e1 o2, are a + b and b + c, where
/// a = (o0 - o1) w0 + e0 w1, b = o1 (w0 + w2) and c = (o2 - o1) w2 + e1 w1: five products for six. Tiles of 2×2 outputs take 25 for 36,
/// in 9 sums. The gradient of the inputs takes as many: with gradients g0 g1 g2 it is g0 w1 and g1 w1 at e0 and e1, and a + b and b + c
/// at o1 and o2, where a = (g0 - g1) w2, b = g1 (w0 + w2) and c = (g2 - g1) w0.
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
