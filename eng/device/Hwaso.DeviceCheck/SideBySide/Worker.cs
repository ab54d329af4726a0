using System.Text.Json.Nodes;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.SideBySide;

/// <summary>Answers requests of eng/device/compare.py, a line of JSON each; one network is kept at a time.</summary>
static class Worker
{
    public static int Serve(Device device, TextReader input, TextWriter output)
    {
        TorchInfo.Threads = Environment.ProcessorCount;
        Say(new JsonObject { ["hello"] = new JsonObject { ["name"] = "Hwaso", ["torch"] = TorchInfo.Version } });
        TimedNetwork? network = null;
        while (input.ReadLine() is { } line)
        {
            JsonObject reply;
            try
            {
                var request = JsonNode.Parse(line)!.AsObject();
                var name = request["network"]!.GetValue<string>();
                if (network?.Name != name)
                {
                    network?.Dispose();
                    network = null;
                    network = new TimedNetwork(name, device);
                }
                reply = network.Measure(TimedCase.Of(request));
            }
#pragma warning disable CA1031 // One case that fails, for want of memory say, must not end the others; the driver shows it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Console.Error.WriteLine(error);
                reply = new JsonObject { ["error"] = $"{error.GetType().Name}: {error.Message}" };
            }
            // The other side runs next, and both may need most of the device. The case's tensors and graph are gone by now.
            if (device.Type == DeviceType.Cuda)
                DeviceMemory.Reset(device);
            Say(reply);
        }
        network?.Dispose();
        return 0;

        void Say(JsonObject reply)
        {
            output.WriteLine(reply.ToJsonString());
            output.Flush();
        }
    }
}
