using System.Globalization;

namespace Hwaso.Server.Http;

/// <summary>A request that is refused: the status and one sentence that says why.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="detail">What was given, what was wanted, what to do.</param>
sealed class RequestFailure(int status, string detail) : Exception(detail)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>Headers of the answer.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; private init; } = [];

    /// <summary>The same failure with another header.</summary>
    public RequestFailure With(string name, string value) => new(Status, Message) { Headers = [.. Headers, (name, value)] };

    /// <summary>A stranger's text as it may go into an answer and a log: without control characters, at most 80 letters.</summary>
    public static string Shown(string text)
    {
        const int Most = 80;
        // Half a character is none of JSON's.
        var plain = new string([.. text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(Most)]);
        return text.Length > Most ? plain + "…" : plain;
    }

    public static RequestFailure BadRequest(string detail) => new(400, detail);

    public static RequestFailure NotFound(string detail) => new(404, detail);

    public static RequestFailure TooLarge(string detail) => new(413, detail);

    /// <summary>A body of a wrong type; <paramref name="accepted"/> goes into the Accept header (RFC 9110 section 15.5.16).</summary>
    public static RequestFailure WrongType(string detail, string accepted) => new RequestFailure(415, detail).With("Accept", accepted);

    /// <summary>A model's file that was there when the server began cannot be read now; its path is not shown.</summary>
    public static RequestFailure Unreadable(string source, Exception error) => new RequestFailure(503, "the model's weights cannot be read "
        + $"now: {error.Message.Replace(source, Path.GetFileName(source), StringComparison.Ordinal)}").With("Retry-After", "10");

    /// <summary>The server is busy; <paramref name="seconds"/> are rounded up to whole ones (RFC 9110 section 10.2.3).</summary>
    public static RequestFailure Busy(string detail, double seconds) => new RequestFailure(429, detail).With(
        "Retry-After", Math.Clamp(Math.Ceiling(seconds), 1, 3600).ToString(CultureInfo.InvariantCulture));
}
