namespace Hwaso.Reports;

/// <summary>Figures of a run beside its scores; null where unknown.</summary>
public sealed record RunFigures
{
    /// <summary>Trained numbers in the network.</summary>
    public long? Parameters { get; init; }

    /// <summary>Multiply-adds of one forward pass at <see cref="InputSize"/>.</summary>
    public long? MultiplyAdds { get; init; }

    /// <summary>The size that multiply-adds were counted at, such as 512×1024 (height × width).</summary>
    public string? InputSize { get; init; }

    /// <summary>Wall-clock time of the training.</summary>
    public TimeSpan? TrainingTime { get; init; }

    /// <summary>Training images a second.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>What it ran on.</summary>
    public string? Device { get; init; }
}
