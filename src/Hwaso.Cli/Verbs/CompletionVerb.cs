using System.CommandLine;
using System.Text.Json.Nodes;
using Hwaso.Cli.Arguments;

namespace Hwaso.Cli.Verbs;

/// <summary><c>hwaso completion</c>: a script that makes a shell complete command lines of <c>hwaso</c>.</summary>
/// <remarks>The scripts ask <c>hwaso "[suggest:POSITION]" "LINE"</c>, as those of other System.CommandLine programs do.</remarks>
sealed class CompletionVerb : Verb
{
    static readonly Dictionary<string, string> scripts = new()
    {
        ["bash"] = """
            _hwaso() {
                local IFS=$'\n'
                COMPREPLY=($(hwaso "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null))
            }
            complete -o default -F _hwaso hwaso
            """,
        ["zsh"] = """
            #compdef hwaso
            _hwaso() {
                local line="${(j: :)words[1,CURRENT]}"
                local -a found
                found=("${(@f)$(hwaso "[suggest:${#line}]" "$line" 2>/dev/null)}")
                if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
            }
            compdef _hwaso hwaso
            """,
        ["fish"] = """
            function __hwaso_complete
                set --local line (commandline --cut-at-cursor --current-process)
                hwaso "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete --command hwaso --arguments '(__hwaso_complete)'
            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName hwaso -ScriptBlock {
                param($word, $line, $position)
                hwaso "[suggest:$position]" "$line" 2>$null |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    readonly Argument<string> shell = Values.ChoiceArgument("SHELL", "the shell: bash, zsh, fish or pwsh (PowerShell)", [.. scripts.Keys]);

    public CompletionVerb() =>
        Command = new Command("completion", "prints a script that completes verbs, options and names of networks in a shell") { shell };

    public override Command Command { get; }

    public override IReadOnlyList<string> Examples =>
    [
        "completion bash >> ~/.bashrc",
        "completion zsh >> ~/.zshrc",
        "completion fish > ~/.config/fish/completions/hwaso.fish",
        "completion pwsh >> $PROFILE",
    ];

    public override int Run(ParseResult arguments, VerbContext context)
    {
        var script = scripts[arguments.GetRequiredValue(shell)];
        context.Result(new JsonObject { ["script"] = script }, output => output.WriteLine(script));
        return ExitCode.Done;
    }
}
