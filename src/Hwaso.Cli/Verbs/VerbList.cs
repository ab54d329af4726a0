namespace Hwaso.Cli.Verbs;

/// <summary>The verbs of the command, in the order in which help lists them.</summary>
static class VerbList
{
    public static IReadOnlyList<Verb> All =>
    [
        new ScenesVerb(SceneRendering.Run),
        new DatasetVerb(DatasetChecking.Run, DatasetConverting.Run),
        new TrainVerb(TrainingRun.Run),
        new StudyVerb(StudyRun.Run),
        new CompareVerb(Comparing.Run),
        new EvaluateVerb(Evaluating.Run),
        new ScoreVerb(Scoring.Run),
        new PredictVerb(Predicting.Run),
        new ExplainVerb(Explaining.Run),
        new DepthVerb(DepthWriting.Run),
        new ProfileVerb(Profiling.Run),
        new ModelsVerb(ModelListing.Run),
        new ImportVerb(Importing.Run),
        new VerifyVerb(Verifying.Run),
        new ExportVerb(Exporting.Run),
        new BenchVerb(Benching.Run),
    ];
}
