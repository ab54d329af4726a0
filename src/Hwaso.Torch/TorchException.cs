namespace Hwaso.Torch;

/// <summary>
/// A call that libtorch refused; the message names the operator, the module, the arguments' shapes and libtorch's reason.
/// </summary>
public sealed class TorchException : Exception
{
    static readonly string[] refusals =
        ["can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "could not create a memory"];

    /// <summary>Made by the door.</summary>
    public TorchException(string operation, string place, string arguments, string message)
        : base(Compose(operation, place, arguments, message))
    {
        Operation = operation;
        Place = place;
    }

    /// <summary>The operator or runtime call, e.g. <c>aten::conv2d</c>.</summary>
    public string Operation { get; }

    /// <summary>The module path at the time of the call, e.g. <c>stage2.0.branches.0.0.conv1</c>; empty outside modules.</summary>
    public string Place { get; }

    /// <summary>
    /// Whether an allocation was refused: the processor's allocator, CUDA's, oneDNN's or C++'s own, each in its own words.
    /// </summary>
    public bool IsOutOfMemory => refusals.Any(r => Message.Contains(r, StringComparison.OrdinalIgnoreCase));

    static string Compose(string operation, string place, string arguments, string message)
    {
        var where = place.Length > 0 ? $"{place}: " : "";
        var with = arguments.Length > 0 ? $"({arguments})" : "";
        return $"{where}{operation}{with}: {message.TrimEnd()}";
    }
}
