using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Models.Heads;

/// <summary>What queries say of an image: a class, or none, and a mask from each of Q.</summary>
/// <param name="ClassLogits">[N, Q, K + 1]; the last class means that there is no object.</param>
/// <param name="MaskLogits">[N, Q, h, w].</param>
public sealed record MaskPrediction(Tensor ClassLogits, Tensor MaskLogits) : ITensors
{
    /// <inheritdoc/>
    public IEnumerable<Tensor> All => [ClassLogits, MaskLogits];

    /// <summary>
    /// A score for each class at each pixel, [N, K, h, w]: over all queries the sum of the class's probability times the mask's. Cheng et
    /// al., "Per-pixel classification is not all you need for semantic segmentation", NeurIPS 2021.
    /// </summary>
    public Tensor Semantic()
    {
        var (batch, height, width) = (MaskLogits.Size(0), MaskLogits.Size(2), MaskLogits.Size(3));
        var classes = ClassLogits.Size(2) - 1;
        var probabilities = ClassLogits.Softmax(2).Narrow(2, 0, classes).Transpose(1, 2);                       // [N, K, Q]
        return probabilities.Times(MaskLogits.Sigmoid().Flatten(2)).Reshape(batch, classes, height, width);
    }

    /// <summary>
    /// The scores at an image's size: masks are enlarged before they are probabilities, as the authors do, and lose what the image was
    /// padded by right and below.
    /// </summary>
    /// <param name="height">Height of the image.</param>
    /// <param name="width">Its width.</param>
    /// <param name="multiple">To multiples of which its sides were padded.</param>
    public Tensor Semantic(long height, long width, int multiple)
    {
        var (right, below) = ImagePadding.Missing(height, width, multiple);
        var masks = MaskLogits.ResizeBilinear(height + below, width + right);
        if (below > 0)
            masks = masks.Narrow(2, 0, height);
        if (right > 0)
            masks = masks.Narrow(3, 0, width);
        return new MaskPrediction(ClassLogits, masks).Semantic();
    }
}

/// <summary>A segmentation network that answers with classes and masks of queries: EoMT, Mask2Former.</summary>
public interface IMaskQueries
{
    /// <summary>Q, the most objects that it can find.</summary>
    int Queries { get; }

    /// <summary>To multiples of which an image's sides are padded, right and below; masks are for the padded image.</summary>
    int Multiple { get; }

    /// <summary>What the queries say in the end, as the network's scores are made of it.</summary>
    /// <param name="image">[N, 3, H, W], normalised.</param>
    MaskPrediction Answer(Tensor image);

    /// <summary>What the queries say, from layer to layer; training looks at all, the answer comes from the last.</summary>
    /// <param name="image">[N, 3, H, W], normalised.</param>
    IReadOnlyList<MaskPrediction> Predictions(Tensor image);
}

/// <summary>A network with queries that answers with what they say, and not with scores, where it is recorded and exported.</summary>
/// <param name="net">The network.</param>
public sealed class QueryOutputs(SegmentationNet net) : Net(net.Weights), ISeveralAnswers
{
    /// <summary>The names of its answers: K + 1 logits of each query's class, and the logits of its mask.</summary>
    public static IReadOnlyList<string> Names { get; } = ["classes", "masks"];

    readonly IMaskQueries queries = net as IMaskQueries
        ?? throw new ArgumentException($"a network of {net.GetType().Name} has no queries; EoMT or Mask2Former was wanted");

    /// <inheritdoc/>
    public Tensor[] Answers(Tensor image) => [.. queries.Answer(image).All];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Answers(x)[0];
}

/// <summary>Layers with an activation between them, numbered as in PyTorch's Sequential: D to D.</summary>
sealed class MaskEmbedding : Net
{
    readonly Linear[] layers;
    readonly Net activation;

    /// <summary>Three layers.</summary>
    /// <param name="w">Their place.</param>
    /// <param name="width">D.</param>
    /// <param name="step">From one layer's number to the next: 2 where activations are numbered too.</param>
    /// <param name="build">Builds the activation.</param>
    public MaskEmbedding(Weights w, int width, int step, Func<Weights, Net> build) : base(w)
    {
        layers = [.. Enumerable.Range(0, 3).Select(k => new Linear(w / (k * step), width, width))];
        activation = build(w / "act");
    }

    protected override Tensor Forward(Tensor x)
    {
        for (var k = 0; k < layers.Length; k++)
            x = k == layers.Length - 1 ? x.Apply(layers[k]) : x.Apply(layers[k]).Apply(activation);
        return x;
    }
}

/// <summary>Zeros right of and below an image.</summary>
static class ImagePadding
{
    /// <summary>How many columns and rows are missing to multiples.</summary>
    public static (long Right, long Below) Missing(long height, long width, int multiple) =>
        ((multiple - width % multiple) % multiple, (multiple - height % multiple) % multiple);

    /// <summary>The image with sides that are multiples.</summary>
    public static Tensor To(Tensor image, int multiple)
    {
        var (right, below) = Missing(image.Size(2), image.Size(3), multiple);
        return right + below == 0 ? image : Aten.Pad(image, [0, right, 0, below], value: 0);
    }
}
