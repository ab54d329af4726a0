using Hwaso.Inference;
using Hwaso.Torch;

namespace Hwaso.Server.Settings;

/// <summary>What a server serves, where it listens, and its limits.</summary>
public sealed record ServerSettings
{
    /// <summary>
    /// Exported networks, run folders and checkpoints; a file's or folder's name without <c>.onnx</c> is the model's name, or
    /// <c>NAME=PATH</c> gives it another.
    /// </summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>A folder of runs, each of which is a model as soon as it has weights; null for none.</summary>
    public string? Runs { get; init; }

    /// <summary>
    /// The folder of the built page; null for the folder <c>page</c> beside the program. Without it the server has no page.
    /// </summary>
    public string? Page { get; init; }

    /// <summary>A data set whose images and labels are shown and can be edited; null for none.</summary>
    public string? Data { get; init; }

    /// <summary>The layout of <see cref="Data"/>; null to recognise it by the folder's content.</summary>
    public string? Layout { get; init; }

    /// <summary>How trainings are started; null for a server that starts none.</summary>
    public TrainingCommand? Training { get; init; }

    /// <summary>Addresses to listen on; port 0 takes a free one.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>Names, besides localhost and addresses, that clients may call the server by: the Host header of their requests.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Origins whose pages may call the server (CORS); empty for none.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Keys, one of which a request must carry; empty if anybody may ask.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The most requests of a key in a minute; 0 for no limit.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Threads that networks compute with; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Where libtorch computes: runs and checkpoints on a GPU, attention and depth decoders in any case.</summary>
    public Device Device { get; init; } = Device.Cpu;

    /// <summary>
    /// What answers images of runs and checkpoints; automatic: Hwaso.Runtime on the processor, libtorch on a GPU. Exported networks, and
    /// tensors, are Hwaso.Runtime's.
    /// </summary>
    public Engine Engine { get; init; }

    /// <summary>Whether libtorch answers images of runs and checkpoints.</summary>
    internal bool UsesTorch => Engine == Engine.Libtorch || (Engine == Engine.Automatic && Device.Type != DeviceType.Cpu);

    /// <summary>The most images that are run as one batch.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>The longest time in milliseconds that an image waits for others of its size to fill a batch.</summary>
    public double BatchWaitMs { get; init; }

    /// <summary>Requests that may wait while others compute; more are refused with 429.</summary>
    public int Queue { get; init; } = 1;

    /// <summary>The longest time in seconds that a request may take, waiting included.</summary>
    public double TimeLimitSeconds { get; init; } = 60;

    /// <summary>The most bytes of a request's body, also after unpacking.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>The most pixels of an image.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>The most bytes of memory that one run of a network may take.</summary>
    public long MaxRunBytes { get; init; } = 1L << 30;

    /// <summary>The least time in seconds between being asked to end and closing, in which the server says that it is not ready.</summary>
    public double DrainSeconds { get; init; } = 1;

    /// <summary>Where measurements are sent by OTLP; null for nowhere. <c>/metrics</c> has them for Prometheus in any case.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>The form of the log on standard error.</summary>
    public LogForm Logs { get; init; }
}

/// <summary>How a server starts trainings: as processes of a command, so that one that crashes takes nothing else along.</summary>
/// <param name="Words">The program and its first arguments; <c>train RECIPE --run DIR …</c> follows.</param>
/// <param name="Recipes">The files of the recipes that a request may name.</param>
public sealed record TrainingCommand(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Recipes);

/// <summary>Forms of a server's log.</summary>
public enum LogForm
{
    /// <summary>No log.</summary>
    None,

    /// <summary>Lines to read.</summary>
    Text,

    /// <summary>A JSON object a line.</summary>
    Json,
}
