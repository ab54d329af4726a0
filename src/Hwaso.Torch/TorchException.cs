namespace Hwaso.Torch;

/// <summary>An operator that libtorch refused: which one, where in the network, on what, and libtorch's own message.</summary>
public sealed class TorchException : Exception
{
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

    static string Compose(string operation, string place, string arguments, string message)
    {
        var where = place.Length > 0 ? $"{place}: " : "";
        var with = arguments.Length > 0 ? $"({arguments})" : "";
        return $"{where}{operation}{with}: {message.TrimEnd()}";
    }
}
