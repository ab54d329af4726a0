using Hwaso.Checkpoints;
using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.Graph;

/// <summary>Observes the two doors and records every module, operator and tensor.</summary>
/// <param name="keepConstants">Whether the contents of tensors that follow from weights alone are kept.</param>
sealed class Recorder(bool keepConstants) : IDoorObserver
{
    // A native tensor's address identifies it while it lives, and every new tensor is registered: the latest entry is always the right one.
    readonly Dictionary<nint, int> known = [];
    readonly List<GraphValue> values = [];
    readonly List<GraphNode> nodes = [];
    readonly List<GraphPlace?> places = [];
    readonly Dictionary<int, HostTensor> constants = [];
    readonly HashSet<int> fromInput = [], unfilled = [];
    bool copying;
    readonly Stack<(int Slot, string Kind, int[] Inputs, int FirstNode)> open = [];

    public int Register(Tensor tensor, string? name, bool isParameter)
    {
        var id = values.Count;
        values.Add(new GraphValue(id, tensor.Shape, tensor.Type, name, isParameter));
        known[tensor.Identity] = id;
        return id;
    }

    public int Find(Tensor tensor) => known.TryGetValue(tensor.Identity, out var id)
        ? id
        : throw new InvalidOperationException($"{Door.CurrentPlace}: {tensor} was made outside the recording");

    /// <summary>Registers the network's input; tensors computed from it are no constants.</summary>
    public int RegisterInput(Tensor tensor)
    {
        var id = Register(tensor, "input", isParameter: false);
        fromInput.Add(id);
        return id;
    }

    public NetworkGraph Finish(int[] inputs, int[] outputs) =>
        new(values, nodes, places.Select(p => p!).ToArray(), inputs, outputs) { Constants = constants };

    public void Enter(string place, string kind, ReadOnlySpan<Tensor> inputs)
    {
        open.Push((places.Count, kind, Numbers(inputs), nodes.Count));
        places.Add(null);
    }

    public void Leave(string place, ReadOnlySpan<Tensor> outputs)
    {
        var (slot, kind, inputs, firstNode) = open.Pop();
        places[slot] = new GraphPlace(place, kind, open.Count, inputs, Numbers(outputs), firstNode, nodes.Count);
    }

    public void Called(Operator operation, ReadOnlySpan<Value> arguments, ReadOnlySpan<Value> results)
    {
        // Copying a constant calls operators too; they are not recorded.
        if (copying)
            return;
        var given = new GraphArgument[arguments.Length];
        for (var k = 0; k < given.Length; k++)
            given[k] = Argument(arguments[k]);
        var varies = given.Any(a => a.Values.Any(fromInput.Contains));
        // Numbers of the network's own are written into such a tensor behind the operator.
        var later = operation.Name == "aten::empty.memory_format";
        var made = new List<int>();
        foreach (var result in results)
            if (result.Kind == ValueKind.Tensor)
                made.Add(Made(result.AsTensor(), varies, later));
            else if (result.Kind == ValueKind.TensorList)
                foreach (var tensor in result.AsTensors())
                    made.Add(Made(tensor, varies, later));
        nodes.Add(new GraphNode(nodes.Count, operation, Door.CurrentPlace, given, made));
    }

    int Made(Tensor tensor, bool varies, bool later)
    {
        var id = Register(tensor, null, isParameter: false);
        if (varies)
            fromInput.Add(id);
        else if (later)
            unfilled.Add(id);
        else
            Keep(id, tensor);
        return id;
    }

    void Keep(int id, Tensor tensor)
    {
        if (!keepConstants)
            return;
        copying = true;
        constants[id] = tensor.ToHost();
        copying = false;
    }

    GraphArgument Argument(in Value value) => value.Kind switch
    {
        ValueKind.Tensor => new(value.Kind, [FindOrRegister(value.AsTensor())], Value.None),
        ValueKind.TensorList => new(value.Kind, value.AsTensors().Select(t => t is null ? -1 : FindOrRegister(t)).ToArray(), Value.None),
        _ => new(value.Kind, [], value),
    };

    // A tensor that a module holds without naming it among its weights is a constant.
    int FindOrRegister(Tensor tensor)
    {
        if (known.TryGetValue(tensor.Identity, out var id))
        {
            if (unfilled.Remove(id))
                Keep(id, tensor);
            return id;
        }
        id = Register(tensor, null, isParameter: false);
        Keep(id, tensor);
        return id;
    }

    int[] Numbers(ReadOnlySpan<Tensor> tensors)
    {
        var numbers = new int[tensors.Length];
        for (var k = 0; k < numbers.Length; k++)
            numbers[k] = FindOrRegister(tensors[k]);
        return numbers;
    }
}
