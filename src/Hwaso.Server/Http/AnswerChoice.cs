using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Hwaso.Server.Http;

/// <summary>A form in which an answer can be given.</summary>
/// <param name="Name">Its name for <c>?as=</c>.</param>
/// <param name="MediaType">Its media type.</param>
sealed record AnswerForm(string Name, string MediaType);

/// <summary>Chooses the form of an answer: by <c>?as=</c>, else by Accept (RFC 9110 section 12.5.1).</summary>
static class AnswerChoice
{
    /// <summary>The form that a request wants among those offered, the usual one first.</summary>
    /// <exception cref="RequestFailure">It names another by <c>?as=</c> (400), or accepts none of them (406).</exception>
    public static AnswerForm Of(HttpRequest request, IReadOnlyList<AnswerForm> offered)
    {
        request.HttpContext.Response.Headers.Vary = "Accept";
        if (request.Query.TryGetValue("as", out var names))
            return offered.FirstOrDefault(f => f.Name.Equals(names.ToString(), StringComparison.OrdinalIgnoreCase))
                ?? throw RequestFailure.BadRequest($"as={names}: {string.Join(", ", offered.Select(f => f.Name))} were wanted");
        var accept = request.Headers.Accept;
        if (accept.Count == 0 || string.IsNullOrWhiteSpace(accept.ToString()))
            return offered[0];
        if (!MediaTypeHeaderValue.TryParseList(accept, out var ranges))
            throw RequestFailure.BadRequest("the header Accept cannot be read; a list of media types was wanted");
        var best = offered.Select((form, k) => (Form: form, Quality: Quality(form, ranges), Order: k))
            .OrderByDescending(f => f.Quality).ThenBy(f => f.Order).First();
        return best.Quality > 0 ? best.Form : throw new RequestFailure(
            406, $"Accept: {accept}; the answer can be {string.Join(", ", offered.Select(f => f.MediaType))}, or name one by ?as="
                + string.Join(", ", offered.Select(f => f.Name)));
    }

    // The most specific range that fits decides, not the highest quality.
    static double Quality(AnswerForm form, IList<MediaTypeHeaderValue> ranges)
    {
        var type = new MediaTypeHeaderValue(form.MediaType.Split(';')[0]);
        var (best, quality) = (-1, 0.0);
        foreach (var range in ranges)
        {
            var rank = range.MatchesAllTypes ? 0
                : !range.Type.Equals(type.Type, StringComparison.OrdinalIgnoreCase) ? -1
                : range.MatchesAllSubTypes ? 1
                : range.SubType.Equals(type.SubType, StringComparison.OrdinalIgnoreCase) ? 2 : -1;
            if (rank > best)
                (best, quality) = (rank, range.Quality ?? 1);
        }
        return quality;
    }
}
