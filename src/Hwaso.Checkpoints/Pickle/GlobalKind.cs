
namespace Hwaso.Checkpoints.Pickle;

/// <summary>What an allowed name stands for. Nothing is ever called: each kind has its own lines in <see cref="Reducer"/>.</summary>
enum GlobalKind
{
    Storage,
    RebuildTensor,
    RebuildTyped,
    RebuildParameter,
    RebuildSubclass,
    TensorClass,
    Dtype,
    Device,
    Dictionary,
    Namespace,
    Sequence,
    Encode,
    NumpyDtype,
    NumpyScalar,
    Opaque,
}
