using Hwaso.Data;
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

    /// <summary>Figures of tasks other than segmentation, the most important first.</summary>
    public IReadOnlyList<ReportFigure> Headline { get; init; } = [];

    /// <summary>Curves of tasks other than segmentation, beside that of the loss.</summary>
    public IReadOnlyList<ReportCurve> Curves { get; init; } = [];

    /// <summary>Sections of tasks other than segmentation, in order.</summary>
    public IReadOnlyList<ReportSection> Sections { get; init; } = [];

    /// <summary>Warnings of the run; the report adds what it finds in the scores.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>When the run ended.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>The label of pixels that are not scored.</summary>
    public byte Ignore { get; init; } = 255;
}
