using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>
/// The Lovász extension of 1 − IoU at the softmax's errors, over all pixels of the batch that count, averaged over the classes that are in
/// the labels. Berman et al., "The Lovász-softmax loss", CVPR 2018.
/// </summary>
/// <param name="ignoreIndex">The label that does not count.</param>
/// <param name="alignCorners">How logits of another size are brought to the labels'.</param>
public sealed class LovaszSoftmax(int ignoreIndex = 255, bool alignCorners = false) : IPixelLoss
{
    /// <inheritdoc/>
    public Tensor Of(Tensor logits, Tensor labels)
    {
        logits = PixelLogits.AtSizeOf(logits, labels, alignCorners);
        var classes = logits.Size(1);
        var members = PixelLogits.Memberships(labels, classes, ignoreIndex, logits.Type);                    // [K, P]
        // An ignored pixel is in error by 0: sorted to the end, it changes no intersection and no union before it.
        var counted = PixelLogits.Counted(labels, ignoreIndex, logits.Type).Flatten();                       // [P]
        var errors = Aten.Abs(members - logits.Softmax(1).Transpose(0, 1).Flatten(1)) * counted;             // [K, P]
        var sizes = members.Sum([1]).ToArray<double>();
        var present = Enumerable.Range(0, (int)classes).Where(k => sizes[k] > 0).ToArray();
        // Class by class, because sorting all of them at once would take K times the memory.
        var costs = present.Select(k => OfClass(Aten.Select(errors, 0, k), Aten.Select(members, 0, k))).ToArray();
        return costs.Length == 0 ? errors.Sum() * 0 : costs.Aggregate((a, b) => a + b) / costs.Length;
    }

    /// <summary>It holds nothing.</summary>
    public void Dispose()
    {
    }

    static Tensor OfClass(Tensor errors, Tensor members)
    {
        const int Dimension = 0;
        var sorted = Aten.CallAll(Sort, errors, Dimension, true);
        var (descending, order) = (sorted[0].AsTensor(), sorted[1].AsTensor());
        return (descending * Slopes(Aten.IndexSelect(members, 0, order))).Sum();
    }

    /// <summary>How much the Jaccard loss grows with each further error, the largest first: the extension's weight of each error.</summary>
    static Tensor Slopes(Tensor members)
    {
        using var scope = new Scope();
        using var off = new Torch.Autograd.NoGrad();
        var intersection = members.Sum() - RunningSums(members);
        var union = members.Sum() + RunningSums(members * -1 + 1);
        var loss = intersection / union * -1 + 1;
        var pixels = loss.Size(0);
        return scope.Keep(Tensor.Concat([loss.Narrow(0, 0, 1), loss.Narrow(0, 1, pixels - 1) - loss.Narrow(0, 0, pixels - 1)], 0));
    }

    /// <summary>How many ones there are up to each place of zeros and ones.</summary>
    static Tensor RunningSums(Tensor ones)
    {
        const int Dimension = 0;
        // On CUDA libtorch refuses running sums of floating-point numbers in deterministic processes. Whole numbers are exact in any order.
        return TorchInfo.IsDeterministic
            ? Aten.Call(RunningSum, ones.To(ScalarType.Int64), Dimension).AsTensor().To(ones.Type)
            : Aten.Call(RunningSum, ones, Dimension).AsTensor();
    }

    static readonly Operator Sort = new("aten::sort"), RunningSum = new("aten::cumsum");
}
