using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Graph;

/// <summary>A network as one evaluation forward ran it: operators in order, values between them, modules around them.</summary>
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
    /// <summary>
    /// The contents of tensors that follow from weights alone, such as a position embedding resized to the image, by number; empty unless
    /// kept.
    /// </summary>
    public IReadOnlyDictionary<int, HostTensor> Constants { get; init; } = new Dictionary<int, HostTensor>();

    /// <summary>Runs the network once on zeros of a shape, as <see cref="Of(Net, Tensor, bool)"/> does on an example.</summary>
    /// <param name="net">The network; its mode is restored afterwards.</param>
    /// <param name="shape">The input's shape, such as [1, 3, 480, 480].</param>
    /// <param name="keepConstants">Whether <see cref="Constants"/> are kept; an export needs them.</param>
    /// <exception cref="TorchException">The network refuses the shape.</exception>
    public static NetworkGraph Of(Net net, long[] shape, bool keepConstants = false)
    {
        using var scope = new Scope();
        return Of(net, Tensor.Zeros(shape, net.Weights.Type, net.Weights.Device), keepConstants);
    }

    /// <summary>Runs the network once on an example, in evaluation mode and without gradients, and records every operator.</summary>
    /// <param name="net">The network; its mode is restored afterwards.</param>
    /// <param name="example">An input of the size that the graph describes.</param>
    /// <param name="keepConstants">Whether <see cref="Constants"/> are kept; an export needs them.</param>
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

    /// <summary>
    /// Builds and runs a network in shapes alone, without its numbers and without libtorch: the graph of
    /// <see cref="Of(Net, long[], bool)"/> in milliseconds and little memory, at any size.
    /// </summary>
    /// <param name="build">Builds the network at a root, on the processor.</param>
    /// <param name="shape">The input's shape, such as [1, 3, 480, 480].</param>
    /// <exception cref="TorchException">The network refuses the shape.</exception>
    public static NetworkGraph Sketch(Func<Weights, Net> build, long[] shape)
    {
        using var scope = new Scope();
        using var replaced = Door.Replace(new ShapeRules());
        using var weights = Weights.Create(initialise: false);
        return Of(build(weights), Tensor.Hollow(shape, weights.Type));
    }

    /// <summary>The nodes of one run of a module and of the modules in it, in order.</summary>
    public IEnumerable<GraphNode> NodesOf(GraphPlace place) => Nodes.Skip(place.FirstNode).Take(place.EndNode - place.FirstNode);

    /// <summary>The numbers of the learnable parameters that a node reads.</summary>
    public IEnumerable<int> ParametersOf(GraphNode node) => node.Operands().Where(v => Values[v].IsParameter);

    /// <summary>The nodes whose calling module is at or under a path.</summary>
    public IEnumerable<GraphNode> Under(string path) =>
        Nodes.Where(n => path.Length == 0 || n.Place == path || n.Place.StartsWith(path + ".", StringComparison.Ordinal));
}

/// <summary>One recorded operator call.</summary>
/// <param name="Index">Its position in the order of execution.</param>
/// <param name="Operation">The operator.</param>
/// <param name="Place">The path of the module that called it.</param>
/// <param name="Arguments">In the schema's order; an argument left out has its default.</param>
/// <param name="Results">The numbers of the tensors that it returned.</param>
public sealed record GraphNode(
    int Index, Operator Operation, string Place, IReadOnlyList<GraphArgument> Arguments, IReadOnlyList<int> Results)
{
    /// <summary>The operator's name with its overload, e.g. <c>aten::conv2d</c>.</summary>
    public string Operator => Operation.Name;

    /// <summary>The operator's signature, asked of libtorch.</summary>
    public Schema Schema => Operation.Schema;

    /// <summary>The numbers of the tensors among its arguments, in order; those left out of lists are not among them.</summary>
    public IEnumerable<int> Operands() => Arguments.SelectMany(a => a.Values).Where(v => v >= 0);
}

/// <summary>One argument of a recorded call: tensors by number, anything else as it was given.</summary>
/// <param name="Kind">The kind of the argument.</param>
/// <param name="Values">The numbers of its tensors; -1 stands for none in a list of optional ones.</param>
/// <param name="Constant">The argument itself where it holds no tensor.</param>
public sealed record GraphArgument(ValueKind Kind, IReadOnlyList<int> Values, Value Constant);

/// <summary>One tensor that flows through a recorded network.</summary>
/// <param name="Id">Its number in the graph.</param>
/// <param name="Shape">Its size in each dimension.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Name">The full name of a parameter or buffer, <c>input</c> for the network's input; null for a node's result.</param>
/// <param name="IsParameter">Whether it is a learnable parameter.</param>
public sealed record GraphValue(int Id, IReadOnlyList<long> Shape, ScalarType Type, string? Name, bool IsParameter)
{
    /// <summary>The number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>One run of a module.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Kind">The name of its type, e.g. <c>Conv2d</c>.</param>
/// <param name="Depth">The number of modules that it runs in.</param>
/// <param name="Inputs">The numbers of its input tensors.</param>
/// <param name="Outputs">The numbers of its output tensors.</param>
/// <param name="FirstNode">The first node under it.</param>
/// <param name="EndNode">One past the last node under it.</param>
public sealed record GraphPlace(
    string Path, string Kind, int Depth, IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs, int FirstNode, int EndNode);
