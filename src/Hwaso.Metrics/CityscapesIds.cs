using Hwaso.Imaging;

namespace Hwaso.Metrics;

/// <summary>An image's labels as Cityscapes' label ids, which its own scores are defined on.</summary>
/// <param name="Prediction">Predicted label ids.</param>
/// <param name="Truth">True label ids.</param>
/// <param name="Instances">True instance ids; null where there are none, and then nothing is weighted by instance.</param>
public sealed record CityscapesIds(LabelMap Prediction, LabelMap Truth, Gray16Image? Instances);
