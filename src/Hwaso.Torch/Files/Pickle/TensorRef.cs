namespace Hwaso.Torch.Files.Pickle;

/// <summary>A tensor as a pickle describes it, unchecked. Offset and strides count elements; a null type is one that is not loaded.</summary>
sealed record TensorRef(StorageRef Storage, ScalarType? Type, long Offset, long[] Shape, long[] Strides);
