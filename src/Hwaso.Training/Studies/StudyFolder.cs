using Hwaso.Inference;

namespace Hwaso.Training.Studies;

/// <summary>Where a study keeps its runs and tables.</summary>
/// <param name="Root">The folder.</param>
public sealed record StudyFolder(string Root)
{
    /// <summary>The rendered scenes of the small form.</summary>
    public string Scenes => Path.Combine(Root, "scenes");

    /// <summary>The run of the small form's teacher of depth, where it has one.</summary>
    public RunFolder Teacher => new(Path.Combine(Root, "teacher", "run"));

    /// <summary>The scenes that the teacher learns from.</summary>
    public string TeacherScenes => Path.Combine(Root, "teacher", "scenes");

    /// <summary>The table as Markdown.</summary>
    public string Markdown => Path.Combine(Root, "table.md");

    /// <summary>The table as JSON.</summary>
    public string Json => Path.Combine(Root, "table.json");

    /// <summary>The table as a page.</summary>
    public string Page => Path.Combine(Root, "report.html");

    /// <summary>The run of a variant with a seed.</summary>
    public RunFolder Run(StudyVariant variant, int seed) => new(Path.Combine(Root, variant.Folder, $"seed-{seed}"));
}
