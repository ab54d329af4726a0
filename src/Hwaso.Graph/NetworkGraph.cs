using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Graph;

/// <summary>A network as one evaluation forward went through it: operators in order, values between them, modules around them.</summary>
/// <param name="Values">Every tensor, by number.</param>
/// <param name="Nodes">Every operator call, in order.</param>
/// <param name="Places">Every module run, in the order in which they began.</param>
/// <param name="Inputs">The numbers of the network's inputs.</param>
/// <param name="Outputs">The numbers of its outputs.</param>
public sealed record NetworkGraph(
    IReadOnlyList<GraphValue> Values,
    IReadOnlyList<GraphNode> Nodes,
    IReadOnlyList<GraphPlace> Places,
    IReadOnlyList<int> Inputs,
    IReadOnlyList<int> Outputs)
{
    /// <summary>The numbers of tensors that follow from weights alone, such as a position embedding resized to the image, by their number; empty where they were not kept.</summary>
    public IReadOnlyDictionary<int, HostTensor> Constants { get; init; } = new Dictionary<int, HostTensor>();

    /// <summary>Runs the network once on zeros of a shape, as <see cref="Of(Net, Tensor, bool)"/> does on an example.</summary>
    /// <param name="net">The network; its mode is put back afterwards.</param>
    /// <param name="shape">The input's shape, such as [1, 3, 480, 480].</param>
    /// <param name="keepConstants">Whether <see cref="Constants"/> are kept, as an export wants them.</param>
    /// <exception cref="TorchException">The network refuses the shape.</exception>
    public static NetworkGraph Of(Net net, long[] shape, bool keepConstants = false)
    {
        using var scope = new Scope();
        return Of(net, Tensor.Zeros(shape, net.Weights.Type, net.Weights.Device), keepConstants);
    }

    /// <summary>Runs the network once on an example, in evaluation mode and without gradients, and tells what happened.</summary>
    /// <param name="net">The network; its mode is put back afterwards.</param>
    /// <param name="example">An input of the size that the graph is to be of.</param>
    /// <param name="keepConstants">Whether <see cref="Constants"/> are kept, as an export wants them.</param>
    /// <exception cref="TorchException">The network refuses the example.</exception>
    public static NetworkGraph Of(Net net, Tensor example, bool keepConstants = false)
    {
        var training = net.IsTraining;
        var recorder = new Recorder(keepConstants);
        foreach (var (name, tensor) in net.Weights.Parameters)
            recorder.Register(tensor, name, isParameter: true);
        foreach (var (name, tensor) in net.Weights.Buffers)
            recorder.Register(tensor, name, isParameter: false);
        var input = recorder.RegisterInput(example);
        net.Eval();
        try
        {
            using var scope = new Scope();
            using var off = new NoGrad();
            using var observation = Door.Observe(recorder);
            var outputs = net is ISeveralAnswers several ? several.Answers(example) : [net.Call(example)];
            return recorder.Finish([input], [.. outputs.Select(recorder.Find)]);
        }
        finally
        {
            if (training)
                net.Train();
        }
    }

    /// <summary>The graph of a network that is built and run in shapes alone, without its numbers: the same as <see cref="Of(Net, long[], bool)"/> gives, in milliseconds and without its memory, whatever the size.</summary>
    /// <param name="build">Builds the network at a root, on the processor.</param>
    /// <param name="shape">The input's shape, such as [1, 3, 480, 480].</param>
    /// <exception cref="TorchException">The network refuses the shape.</exception>
    public static NetworkGraph Sketch(Func<Weights, Net> build, long[] shape)
    {
        using var rules = new ShapeRules();
        using var scope = new Scope();
        using var replaced = Door.Replace(rules);
        using var weights = Weights.Create(initialise: false);
        return Of(build(weights), rules.Hollow(shape, weights.Type, weights.Device));
    }

    /// <summary>The nodes whose calling module is at or under a path.</summary>
    public IEnumerable<GraphNode> Under(string path) =>
        Nodes.Where(n => path.Length == 0 || n.Place == path || n.Place.StartsWith(path + ".", StringComparison.Ordinal));
}
