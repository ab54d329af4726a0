namespace Hwaso.Torch.Native;

/// <summary>
/// How long libtorch's threads spin at the end of a parallel loop before they sleep. GNU OpenMP's 300,000 turns, some milliseconds, are
/// lost time where another program needs the processor; docs/decisions/threads.md has the measurements.
/// </summary>
static class OpenMpWaiting
{
    const string Turns = "1000";

    // The user's own settings stay.
    static readonly string[] settings = ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"];

    /// <summary>
    /// To be called before the library is loaded: OpenMP reads the environment then, and C's, which .NET's own setter does not reach.
    /// </summary>
    public static void Shorten()
    {
        if (Array.TrueForAll(settings, name => Environment.GetEnvironmentVariable(name) is null))
            Platform.SetEnvironment(settings[0], Turns);
    }
}
