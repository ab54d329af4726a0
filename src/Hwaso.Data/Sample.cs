namespace Hwaso.Data;

/// <summary>One image of a data set.</summary>
/// <param name="Id">Its name in the data set.</param>
/// <param name="ImagePath">The image file.</param>
/// <param name="LabelPath">The label file; null where the split has none.</param>
/// <param name="InstancePath">The instance file; null where there is none.</param>
public sealed record Sample(string Id, string ImagePath, string? LabelPath, string? InstancePath = null);
