// Hwaso's side of benchmarks/compare.py: answers requests on standard input, a line of JSON each (see benchmarks/README.md).
// `onnx FOLDER HEIGHTxWIDTH NETWORK…` writes the files that benchmarks/Hwaso.RuntimeBench runs instead.
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hwaso.Bench;
using Hwaso.Models;
using Hwaso.Models.Networks;
using Hwaso.Torch;

if (args is ["onnx", var folder, var size, .. var networks])
{
    var sides = size.Split('x').Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToArray();
    foreach (var network in networks)
        OnnxFiles.Write(folder, network, sides[0], sides[1]);
    return 0;
}

// `processes JSON`: one of the processes of benchmarks/processes.py.
if (args is ["processes", var request])
{
    SharedSteps.Run(JsonNode.Parse(request)!.AsObject());
    return 0;
}

// `convolutions NETWORK NxHxW [THREADS [TEXT]]`: processor time of each convolution of a training step whose line has the text, by libtorch
// and by our kernels.
if (args is ["convolutions", var trained, var images, .. var more])
{
    ConvolutionTable.Write(trained, images.Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray(),
        more is [var threads, ..] ? int.Parse(threads, CultureInfo.InvariantCulture) : 1, more.ElementAtOrDefault(1) ?? "");
    return 0;
}

// `agreement SCRIPT [NETWORK…]`: the zoo's exports on both runtimes beside libtorch (eng/agreement.sh).
if (args is ["agreement", var script, .. var names])
{
    using var agreement = new Agreement(script);
    // Of networks that differ in size alone (their descriptions are the same) the first, which families list smallest first.
    var chosen = names.Length > 0 ? names : Zoo.All.GroupBy(d => d.Description).Select(g => g.First().Name).ToArray();
    var isDetector = chosen.ToLookup(name => Zoo.Find(name).Task == ModelTask.Detection);
    var good = isDetector[false].Count(agreement.Run);
    var detectors = agreement.RunDetectors([.. isDetector[true]]);
    Console.WriteLine($"\n{good} of {isDetector[false].Count()} networks within 1e-4 on both runtimes (fixed; folded; free and folded); "
        + $"{detectors.Good} of {detectors.All} files of detectors find what libtorch finds on both.");
    return good == isDetector[false].Count() && detectors.Good == detectors.All ? 0 : 1;
}

var worker = new Worker();
Console.WriteLine(new JsonObject
{
    ["hello"] = new JsonObject
    {
        ["name"] = "Hwaso",
        ["torch"] = TorchInfo.Version,
        ["dotnet"] = Environment.Version.ToString(),
        ["vectors"] = Avx512F.IsSupported ? "AVX512" : Avx2.IsSupported ? "AVX2" : "other",
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
return 0;
