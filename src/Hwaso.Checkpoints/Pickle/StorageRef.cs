
namespace Hwaso.Checkpoints.Pickle;

/// <summary>A storage that a pickle points to; its bytes lie elsewhere in the file.</summary>
/// <param name="Key">Name of the storage in the file.</param>
/// <param name="TypeName">PyTorch's storage class.</param>
/// <param name="Elements">Elements of the whole storage.</param>
/// <param name="ViewOffset">First element that tensors on it may use (legacy storage views), else 0.</param>
/// <param name="ViewElements">Elements that tensors on it may use.</param>
sealed record StorageRef(string Key, string TypeName, long Elements, long ViewOffset, long ViewElements)
{
    public ElementType? Type => StorageTypes.TypeOf(TypeName);

    public int BytesPerElement => StorageTypes.BytesPerElement(TypeName);
}
