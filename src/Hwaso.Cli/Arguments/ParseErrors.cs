using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hwaso.Recipes;

namespace Hwaso.Cli.Arguments;

/// <summary>Finds the first fault of a command line and says it in the user's terms.</summary>
static class ParseErrors
{
    /// <exception cref="UsageException">Something is wrong: a verb, an option, a value, something missing.</exception>
    public static void Throw(ParseResult parse, Command root, IEnumerable<string> args)
    {
        if ((FlagWithValue(parse, args) ?? Find(parse, root)) is { } problem) throw new UsageException(problem);
    }

    // The parser takes the value for an argument, such as an image.
    static string? FlagWithValue(ParseResult parse, IEnumerable<string> args) => args.TakeWhile(arg => arg != "--")
        .Select(arg => (Arg: arg, At: arg.IndexOf('=', StringComparison.Ordinal)))
        .Where(a => a.At > 0 && a.Arg[(a.At + 1)..] is not ("true" or "false"))
        .Where(a => Options(parse.CommandResult).Any(option => option is Option<bool> && option.Name == a.Arg[..a.At]))
        .Select(a => $"{a.Arg[..a.At]} takes no value; leave out '{a.Arg[a.At..]}'").FirstOrDefault();

    static string? Find(ParseResult parse, Command root)
    {
        var command = parse.CommandResult.Command;
        return UnknownOption(parse)
            ?? (command.Subcommands.Count > 0 ? UnknownVerb(parse, command, root) : UnexpectedArgument(parse))
            ?? WrongValue(parse)
            ?? WrongCount(parse)
            ?? Missing(parse, command)
            // Other errors keep the parser's own words; where a verb is missing, the caller has better ones.
            ?? (command.Subcommands.Count > 0 || parse.Errors.Count == 0 ? null : parse.Errors[0].Message);
    }

    // The parser takes an unknown option for an argument wherever an argument is still wanted.
    static string? UnknownOption(ParseResult parse)
    {
        var known = Options(parse.CommandResult).ToArray();
        var values = known.SelectMany(option => parse.GetResult(option)?.Tokens ?? []).ToHashSet();
        var unknown = parse.Tokens
            .TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token.Type == TokenType.Argument && IsOption(token.Value, isValue: values.Contains(token)))
            .Select(token => token.Value)
            .FirstOrDefault();
        if (unknown is null)
            return null;
        var name = unknown.Split('=')[0];
        // An option where another one's value should stand: the parser took it for the value.
        bool IsValueOf(Option option) => parse.GetResult(option)?.Tokens.Any(token => token.Value == unknown) == true;
        if (known.Any(option => option.Name == name) && known.FirstOrDefault(IsValueOf) is { } robbed)
            return $"{robbed.Name} is given without its {robbed.HelpName}";
        return $"unknown option '{name}'{NearName.HintOfSeveral(name, known.Select(option => option.Name))}";
    }

    // An option's value may begin with a dash, as -5 does; with two it is an option that is misspelt.
    static bool IsOption(string text, bool isValue) =>
        text.StartsWith("--", StringComparison.Ordinal)
        || (!isValue && text.Length > 1 && text[0] == '-'
            && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _));

    static string? UnknownVerb(ParseResult parse, Command command, Command root)
    {
        if (parse.UnmatchedTokens is not [var token, ..]) return null;
        var names = command.Subcommands.Select(sub => sub.Name).ToArray();
        return command == root
            ? $"unknown verb '{token}'{NearName.HintOfSeveral(token, names)}"
            : $"'{token}': wanted {string.Join(" or ", names)}{NearName.HintOfSeveral(token, names)}";
    }

    static string? UnexpectedArgument(ParseResult parse) =>
        parse.UnmatchedTokens is [var token, ..] ? $"unexpected argument '{token}'" : null;

    static string? WrongValue(ParseResult parse) =>
        parse.Errors.FirstOrDefault(error => error.SymbolResult is ArgumentResult { Tokens.Count: > 0 })?.Message;

    static string? WrongCount(ParseResult parse)
    {
        foreach (var option in Options(parse.CommandResult))
        {
            if (parse.GetResult(option) is not { Implicit: false } given) continue;
            if (given.Tokens.Count < option.Arity.MinimumNumberOfValues) return $"{option.Name} is given without its {option.HelpName}";
            if (given.IdentifierTokenCount > 1 && option.Arity.MaximumNumberOfValues == 1) return $"{option.Name} is given more than once";
        }
        return null;
    }

    static string? Missing(ParseResult parse, Command command)
    {
        var arguments = command.Arguments
            .Where(argument => argument.Arity.MinimumNumberOfValues > 0 && (parse.GetResult(argument)?.Tokens.Count ?? 0) == 0)
            .Select(argument => argument.Name);
        var options = command.Options
            .Where(option => option.Required && parse.GetResult(option) is null or { Implicit: true })
            .Select(option => $"{option.Name} {option.HelpName}");
        string[] missing = [.. arguments, .. options];
        return missing.Length == 0 ? null : $"{string.Join(" and ", missing)} {(missing.Length == 1 ? "is" : "are")} missing";
    }

    static IEnumerable<Option> Options(CommandResult result)
    {
        for (SymbolResult? at = result; at is not null; at = at.Parent)
            if (at is CommandResult { Command: var command })
                foreach (var option in command.Options)
                    yield return option;
    }
}
