namespace Hwaso.Metrics.Scoring;

/// <summary>What the numbers in predicted label PNGs are.</summary>
public enum PredictedValues
{
    /// <summary>Those of the data set's label files: Cityscapes' label ids, PASCAL Context's 1 to 59.</summary>
    Labels,

    /// <summary>Training indices from 0 on, as <c>hwaso predict</c> writes them.</summary>
    Indices,
}
