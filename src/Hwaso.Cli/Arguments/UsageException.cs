namespace Hwaso.Cli.Arguments;

/// <summary>Arguments that were understood and make no sense: exit code 2.</summary>
/// <param name="message">What was given, what was wanted, what to do.</param>
sealed class UsageException(string message) : Exception(message);
