using System.IO.Compression;
using Hwaso.Server.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hwaso.Server.Http;

/// <summary>
/// Reads bodies into memory, unpacks them, and bounds both one body and all that are held at a time, so that neither a large upload nor
/// many slow ones fill the memory.
/// </summary>
sealed class BodyReader(ServerSettings settings)
{
    const int First = 1 << 16, Drained = 1 << 22, HeldBodies = 16;

    static readonly TimeSpan drain = TimeSpan.FromSeconds(1);

    readonly long most = Math.Min(settings.MaxBytes, Array.MaxLength);
    long held;

    /// <summary>Reads a request's body, which may be packed by gzip or deflate.</summary>
    /// <exception cref="RequestFailure">It is too large (413), packed in another way (415) or not whole (400).</exception>
    public async Task<HeldBody> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        var coding = request.Headers.ContentEncoding.ToString().Trim();
        if (!(coding.Length == 0 || Is("identity") || Is("gzip") || Is("x-gzip") || Is("deflate")))
            throw new RequestFailure(415, $"Content-Encoding: {coding} is not known; gzip, deflate or none was wanted")
                .With("Accept-Encoding", "gzip, deflate");
        if (request.ContentLength > most && request.Headers.Expect.Count > 0)
            throw TooLarge(request);
        // The server's own limit answers at once and closes the connection, so that a client that still writes sees a reset.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var body = new HeldBody(Release);
        try
        {
            try
            {
                await Read(request.Body, body, request.ContentLength, () => Refuse(request, stop), stop);
            }
            // A chunk whose size is no number surfaces as one; Kestrel's own has a status.
            catch (IOException error) when (error is not BadHttpRequestException)
            {
                throw RequestFailure.BadRequest("the body of the request could not be read; send it again, whole");
            }
            if (request.ContentLength is { } said && said != body.Length)
                throw RequestFailure.BadRequest($"the body has {body.Length} bytes; Content-Length says {said}");
            if (coding.Length == 0 || Is("identity"))
                return body;
            var unpacked = new HeldBody(Release);
            try
            {
                using var packed = body.Open();
                await using Stream stream = Is("deflate") ? new ZLibStream(packed, CompressionMode.Decompress)
                    : new GZipStream(packed, CompressionMode.Decompress);
                await Read(stream, unpacked, null, () => Task.FromResult(RequestFailure.TooLarge(
                    $"the body unpacks to more than {most} bytes; send less, or start the server with a larger --max-bytes")), stop);
                return unpacked;
            }
            catch (InvalidDataException)
            {
                unpacked.Dispose();
                throw RequestFailure.BadRequest($"the body is not packed by {coding}, as Content-Encoding says, or it is damaged");
            }
            catch
            {
                unpacked.Dispose();
                throw;
            }
            finally
            {
                body.Dispose();
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }

        bool Is(string name) => coding.Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    async Task Read(Stream from, HeldBody to, long? expected, Func<Task<RequestFailure>> refuse, CancellationToken stop)
    {
        if (expected > most)
            throw await refuse();
        Grow(to, First);
        while (true)
        {
            if (to.Length == to.Buffer.Length)
            {
                if (to.Length >= most)
                {
                    if (await from.ReadAsync(new byte[1], stop) > 0)
                        throw await refuse();
                    return;
                }
                // A claimed length is believed only as far as bytes came.
                Grow(to, (int)Math.Min(most, Math.Min(2L * to.Buffer.Length, Math.Max(expected ?? long.MaxValue, to.Length + 1L))));
            }
            var count = await from.ReadAsync(to.Buffer.AsMemory(to.Length), stop);
            if (count == 0)
                return;
            to.Length += count;
        }
    }

    void Grow(HeldBody body, int size)
    {
        var more = size - body.Buffer.Length;
        if (Interlocked.Add(ref held, more) > HeldBodies * most)
        {
            Release(more);
            throw RequestFailure.Busy("too many uploads at the same time; send it again later", 1);
        }
        body.Resize(size);
    }

    void Release(long bytes) => Interlocked.Add(ref held, -bytes);

    // A client that is still writing reads the answer only after it has written a little more.
    async Task<RequestFailure> Refuse(HttpRequest request, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(drain);
        try
        {
            var buffer = new byte[First];
            for (var left = Drained; left > 0;)
            {
                var count = await request.Body.ReadAsync(buffer, limit.Token);
                if (count == 0)
                    break;
                left -= count;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The answer is the same.
        }
        return TooLarge(request);
    }

    RequestFailure TooLarge(HttpRequest request) => RequestFailure.TooLarge(
        $"a body of {(request.ContentLength is { } length ? $"{length}" : $"more than {most}")} bytes; at most {most} were wanted: send "
        + "less at once, or start the server with a larger --max-bytes").With("Connection", "close");
}

/// <summary>A request's body in memory; disposing it gives its bytes back to the allowance.</summary>
sealed class HeldBody(Action<long> release) : IDisposable
{
    public byte[] Buffer { get; private set; } = [];

    public int Length { get; set; }

    public ReadOnlyMemory<byte> Bytes => Buffer.AsMemory(0, Length);

    public MemoryStream Open() => new(Buffer, 0, Length, writable: false);

    public void Resize(int size)
    {
        var larger = GC.AllocateUninitializedArray<byte>(size);
        Buffer.AsSpan(0, Length).CopyTo(larger);
        Buffer = larger;
    }

    public void Dispose()
    {
        release(Buffer.Length);
        (Buffer, Length) = ([], 0);
    }
}
