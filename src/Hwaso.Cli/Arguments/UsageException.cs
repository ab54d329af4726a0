namespace Hwaso.Cli.Arguments;

/// <summary>Arguments that were understood and make no sense: exit code 2.</summary>
/// <param name="message">What was given, what was wanted, what to do.</param>
sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Runs the checks of a request: whatever they refuse is a wrong command line.</summary>
    /// <param name="make">Makes and checks the request.</param>
    /// <param name="option">The beginning of an option whose value the message starts with, such as <c>--</c>.</param>
    /// <param name="hint">More for the end of the message.</param>
    public static T When<T>(Func<T> make, string option = "", string hint = "")
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"{option}{error.Message}{hint}");
        }
    }

    /// <inheritdoc cref="When{T}"/>
    public static void When(Action check, string option = "", string hint = "") => When(() =>
    {
        check();
        return true;
    }, option, hint);
}
