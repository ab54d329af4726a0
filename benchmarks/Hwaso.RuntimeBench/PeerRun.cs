using Microsoft.ML.OnnxRuntime;

namespace Hwaso.RuntimeBench;

/// <summary>A network in ONNX Runtime, with all its optimisations.</summary>
sealed class PeerRun : IRuntime
{
    readonly SessionOptions options;
    readonly InferenceSession session;
    readonly RunOptions run = new();
    readonly long[] shape;
    readonly List<OrtValue> inputs = [];
    readonly float[] numbers;
    IDisposableReadOnlyCollection<OrtValue>? outputs;

    public PeerRun(string file, BenchNetwork network, int threads)
    {
        options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        session = new InferenceSession(file, options);
        numbers = network.Numbers();
        shape = Array.ConvertAll(network.Input, s => (long)s);
        AddInput();
        Run();
    }

    /// <summary>Its version.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    public void Run()
    {
        outputs?.Dispose();
        outputs = Run(inputs[0]);
    }

    public float[] Output() => outputs![0].GetTensorDataAsSpan<float>().ToArray();

    public Action Caller()
    {
        var input = AddInput();
        return () => Run(input).Dispose();
    }

    public void Dispose()
    {
        outputs?.Dispose();
        inputs.ForEach(i => i.Dispose());
        run.Dispose();
        session.Dispose();
        options.Dispose();
    }

    IDisposableReadOnlyCollection<OrtValue> Run(OrtValue input)
    {
        numbers.CopyTo(input.GetTensorMutableDataAsSpan<float>());
        return session.Run(run, [session.InputNames[0]], [input], [session.OutputNames[0]]);
    }

    OrtValue AddInput()
    {
        inputs.Add(OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance,
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, shape));
        return inputs[^1];
    }
}
