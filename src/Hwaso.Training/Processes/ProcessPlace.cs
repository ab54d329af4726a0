using System.Globalization;

namespace Hwaso.Training.Processes;

/// <summary>
/// Which of several processes this one is, and where they meet, as whatever started them says in the environment: hwaso launch, torchrun
/// and Kubernetes' PyTorchJob (<c>RANK</c>, <c>WORLD_SIZE</c>, <c>LOCAL_RANK</c>, <c>MASTER_ADDR</c>, <c>MASTER_PORT</c>), Open MPI
/// (<c>OMPI_COMM_WORLD_*</c>) or Slurm (<c>SLURM_*</c>).
/// </summary>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Size">How many processes there are.</param>
/// <param name="LocalRank">This process among those of its machine, from 0: the GPU that it takes.</param>
/// <param name="LocalSize">How many of them this machine runs.</param>
/// <param name="Host">The machine of process 0.</param>
/// <param name="Port">The TCP port where they meet.</param>
/// <param name="Starter">What started them, in words.</param>
public sealed record ProcessPlace(int Rank, int Size, int LocalRank, int LocalSize, string Host, int Port, string Starter)
{
    const string Address = "MASTER_ADDR", PortName = "MASTER_PORT";

    // The port that torchrun takes where nothing is said.
    const int UsualPort = 29500;

    // Ports that Slurm's and Open MPI's jobs get by their number, so that two on one machine do not meet.
    const int FirstPort = 20_000, Ports = 10_000;

    /// <summary>The place that the environment names; null for a process by itself.</summary>
    /// <param name="variable">Gives the value of a variable; null where it is not set.</param>
    /// <exception cref="ProcessException">Variables that contradict each other, or are no numbers.</exception>
    public static ProcessPlace? Of(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;
        int? Number(string name) => Text(name) is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new ProcessException($"{name}={text} in the environment is no whole number");

        // The first that names a rank counts: torchrun also runs within Slurm's jobs.
        if (Text("RANK") is not null && Text("WORLD_SIZE") is not null)
            return Make("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", Text(Address), UsualPort, "torchrun's variables");
        if (Text("OMPI_COMM_WORLD_RANK") is not null)
            return Make("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
                Text(Address) ?? Here("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
                PortOf(Text("PMIX_NAMESPACE") ?? Text("OMPI_MCA_ess_base_jobid")), "Open MPI");
        // An interactive shell of a job has some of these; a step has all.
        if (Text("SLURM_STEP_ID") is not null && Text("SLURM_PROCID") is not null && Number("SLURM_STEP_NUM_TASKS") > 1)
            return Make("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "",
                Text(Address) ?? FirstHost(Text("SLURM_STEP_NODELIST")), PortOf($"{Text("SLURM_JOB_ID")}.{Text("SLURM_STEP_ID")}"), "Slurm",
                TasksHere(Text("SLURM_STEP_TASKS_PER_NODE"), Number("SLURM_NODEID")));
        return null;

        ProcessPlace? Make(string rank, string size, string localRank, string localSize, string? host, int port, string starter,
            int? tasksHere = null)
        {
            var (r, n) = (Number(rank) ?? 0,
                Number(size) ?? throw new ProcessException($"{rank} is set in the environment, {size} is not"));
            if (n < 1 || r >= n)
                throw new ProcessException($"{rank}={r} and {size}={n} in the environment: a rank from 0 to {size} - 1 was wanted");
            if (n == 1)
                return null;
            var here = Number(localSize.Length > 0 ? localSize : "LOCAL_WORLD_SIZE") ?? tasksHere ?? n;
            return new ProcessPlace(r, n, Number(localRank) ?? r, here,
                host ?? throw new ProcessException(
                    $"{starter}: {n} processes, but not where they meet; set {Address} (and {PortName}) to the machine of process 0"),
                Number(PortName) ?? port, starter);
        }

        string? Here(string size, string localSize) => Number(size) == Number(localSize) ? "127.0.0.1" : null;
    }

    /// <summary>The first machine of a list as Slurm writes it, such as <c>gpu[03-05,9],login</c>.</summary>
    internal static string? FirstHost(string? list)
    {
        if (list is null)
            return null;
        var bracket = list.IndexOf('[', StringComparison.Ordinal);
        var comma = list.IndexOf(',', StringComparison.Ordinal);
        if (bracket < 0 || (comma >= 0 && comma < bracket))
            return comma < 0 ? list : list[..comma];
        var first = list[(bracket + 1)..].TakeWhile(char.IsAsciiDigit).ToArray();
        var end = list.IndexOf(']', bracket);
        var rest = end < 0 ? "" : new string([.. list[(end + 1)..].TakeWhile(c => c != ',')]);
        return $"{list[..bracket]}{new string(first)}{rest}";
    }

    /// <summary>Of Slurm's numbers of tasks on each machine, such as <c>2(x3),1</c>, that of one machine.</summary>
    internal static int? TasksHere(string? list, int? machine)
    {
        if (list is null || machine is not { } index)
            return null;
        var before = 0;
        foreach (var part in list.Split(','))
        {
            var times = part.IndexOf("(x", StringComparison.Ordinal);
            if (!int.TryParse(times < 0 ? part : part[..times], out var tasks)
                || !int.TryParse(times < 0 ? "1" : part[(times + 2)..].TrimEnd(')'), out var machines))
                return null;
            before += machines;
            if (index < before)
                return tasks;
        }
        return null;
    }

    static int PortOf(string? job)
    {
        if (job is null)
            return UsualPort;
        // Not GetHashCode: the processes must agree.
        var sum = job.Aggregate(17u, (hash, c) => hash * 31 + c);
        return FirstPort + (int)(sum % Ports);
    }
}

/// <summary>Processes that cannot train as one any more, or never could; the message names the process and the reason.</summary>
public sealed class ProcessException(string message, Exception? inner = null) : Exception(message, inner);
