// Hwaso's side of benchmarks/compare.py: answers requests on standard input, a line of JSON each (see benchmarks/README.md).
// `onnx FOLDER HEIGHTxWIDTH NETWORK…` writes the files that benchmarks/runtime.py runs instead.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Bench;
using Hwaso.Torch;

if (args is ["onnx", var folder, var size, .. var networks])
{
    var sides = size.Split('x').Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToArray();
    foreach (var network in networks)
        OnnxFiles.Write(folder, network, sides[0], sides[1]);
    return;
}

var worker = new Worker();
Console.WriteLine(new JsonObject
{
    ["hello"] = new JsonObject
    {
        ["name"] = "Hwaso",
        ["torch"] = TorchInfo.Version,
        ["dotnet"] = Environment.Version.ToString(),
    },
}.ToJsonString());
while (Console.ReadLine() is { } line)
{
    if (line.Trim().Length == 0)
        continue;
    JsonObject reply;
    try
    {
        reply = worker.Answer(JsonNode.Parse(line)!.AsObject());
    }
#pragma warning disable CA1031 // One bad request must not end the others; the driver shows it.
    catch (Exception error)
#pragma warning restore CA1031
    {
        Console.Error.WriteLine(error);
        reply = new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" };
    }
    Console.WriteLine(reply.ToJsonString(JsonSerializerOptions.Default));
}
worker.Dispose();
