using Hwaso.Torch;

namespace Hwaso.DeviceCheck.Checks;

/// <summary>Whether anything works at all: the first thing to run on a new machine.</summary>
static class SmokeChecks
{
    public static void Run(CheckReport report, Device device)
    {
        report.Run("the door loads",
            () => $"libtorch {TorchInfo.Version}, {TorchInfo.CudaDevices} CUDA device(s), {TorchInfo.Threads} threads");
        report.Run($"an addition on {device}", () =>
        {
            using var scope = new Scope();
            var sum = Tensor.From([1f, 2f], 2).To(device) + Tensor.From([10f, 20f], 2).To(device);
            return sum.ToArray<float>() is [11f, 22f] ? "right"
                : throw new CheckException($"[1, 2] + [10, 20] gave [{string.Join(", ", sum.ToArray<float>())}]");
        });
        report.Run($"a convolution and its gradient on {device}", () =>
            DeviceComparison.Compare(device, [[2, 3, 8, 8], [4, 3, 3, 3]], x => Aten.Conv2d(x[0], x[1], padding: [1, 1])));
        if (device.Type == DeviceType.Cuda)
            report.Run("the memory's figures", () =>
            {
                DeviceMemory.Reset(device);
                var memory = DeviceMemory.Of(device);
                return $"{memory.PeakBytes} bytes of tensors, {memory.ReservedPeakBytes} reserved";
            });
    }
}
