// Hwaso.Runtime's side of benchmarks/runtime.py: answers requests on standard input, one line of JSON each (see benchmarks/README.md).
using System.Text.Json.Nodes;
using Hwaso.RuntimeBench;

var hello = new JsonObject { ["name"] = "Hwaso.Runtime", ["dotnet"] = Environment.Version.ToString() };
Console.WriteLine(new JsonObject { ["hello"] = hello }.ToJsonString());
NetworkRun? run = null;
while (Console.ReadLine() is { } line)
{
    JsonObject reply;
    try
    {
        var request = JsonNode.Parse(line)!.AsObject();
        if (request["limits"]?.GetValue<int>() is { } threads)
        {
            var limits = Limits.Measure(threads);
            Console.WriteLine(new JsonObject { ["multiply_adds"] = limits.MultiplyAdds, ["bytes"] = limits.Bytes }.ToJsonString());
            continue;
        }
        var (model, input) = (request["model"]!.GetValue<string>(), request["input"]!.GetValue<string>());
        run ??= new NetworkRun(model, input, request["threads"]!.GetValue<int>());
        var times = run.Times(request["repeats"]!.GetValue<int>());
        reply = new JsonObject { ["times_ms"] = new JsonArray([.. times.Select(t => (JsonNode)t)]), ["peak_mib"] = NetworkRun.PeakMiB };
        if (request["steps"]?.GetValue<int>() is { } runs)
            reply["steps"] = run.Steps(runs);
        if (request["output"]?.GetValue<string>() is { } file)
            run.WriteOutput(file);
    }
#pragma warning disable CA1031 // The driver shows it.
    catch (Exception error)
#pragma warning restore CA1031
    {
        Console.Error.WriteLine(error);
        reply = new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" };
    }
    Console.WriteLine(reply.ToJsonString());
}
run?.Dispose();
