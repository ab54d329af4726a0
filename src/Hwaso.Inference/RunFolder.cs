namespace Hwaso.Inference;

/// <summary>The files of a run.</summary>
/// <param name="Root">The folder.</param>
public sealed record RunFolder(string Root)
{
    /// <summary>The recipe with every default written out.</summary>
    public string Recipe => Path.Combine(Root, "recipe.yaml");

    /// <summary>One JSON object a line: losses, and validations.</summary>
    public string Metrics => Path.Combine(Root, "metrics.jsonl");

    /// <summary>The events with their times, a line each.</summary>
    public string Log => Path.Combine(Root, "log.txt");

    /// <summary>The events of another process that trains with the first, a line each.</summary>
    /// <param name="process">The process, from 1.</param>
    public string LogOf(int process) => Path.Combine(Root, FormattableString.Invariant($"log-{process}.txt"));

    /// <summary>The page about it.</summary>
    public string Report => Path.Combine(Root, "report.html");

    /// <summary>The result of a finished run for programs: scores, cost, time.</summary>
    public string Result => Path.Combine(Root, "result.json");

    /// <summary>The curves for TensorBoard.</summary>
    public string Events => Path.Combine(Root, "tensorboard");

    /// <summary>The files of its newest validation.</summary>
    public string Validation => Path.Combine(Root, "validation");

    /// <summary>The file that a trainer holds open while it trains here.</summary>
    public string Lock => Path.Combine(Root, "train.lock");

    /// <summary>The folder of weights.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>The weights of the best validation.</summary>
    public string Best => Path.Combine(Checkpoints, "best.safetensors");

    /// <summary>The newest weights.</summary>
    public string Last => Path.Combine(Checkpoints, "last.safetensors");

    /// <summary>Weights, optimiser and random state in one file, so that a run always continues from one moment.</summary>
    public string Resume => Path.Combine(Checkpoints, "resume.safetensors");

    /// <summary>Whether the folder holds a run: one that did its first step, or weights.</summary>
    public bool Exists => File.Exists(Recipe) || (Directory.Exists(Checkpoints) && Directory.EnumerateFiles(Checkpoints).Any());

    /// <summary>Whether a run was begun here, perhaps killed before its first step.</summary>
    public bool WasBegun => Exists || Directory.Exists(Checkpoints) || File.Exists(Lock);

    /// <summary>The error for a source of weights that is neither a folder nor a file.</summary>
    /// <param name="source">What was given.</param>
    public static FileNotFoundException Missing(string source) => new($"{source}: no such run folder or checkpoint");

    /// <summary>The weights that evaluation and prediction take: the best, or else the newest.</summary>
    /// <exception cref="FileNotFoundException">There are none yet.</exception>
    public string Weights => File.Exists(Best) ? Best : File.Exists(Last) ? Last
        : throw new FileNotFoundException($"{Root}: no weights in {Checkpoints}; train first (hwaso train RECIPE --run {Root})");
}
