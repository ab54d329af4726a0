using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hwaso.Server.Http;
using Hwaso.Training.Loop;
using Hwaso.Training.Tasks;
using Microsoft.AspNetCore.Http;

namespace Hwaso.Server.Runs;

/// <summary>
/// A run's steps and validations as server-sent events (HTML standard, 9.2), from the lines of its log as they are written. An event's id
/// is the place behind its line, so that a client that comes back gets exactly the lines that it has not seen.
/// </summary>
sealed class RunEvents(RunStore runs, TrainingQueue trainings)
{
    const int MostStreams = 64;

    static readonly TimeSpan look = TimeSpan.FromMilliseconds(300), heartbeat = TimeSpan.FromSeconds(15);

    int streams;

    /// <summary>Sends events until the run does not train, the client leaves or the server ends.</summary>
    /// <exception cref="RequestFailure">There is no such run (404), too many streams are open (429), or the id is none (400).</exception>
    public async Task SendAsync(HttpContext context, string name, CancellationToken ends)
    {
        var folder = runs.Find(name);
        var (at, returns) = (From(context.Request), context.Request.Headers.ContainsKey("Last-Event-ID"));
        var entry = runs.Read(name, folder);
        if (returns && entry.Status.State != RunState.Training && Length(folder.Metrics) == at)
        {
            // The one answer that ends an EventSource.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        if (Interlocked.Increment(ref streams) > MostStreams)
        {
            Interlocked.Decrement(ref streams);
            throw RequestFailure.Busy($"{MostStreams} streams of events are open; close one, or ask for the run itself now and then", 10);
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ends);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers["X-Accel-Buffering"] = "no";
            var stream = new EventStream(context.Response, stop.Token);
            await stream.Retry(2000);
            await Follow(stream, name, at, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left, or the server ends: what was sent is whole.
        }
        finally
        {
            Interlocked.Decrement(ref streams);
        }
    }

    async Task Follow(EventStream stream, string name, long at, CancellationToken stop)
    {
        string? shown = null;
        while (true)
        {
            var folder = runs.Find(name);
            // Before its lines: those that it wrote at its end are then sent, too.
            var entry = runs.Read(name, folder);
            if (!Continues(folder.Metrics, at))
            {
                at = 0;
                await stream.Send("reset", null, json => json.WriteString("reason", "the run was resumed from an earlier step"));
            }
            foreach (var (line, behind) in NewLines(folder.Metrics, at))
            {
                at = behind;
                await SendLine(stream, entry, line, behind);
            }
            var state = $"{entry.Status.State} {entry.Status.Steps} {entry.Summary?.BestEpoch} {at}";
            if (state != shown)
                await stream.Send("state", null, json => RunJson.Line(json, entry, trainings.Find(name)));
            shown = state;
            if (entry.Status.State != RunState.Training)
            {
                await stream.Send("end", at, json => json.WriteString("state", RunJson.Word(entry.Status.State)));
                return;
            }
            if (stream.Silent >= heartbeat)
                await stream.Comment();
            await Task.Delay(look, stop);
        }
    }

    static async Task SendLine(EventStream stream, RunEntry entry, string line, long behind)
    {
        try
        {
            var log = MetricsLog.Parse(line);
            if (log.Steps is [var step])
                await stream.Send("step", behind, json => RunJson.Step(json, step));
            else if (log.Validations is [var logged] && entry.Recipe is { } recipe
                && TrainingTasks.Read(recipe, logged.Fields) is var validation)
                await stream.Send("validation", behind, json => RunJson.Validation(json, logged, validation));
        }
        catch (Exception error) when (error is not (OutOfMemoryException or OperationCanceledException or IOException))
        {
            // A damaged line; those behind it are sent.
        }
    }

    /// <summary>Whether a place is behind a whole line of the file as it is now.</summary>
    static bool Continues(string path, long at)
    {
        if (at == 0)
            return true;
        try
        {
            using var stream = Open(path);
            stream.Position = Math.Min(at, stream.Length) - 1;
            return at <= stream.Length && stream.ReadByte() == '\n';
        }
        catch (Exception error) when (error is IOException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    /// <summary>The whole lines behind a place, each with the place behind it.</summary>
    static List<(string Line, long Behind)> NewLines(string path, long at)
    {
        var lines = new List<(string, long)>();
        if (!File.Exists(path))
            return lines;
        using var stream = Open(path);
        var bytes = new byte[Math.Max(0, stream.Length - at)];
        stream.Position = at;
        var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        for (var begin = 0; bytes.AsSpan(begin, count - begin).IndexOf((byte)'\n') is >= 0 and var length; begin += length + 1)
            lines.Add((Encoding.UTF8.GetString(bytes, begin, length), at + begin + length + 1));
        return lines;
    }

    static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    static long From(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header ? header : request.Query["from"].ToString();
        return text.Length == 0 ? 0
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at
            : throw RequestFailure.BadRequest("Last-Event-ID: the id of an event of this run was wanted, a whole number");
    }

    /// <summary>Writes events, each whole and sent at once.</summary>
    sealed class EventStream(HttpResponse response, CancellationToken stop)
    {
        long last = System.Diagnostics.Stopwatch.GetTimestamp();

        /// <summary>The time since something was sent.</summary>
        public TimeSpan Silent => System.Diagnostics.Stopwatch.GetElapsedTime(last);

        public Task Retry(int milliseconds) => Write(Encoding.UTF8.GetBytes(FormattableString.Invariant($"retry: {milliseconds}\n\n")));

        public Task Comment() => Write(":\n\n"u8.ToArray());

        public Task Send(string kind, long? id, Action<Utf8JsonWriter> members)
        {
            var buffer = new ArrayBufferWriter<byte>();
            buffer.Write(Encoding.UTF8.GetBytes($"event: {kind}\n"));
            if (id is { } behind)
                buffer.Write(Encoding.UTF8.GetBytes(FormattableString.Invariant($"id: {behind}\n")));
            buffer.Write("data: "u8);
            // JSON without indentation has no line feed of its own.
            using (var json = new Utf8JsonWriter(buffer, Json.Plain))
            {
                json.WriteStartObject();
                members(json);
                json.WriteEndObject();
            }
            buffer.Write("\n\n"u8);
            return Write(buffer.WrittenMemory);
        }

        async Task Write(ReadOnlyMemory<byte> bytes)
        {
            await response.Body.WriteAsync(bytes, stop);
            await response.Body.FlushAsync(stop);
            last = System.Diagnostics.Stopwatch.GetTimestamp();
        }
    }
}
