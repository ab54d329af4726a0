using Hwaso.Cli.Arguments;
using Hwaso.Inference;
using Hwaso.Models;
using Hwaso.Nn;
using Hwaso.Recipes;
using Hwaso.Runtime;
using Hwaso.Torch;
using Hwaso.Torch.Autograd;

namespace Hwaso.Cli.Verbs;

/// <summary>A network and an input, ready to be run: an exported one on Hwaso.Runtime, one of the zoo with initial weights on libtorch.</summary>
sealed class BenchedNetwork : IDisposable
{
    readonly IDisposable owner;

    BenchedNetwork(IDisposable owner, Action run, string name, string engine, string device) => (this.owner, Run, Name, Engine, Device) = (owner, run, name, engine, device);

    /// <summary>Runs it once.</summary>
    public Action Run { get; }

    /// <summary>The network's name.</summary>
    public string Name { get; }

    /// <summary>What computes.</summary>
    public string Engine { get; }

    /// <summary>Where.</summary>
    public string Device { get; }

    /// <summary>Opens an ONNX file, or builds a network by name or recipe.</summary>
    /// <exception cref="UsageException">An exported network takes no images of that size, or not on that device.</exception>
    public static BenchedNetwork Open(BenchArguments arguments, VerbContext context) =>
        Segmenter.IsExported(arguments.Model) ? OfFile(arguments, context) : OfModel(arguments, context);

    /// <summary>Frees the network.</summary>
    public void Dispose() => owner.Dispose();

    static BenchedNetwork OfFile(BenchArguments arguments, VerbContext context)
    {
        var (file, size) = (arguments.Model, arguments.Size);
        if (context.Device is not (null or "cpu"))
            throw new UsageException($"--device {context.Device}: {file} is an exported network, which runs on the processor; leave it out");
        if (arguments.Classes is not null)
            throw new UsageException($"--classes: {file} is an exported network, which has its classes already; leave it out");
        if (!File.Exists(file))
            throw new FileNotFoundException($"{file}: no such file");
        var model = OnnxModel.Load(file, new RuntimeOptions { Threads = context.ProcessorThreads });
        try
        {
            if (model.Inputs is not [{ IsFloat: true } input] || input.Shape is { Count: not 4 })
                throw new UsageException($"{file}: one input of images [1, 3, H, W] can be timed; it has {string.Join(" and ", model.Inputs.Select(i => $"'{i.Name}' [{string.Join(", ", i.Shape ?? [])}]"))}");
            var channels = input.Shape is [_, > 0 and var declared, _, _] ? declared : 3;
            var session = model.Open([1, channels, size.Height, size.Width]);
            Numbers(session.Input(0).Length).CopyTo(session.Input(0));
            return new BenchedNetwork(model, () => session.Run(context.Cancel), file, "Hwaso.Runtime", "cpu");
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    static BenchedNetwork OfModel(BenchArguments arguments, VerbContext context)
    {
        var device = context.UseTorch();
        var definition = ModelArgument.Find(arguments.Model).Deployed();
        var classes = arguments.Classes ?? ModelArgument.Classes(arguments.Model) ?? definition.PublishedClasses;
        var weights = Weights.Create(device);
        try
        {
            var net = definition.Build(weights, classes);
            weights.UseMemoryFormat(MemoryFormat.ChannelsLast);
            net.Eval();
            var input = Numbers(3 * arguments.Size.Height * arguments.Size.Width);
            return new BenchedNetwork(weights, () => Forward(net, input, arguments.Size, device), definition.Name, $"libtorch {TorchInfo.Version}", $"{device}");
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    // Numbers to the device, the answer back to the processor: that also waits for a GPU.
    static void Forward(Net net, float[] input, SizePx size, Device device)
    {
        using var scope = new Scope();
        using var off = new NoGrad();
        var x = Tensor.From(input, 1, 3, size.Height, size.Width).To(device).Contiguous(MemoryFormat.ChannelsLast);
        net.Call(x).To(Torch.Device.Cpu);
    }

    // Some images' numbers after normalisation: what they are makes no difference to how long it takes.
    static float[] Numbers(int count)
    {
        var random = new Random(1);
        return Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2)).ToArray();
    }
}
