// Writes src/Hwaso.Torch/Aten.g.cs from libtorch's own schemas, for the operators that typed.txt names.
// dotnet run --project tools/Hwaso.Generate -- tools/Hwaso.Generate/typed.txt src/Hwaso.Torch/Aten.g.cs
using Hwaso.Generate;
using Hwaso.Torch;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: Hwaso.Generate TYPED.txt OUT.cs");
    return 2;
}
var wanted = File.ReadAllLines(args[0]).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').ToArray();
var writer = new TypedWriter();
foreach (var name in wanted)
    writer.Add(new Operator(name).Schema);
File.WriteAllText(args[1], writer.Finish());
Console.WriteLine($"{wanted.Length} typed operators -> {args[1]}");
return 0;
