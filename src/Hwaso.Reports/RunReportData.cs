using Hwaso.Data;
using Hwaso.Imaging;
using Hwaso.Metrics;

namespace Hwaso.Reports;

/// <summary>Everything a report shows; only the title is needed, a section without data is left out.</summary>
public sealed record RunReportData
{
    /// <summary>Title of the run.</summary>
    public required string Title { get; init; }

    /// <summary>The K classes of a segmentation in index order; empty for other tasks.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; init; } = [];

    /// <summary>One line under the title: network and data set.</summary>
    public string? Subtitle { get; init; }

    /// <summary>Settings as name and value, in the order to be shown.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Recipe { get; init; } = [];

    /// <summary>Figures beside the scores.</summary>
    public RunFigures Figures { get; init; } = new();

    /// <summary>Loss and learning rate by iteration, in order.</summary>
    public IReadOnlyList<LossPoint> Loss { get; init; } = [];

    /// <summary>Validations in order.</summary>
    public IReadOnlyList<ValidationPoint> Validations { get; init; } = [];

    /// <summary>The scores the report is about; null takes those of the validation with the best mIoU.</summary>
    public Scores? Scores { get; init; }

    /// <summary>Counts behind <see cref="Scores"/>.</summary>
    public ConfusionMatrix? Confusion { get; init; }

    /// <summary>Instance and category scores, where the data set defines them.</summary>
    public CityscapesScores? Cityscapes { get; init; }

    /// <summary>Pictures to look at.</summary>
    public IReadOnlyList<ExamplePicture> Examples { get; init; } = [];

    /// <summary>Figures of the task beside the scores, the most important first.</summary>
    public IReadOnlyList<ReportFigure> Headline { get; init; } = [];

    /// <summary>Curves of the task beside that of the loss.</summary>
    public IReadOnlyList<ReportCurve> Curves { get; init; } = [];

    /// <summary>Sections of the task after those of the scores, in order.</summary>
    public IReadOnlyList<ReportSection> Sections { get; init; } = [];

    /// <summary>Warnings of the run; the report adds what it finds in the scores.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>When the run ended.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>The label of pixels that are not scored.</summary>
    public byte Ignore { get; init; } = 255;
}

/// <summary>The loss of one training iteration.</summary>
/// <param name="Iteration">Iteration, counted over the whole run.</param>
/// <param name="Loss">Training loss; not finite where the step failed.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
public sealed record LossPoint(long Iteration, double Loss, double LearningRate);

/// <summary>The scores of one validation during training.</summary>
/// <param name="Epoch">Epoch after which it took place, from 1.</param>
/// <param name="Iteration">Iterations done by then.</param>
/// <param name="Scores">The scores.</param>
public sealed record ValidationPoint(int Epoch, long Iteration, Scores Scores);

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

    /// <summary>The device, such as CPU, 2 threads.</summary>
    public string? Device { get; init; }
}

/// <summary>One picture to look at: input, truth and prediction of one size.</summary>
/// <param name="Name">Name shown with it, usually the file's.</param>
/// <param name="Input">The photograph.</param>
/// <param name="Truth">True classes, or null where there is no truth.</param>
/// <param name="Prediction">Predicted classes.</param>
/// <param name="Miou">mIoU of this picture as a share of 1, if known.</param>
public sealed record ExamplePicture(string Name, RgbImage Input, LabelMap? Truth, LabelMap Prediction, double? Miou = null)
{
    /// <summary>The heading that it stands under, such as Best; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>The depth that the network gives, as colours; null where it gives none.</summary>
    public RgbImage? Depth { get; init; }

    /// <summary>The depth that it should give, in the same colours; null where none is known.</summary>
    public RgbImage? TrueDepth { get; init; }
}
