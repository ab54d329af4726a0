using Hwaso.Torch;

namespace Hwaso.Nn;

/// <summary>The tensors inside what modules take and return.</summary>
static class Tensors
{
    public static Tensor[] Of<T>(T value) => value switch
    {
        Tensor tensor => [tensor],
        Tensor[] tensors => tensors,
        ITensors several => several.All.ToArray(),
        _ => throw new NotSupportedException($"a module takes and returns tensors, arrays of them or ITensors, not {typeof(T).Name}"),
    };

    public static void Keep<T>(Scope scope, T value)
    {
        switch (value)
        {
            case Tensor tensor:
                scope.Keep(tensor);
                break;
            case Tensor[] tensors:
                scope.Keep(tensors);
                break;
            default:
                scope.Keep(Of(value));
                break;
        }
    }
}
