using System.CommandLine;

namespace Hwaso.Cli.Arguments;

/// <summary>The options that every verb has.</summary>
sealed class CommonOptions
{
    public Option<bool> Json { get; } = Values.Flag("--json", "print one JSON object and nothing else on standard output");

    public Option<string?> Device { get; } = Values.Device("--device", "cpu, cuda or cuda:N (default: cuda if there is one)");

    public Option<int?> Threads { get; } = Values.Whole("--threads", "N", "threads to compute on (default: all processors)", min: 1);

    public Option<bool> Debug { get; } = Values.Flag("--debug", "show the stack trace of an error");

    public Option<bool> Help { get; } = Values.Flag("--help", "this page", "-h", "-?");

    public IReadOnlyList<Option> All => [Json, Device, Threads, Debug, Help];

    /// <summary>Adds them to <paramref name="root"/> and, through it, to every verb.</summary>
    public void AddTo(Command root)
    {
        foreach (var option in All)
        {
            option.Recursive = true;
            root.Add(option);
        }
    }
}
