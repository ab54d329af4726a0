
namespace Hwaso.Checkpoints.Pickle;

/// <summary>A tensor as a pickle describes it, unchecked. Offset and strides count elements; a null type cannot be loaded.</summary>
sealed record TensorRef(StorageRef Storage, ElementType? Type, long Offset, long[] Shape, long[] Strides);
