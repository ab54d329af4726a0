namespace Hwaso.Cli.Verbs;

/// <summary>The verbs of the command, in the order in which help lists them.</summary>
static class VerbList
{
    public static IReadOnlyList<Verb> All =>
    [
        new ProfileVerb(Profiling.Run),
        new ModelsVerb(ModelListing.Run),
    ];
}
