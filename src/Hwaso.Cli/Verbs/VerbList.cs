namespace Hwaso.Cli.Verbs;

/// <summary>The verbs of the command, in the order in which help lists them.</summary>
static class VerbList
{
    public static IReadOnlyList<Verb> All =>
    [
        new ScenesVerb(),
        new VerbGroup("dataset", "checks data sets and converts published downloads", new DatasetCheckVerb(), new DatasetConvertVerb()),
        new TrainVerb(),
        new LaunchVerb(),
        new StudyVerb(),
        new CompareVerb(),
        new EvaluateVerb(),
        new ScoreVerb(),
        new PredictVerb(),
        new ExplainVerb(),
        new DepthVerb(),
        new ProfileVerb(),
        new ModelsVerb(),
        new RecipesVerb(),
        new ImportVerb(),
        new VerifyVerb(),
        new ExportVerb(),
        new QuantizeVerb(),
        new BenchVerb(),
        new ServeVerb(),
        new CompletionVerb(),
    ];
}
