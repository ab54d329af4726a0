using Hwaso.Runtime;

namespace Hwaso.RuntimeBench;

/// <summary>A network in Hwaso.Runtime.</summary>
sealed class NetworkRun : IRuntime
{
    readonly OnnxModel model;
    readonly BenchNetwork network;
    readonly float[] input;

    public NetworkRun(string file, BenchNetwork network, int threads, SimdPath path)
    {
        this.network = network;
        model = OnnxModel.Load(file, new RuntimeOptions { Threads = threads, Path = path });
        Session = model.Open(network.Input);
        input = network.Numbers();
        Run();
    }

    public Session Session { get; }

    public void Run()
    {
        input.CopyTo(Session.Input(0));
        Session.Run();
    }

    public float[] Output() => Session.Output(0).ToArray();

    public Action Caller()
    {
        var session = model.Open(network.Input);
        return () =>
        {
            input.CopyTo(session.Input(0));
            session.Run();
        };
    }

    public void Dispose() => model.Dispose();
}
