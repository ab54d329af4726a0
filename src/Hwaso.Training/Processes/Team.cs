using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Hwaso.Data.Loading;
using Hwaso.Torch;
using Hwaso.Torch.Processes;

namespace Hwaso.Training.Processes;

/// <summary>
/// The processes that train as one, seen from one of them. A process alone is a team of one, which waits for nobody.
/// </summary>
public sealed class Team : IDisposable
{
    static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20);

    readonly ProcessStore? store;
    readonly ProcessGroup? group, gradients;
    readonly Heartbeat? heartbeat;
    readonly bool joinsBatchNorms;
    readonly Device device;
    TimeSpan exchanged;
    int meetings;

    Team(ProcessPlace? place, Device device, ProcessStore? store, Heartbeat? heartbeat, bool joinsBatchNorms, TimeSpan patience)
    {
        (Rank, Size) = (place?.Rank ?? 0, place?.Size ?? 1);
        (this.device, this.store, this.heartbeat, this.joinsBatchNorms) = (device, store, heartbeat, joinsBatchNorms);
        if (store is null)
            return;
        Pace = new TeamPace(Size);
        var network = Environment.GetEnvironmentVariable("GLOO_SOCKET_IFNAME");
        // Gradients go in an order of their own, beside whatever the forward and backward pass exchange.
        group = new ProcessGroup(store, "step", Rank, Size, device, patience, network);
        gradients = new ProcessGroup(store, "gradients", Rank, Size, device, patience, network);
    }

    /// <summary>A process by itself.</summary>
    public static Team Alone { get; } = new(null, Device.Cpu, null, null, joinsBatchNorms: false, TimeSpan.Zero);

    /// <summary>This process, from 0.</summary>
    public int Rank { get; }

    /// <summary>How many processes there are.</summary>
    public int Size { get; }

    /// <summary>Whether this process writes the run's files.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Whether there are others.</summary>
    public bool IsShared => group is not null;

    /// <summary>Time that this process has waited for others, all steps together.</summary>
    public TimeSpan Waited => exchanged + (group?.Waited ?? TimeSpan.Zero);

    /// <summary>How fast each process is; null in a team of one.</summary>
    public TeamPace? Pace { get; }

    /// <summary>Joins the others, and checks that all were started for the same work.</summary>
    /// <param name="place">This process's place.</param>
    /// <param name="device">Where its tensors are.</param>
    /// <param name="joinsBatchNorms">Whether batch norms count over all processes.</param>
    /// <param name="work">What it was started for, by name, the same in every process; versions are added.</param>
    /// <param name="patience">How long to wait for others, here and in every step.</param>
    /// <exception cref="ProcessException">A process is missing, there twice, or was started for other work.</exception>
    public static Team Join(
        ProcessPlace place, Device device, bool joinsBatchNorms, IReadOnlyDictionary<string, string> work, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(place);
        if (!ProcessStore.IsThere)
            throw new ProcessException("this build trains in one process alone, because libtorch's headers had no Gloo; on Debian: "
                + "apt-get install libgloo-dev, and build again");
        ProcessStore? store = null;
        Heartbeat? heartbeat = null;
        try
        {
            store = new ProcessStore(place.Host, place.Port, keeps: place.Rank == 0, patience);
            var all = new Dictionary<string, string>(work)
            {
                ["version of Hwaso"] = typeof(Team).Assembly
                    .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
                ["version of libtorch"] = TorchInfo.Version,
            };
            new Roll(store, place, all, patience).Call();
            heartbeat = new Heartbeat(place, patience);
            return new Team(place, device, store, heartbeat, joinsBatchNorms, patience);
        }
        catch (Exception error) when (error is TorchException or ProcessException)
        {
            heartbeat?.Dispose();
            store?.Dispose();
            throw error as ProcessException ?? new ProcessException(place.Rank == 0
                ? $"process 0 of {place.Size} cannot keep the meeting place at {place.Host}:{place.Port}: {error.Message}; is another "
                    + "process 0 or another run using the port? Give each process a rank of its own, or set MASTER_PORT to a free port"
                : string.Create(CultureInfo.InvariantCulture, $"process {place.Rank} of {place.Size} cannot reach process 0 at ")
                    + $"{place.Host}:{place.Port} within {patience.TotalSeconds:0} s: {error.Message}", error);
        }
    }

    /// <summary>The samples of a batch that this process takes; null in a team of one, which takes all.</summary>
    /// <param name="batch">Samples of the batch over all processes.</param>
    public BatchShare? ShareOf(int batch)
    {
        var first = (int)((long)batch * Rank / Size);
        return IsShared ? new BatchShare(first, (int)((long)batch * (Rank + 1) / Size) - first) : null;
    }

    /// <summary>Begins the computation of a step that all processes share; null in a team of one.</summary>
    public SharedStep Step() => group is null ? default : new SharedStep(group, joinsBatchNorms);

    /// <summary>Prepares to average the gradients of parameters; null in a team of one.</summary>
    public GradientExchange? ExchangeOf(IReadOnlyList<Tensor> parameters) =>
        gradients is null ? null : new GradientExchange(gradients, parameters);

    /// <summary>Waits until an exchange is done, and counts the time.</summary>
    /// <exception cref="ProcessException">A process is gone or did not come in time.</exception>
    public void Finish(GradientExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        exchanged += Named(exchange.Finish);
    }

    /// <summary>The mean of all processes' numbers, and whether any of them was asked to stop.</summary>
    /// <exception cref="ProcessException">A process is gone or did not come in time.</exception>
    public (double Mean, bool Stops) Agree(double number, bool stops)
    {
        if (group is null)
            return (number, stops);
        using var scope = new Scope();
        var own = new double[2 + Size];
        (own[0], own[1], own[2 + Rank]) = (number, stops ? 1 : 0, Pace!.Own);
        var all = Tensor.From(own, own.Length).To(device);
        Named(() => group.Sum(all));
        var sums = all.ToArray<double>();
        Pace.Take(sums.AsSpan(2));
        return (sums[0] / Size, sums[1] > 0);
    }

    /// <summary>Does work in process 0 alone and gives its result to all; where it fails, all fail with its message.</summary>
    /// <exception cref="ProcessException">In the other processes: process 0 failed or is gone.</exception>
    public T First<T>(Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (store is null)
            return work();
        var key = $"result/{meetings++}";
        if (IsFirst)
        {
            var result = work();
            store.Set(key, JsonSerializer.Serialize(result));
            return result;
        }
        while (true)
        {
            if (Named(() => store.Get(key)) is { } json)
                return JsonSerializer.Deserialize<T>(json)!;
            heartbeat!.Check();
            Thread.Sleep(pause);
        }
    }

    /// <summary>Does work in process 0 alone, while the others wait.</summary>
    /// <exception cref="ProcessException">In the other processes: process 0 failed or is gone.</exception>
    public void First(Action work) => First(() =>
    {
        work();
        return true;
    });

    /// <summary>The values of all processes, in their order, in each of them; they travel as JSON.</summary>
    /// <exception cref="ProcessException">A process is gone or did not come in time.</exception>
    public IReadOnlyList<T> GatherOf<T>(T value) => !IsShared ? [value]
        : [.. Gather(JsonSerializer.SerializeToUtf8Bytes(value)).Select(bytes => JsonSerializer.Deserialize<T>(bytes)!)];

    /// <summary>The bytes of all processes, in their order, in each of them.</summary>
    /// <exception cref="ProcessException">A process is gone or did not come in time.</exception>
    public IReadOnlyList<byte[]> Gather(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (group is null)
            return [bytes];
        Meet();
        using var scope = new Scope();
        var lengths = Named(() => group.Gather(Tensor.From([(long)bytes.Length], 1).To(device))).Select(t => (int)t.Item()).ToArray();
        var padded = new byte[Math.Max(1, lengths.Max())];
        bytes.CopyTo(padded, 0);
        return [.. Named(() => group.Gather(Tensor.From(padded).To(device))).Zip(lengths, (t, n) => t.ToArray<byte>()[..n])];
    }

    /// <summary>Gives every process the tensors of process 0.</summary>
    /// <exception cref="ProcessException">A process is gone or did not come in time.</exception>
    public void Spread(IEnumerable<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (group is null)
            return;
        Meet();
        using var off = new Torch.Autograd.NoGrad();
        foreach (var tensor in tensors)
        {
            using var scope = new Scope();
            // A buffer may lie channels last; the exchange wants numbers in a row.
            var plain = tensor.Detach().Contiguous();
            Named(() => group.Spread(plain));
            if (!IsFirst)
                Aten.Call(Copy, tensor.Detach(), plain, false);
        }
    }

    /// <summary>Waits until all processes are here; work of different length may lie before.</summary>
    /// <exception cref="ProcessException">A process is gone.</exception>
    public void Meet()
    {
        if (store is null)
            return;
        var key = $"meeting/{meetings++}";
        Named(() => store.Add(key, 1));
        while (Named(() => store.Add(key, 0)) < Size)
        {
            heartbeat!.Check();
            Thread.Sleep(pause);
        }
    }

    /// <summary>Tells the others why this process ends, so that each can name it.</summary>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (error is not ProcessException)
            heartbeat?.Fail(error.Message);
    }

    /// <summary>Leaves the team.</summary>
    public void Dispose()
    {
        if (store is null)
            return;
        heartbeat!.Dispose();
        gradients!.Dispose();
        group!.Dispose();
        store.Dispose();
    }

    static readonly Operator Copy = new("aten::copy_");

    void Named(Action call) => Named(() =>
    {
        call();
        return true;
    });

    // An error of the network says which socket broke, not which process and why.
    T Named<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (TorchException error) when (!error.IsOutOfMemory)
        {
            throw new ProcessException(heartbeat!.Blame(error.Message), error);
        }
    }
}
