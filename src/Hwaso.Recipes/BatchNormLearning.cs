namespace Hwaso.Recipes;

/// <summary>What batch norms learn in training.</summary>
public enum BatchNormLearning
{
    /// <summary>Statistics of each batch are used and averaged; scale and shift learn.</summary>
    All,

    /// <summary>The statistics that the run begins with are used and stay; scale and shift learn.</summary>
    KeepStatistics,

    /// <summary>Neither statistics nor scale and shift change.</summary>
    Nothing,
}
