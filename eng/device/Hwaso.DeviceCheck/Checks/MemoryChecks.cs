using Hwaso.Nn;
using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Whether a thousand training steps leave tensors, the process's memory and the device's as they were.</summary>
static class MemoryChecks
{
    const int Before = 100, Steps = 1000;

    public static void Run(CheckReport report, Device device)
    {
        report.Run("a thousand steps of convolutions", () => Flat(device, deform: false));
        report.Run("a thousand steps with a node whose backward is managed code", () => Flat(device, deform: true));
    }

    static string Flat(Device device, bool deform)
    {
        using var weights = Weights.Create(device);
        Net layer = deform
            ? new Resized(weights / "layer")
            : new Sequential(weights / "layer", p => new Conv2d(p, 8, 16, 3), p => new BatchNorm2d(p, 16), p => new ReLU(p));
        using var optimiser = new Sgd([new ParameterGroup([.. weights.Parameters])], 0.001, momentum: 0.9);
        // The managed gradient of resizing is chosen where the process is deterministic.
        TorchInfo.IsDeterministic = deform;
        for (var step = 0; step < Before; step++)
            Step(layer, optimiser, device);
        GC.Collect();
        var (handles, resident, inUse) = (Tensor.LiveHandles, Environment.WorkingSet, InUse(device));
        for (var step = 0; step < Steps; step++)
            Step(layer, optimiser, device);
        GC.Collect();
        TorchInfo.IsDeterministic = false;
        var grown = (Environment.WorkingSet - resident) >> 20;
        if (Tensor.LiveHandles != handles || InUse(device) != inUse || Tensor.Finalized != 0)
            throw new CheckException($"{Tensor.LiveHandles - handles} tensors and {InUse(device) - inUse} bytes on {device} more than "
                + $"before, {Tensor.Finalized} tensors were left to the finalizer");
        // Each step makes 3 MB of tensors: a leak of a hundredth would be 30 MB beyond the runtime's own growth.
        return grown < 64 ? $"{handles} tensors, {inUse} bytes on the device, {grown} MiB more in the process"
            : throw new CheckException($"the process grew by {grown} MiB");
    }

    static long InUse(Device device) => device.Type == DeviceType.Cuda ? DeviceMemory.Of(device).Bytes : 0;

    static void Step(Net layer, Sgd optimiser, Device device)
    {
        using var scope = new Scope();
        var x = Tensor.Randn([4, 8, 32, 32], device: device);
        optimiser.Minimise(() => layer.Call(x) is var y ? (y * y).Mean() : y);
    }

    /// <summary>A convolution between two resizings, whose gradients are managed code in deterministic processes.</summary>
    sealed class Resized(Weights w) : Net(w)
    {
        readonly Conv2d conv = new(w / "conv", 8, 16, 3);

        protected override Tensor Forward(Tensor x) => x.Apply(conv).ResizeBilinear(48, 48).ResizeBilinear(16, 16);
    }
}
