using System.Text.RegularExpressions;
using Hwaso.Tests;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Hwaso.Architecture.Tests;

/// <summary>One use of a folder's type by a type of another folder of the same project.</summary>
/// <param name="From">The using folder, relative to the project; empty for the project's own.</param>
/// <param name="To">The used folder.</param>
/// <param name="Example">A type and a type that it uses.</param>
public sealed record FolderUse(string From, string To, string Example);

/// <summary>A compiled project of <c>src/</c>: which folder each type lives in, and which folders use which.</summary>
/// <param name="name">The project, such as <c>Hwaso.Nn</c>.</param>
public sealed partial class Room(string name)
{
    readonly string folder = RepositoryRoot.File("src", name);
    readonly Dictionary<TypeDefinition, string> folders = [];

    /// <summary>Every project of <c>src/</c>.</summary>
    public static IEnumerable<string> Names => Directory
        .EnumerateFiles(RepositoryRoot.File("src"), "*.csproj", SearchOption.AllDirectories)
        .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>The source files of a project or another folder of the repository.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(RepositoryRoot.File(folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !BuildOutput().IsMatch(file) && !file.EndsWith(".g.cs", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    /// <summary>Which folder uses which, one example each, read off signatures and method bodies of the compiled project.</summary>
    public IReadOnlyList<FolderUse> Uses()
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, (name == "Hwaso.Cli" ? "hwaso" : name) + ".dll");
        using var module = ModuleDefinition.ReadModule(assembly, new ReaderParameters { ReadSymbols = true });
        var declared = Declarations();
        foreach (var type in module.Types.Where(t => t.Name != "<Module>"))
            if (FolderOf(type, declared) is { } place)
                folders[type] = place;
        var uses = new Dictionary<(string, string), FolderUse>();
        foreach (var (type, from) in folders)
            foreach (var used in UsedBy(type).Select(Outermost).OfType<TypeDefinition>().Distinct())
                if (folders.TryGetValue(used, out var to) && to != from)
                    uses.TryAdd((from, to), new FolderUse(from, to, $"{type.Name} uses {used.Name}"));
        return [.. uses.Values.OrderBy(u => u.From, StringComparer.Ordinal).ThenBy(u => u.To, StringComparer.Ordinal)];
    }

    // Bodies say where they were written; a type without any is looked up by its declaration.
    string? FolderOf(TypeDefinition type, Dictionary<string, string> declared)
    {
        var document = All(type).SelectMany(t => t.Methods).Where(m => m.HasBody)
            .SelectMany(m => m.DebugInformation.SequencePoints).Select(p => p.Document.Url)
            .FirstOrDefault(url => url.StartsWith(folder, StringComparison.Ordinal) && !BuildOutput().IsMatch(url));
        if (document is not null)
            return Relative(document);
        return declared.GetValueOrDefault(type.Name.Split('`')[0]);
    }

    Dictionary<string, string> Declarations()
    {
        var found = new Dictionary<string, string>();
        foreach (var file in Sources(Path.Combine("src", name)))
            foreach (Match match in Declaration().Matches(File.ReadAllText(file)))
                found.TryAdd(match.Groups[1].Value, Relative(file));
        return found;
    }

    string Relative(string file) =>
        Path.GetRelativePath(folder, Path.GetDirectoryName(file)!) is var place && place == "." ? "" : place.Replace('\\', '/');

    static IEnumerable<TypeDefinition> All(TypeDefinition type) => type.NestedTypes.SelectMany(All).Prepend(type);

    static TypeDefinition? Outermost(TypeReference reference)
    {
        while (reference is TypeSpecification special)
            reference = special.ElementType;
        if (reference is not TypeDefinition definition)
            return null;
        while (definition.DeclaringType is { } outer)
            definition = outer;
        return definition;
    }

    static IEnumerable<TypeReference> UsedBy(TypeDefinition root) => All(root).SelectMany(type =>
        Parts(type.BaseType)
            .Concat(type.Interfaces.SelectMany(i => Parts(i.InterfaceType)))
            .Concat(type.Fields.SelectMany(f => Parts(f.FieldType)))
            .Concat(type.Methods.SelectMany(m => m.Parameters.SelectMany(p => Parts(p.ParameterType)).Concat(Parts(m.ReturnType))))
            .Concat(type.Methods.Where(m => m.HasBody).SelectMany(m =>
                m.Body.Variables.SelectMany(v => Parts(v.VariableType)).Concat(m.Body.Instructions.SelectMany(Parts)))));

    static IEnumerable<TypeReference> Parts(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => Parts(type),
        MethodReference method => Parts(method.DeclaringType)
            .Concat(method is GenericInstanceMethod generic ? generic.GenericArguments.SelectMany(Parts) : []),
        FieldReference field => Parts(field.DeclaringType).Concat(Parts(field.FieldType)),
        _ => [],
    };

    // A type with everything inside it: List<Tensor[]> is List, Tensor[] and Tensor.
    static IEnumerable<TypeReference> Parts(TypeReference? type)
    {
        if (type is null)
            return [];
        IEnumerable<TypeReference> inner = type is GenericInstanceType generic ? generic.GenericArguments.SelectMany(Parts) : [];
        if (type is TypeSpecification special)
            inner = inner.Concat(Parts(special.ElementType));
        return inner.Prepend(type);
    }

    [GeneratedRegex(@"[/\\](obj|bin)[/\\]")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(
        @"^\s*(?:(?:public|internal|file|sealed|static|abstract|partial|readonly|ref|unsafe) )*"
        + @"(?:class|record struct|record|struct|enum|interface|delegate [\w<>\[\],.? ]+?)\s+([A-Z]\w*)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
