using Hwaso.Data.Layouts;
namespace Hwaso.Data.Converting;

/// <summary>
/// Finds MATLAB annotations in a data set's folder that have no label PNG, because the conversion left them out or was not run.
/// </summary>
static class RawAnnotations
{
    /// <summary>Where a layout's downloads have them, below its folder or beside VOC's.</summary>
    static readonly Dictionary<string, (string Year, string[] Places, string[] Pngs, string Kind)> known = new()
    {
        ["voc-aug"] =
            ("VOC2012", ["cls", "dataset/cls", "benchmark_RELEASE/dataset/cls", "VOCaug/dataset/cls", "VOCdevkit/VOCaug/dataset/cls"],
                ["SegmentationClass", "SegmentationClassAug"], "voc-aug"),
        ["pascal-context-59"] = ("VOC2010", ["trainval"], ["SegmentationClassContext", "Context"], "pascal-context"),
        ["pascal-context-60"] = ("VOC2010", ["trainval"], ["SegmentationClassContext", "Context"], "pascal-context"),
    };

    /// <summary>Reads every one that has no PNG.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="report">Receives a problem for each file that cannot be read, and one with the number of readable files that were
    /// not converted.</param>
    public static void Check(string layout, string root, Action<DatasetProblem> report)
    {
        if (!known.TryGetValue(layout, out var places))
            return;
        var around = Folders.Around(root, places.Year);
        var voc = around.FirstOrDefault(f => Directory.Exists(Path.Combine(f, "JPEGImages")));
        foreach (var folder in around.SelectMany(f => places.Places.Select(p => Path.Combine(f, p))).Where(Directory.Exists))
        {
            var (ready, all) = (0, 0);
            foreach (var file in Directory.EnumerateFiles(folder, "*.mat").Order(StringComparer.Ordinal))
            {
                all++;
                var png = Path.GetFileNameWithoutExtension(file) + ".png";
                if (voc is not null && places.Pngs.Any(p => File.Exists(Path.Combine(voc, p, png))))
                    continue;
                try
                {
                    _ = places.Kind == "voc-aug" ? MatLabels.ReadSbd(file) : MatLabels.ReadContext(file);
                    ready++;
                }
                catch (DatasetException error)
                {
                    report(new DatasetProblem(file, ProblemKind.BrokenFile, error.Problem));
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    report(new DatasetProblem(file, ProblemKind.BrokenFile, error.Message));
                }
            }
            if (ready > 0)
                report(new DatasetProblem(folder, ProblemKind.MissingFile, $"{ready} of its {all} annotations have no label PNG; `hwaso "
                    + $"dataset convert {places.Kind} {folder} {voc ?? root}` makes them"));
        }
    }
}
