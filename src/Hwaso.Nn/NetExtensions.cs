namespace Hwaso.Nn;

/// <summary>Lets data flow left to right: <c>x.Apply(conv1).Apply(bn1).Relu()</c>.</summary>
public static class NetExtensions
{
    /// <summary>Runs a module on a value.</summary>
    public static TOut Apply<TIn, TOut>(this TIn input, Net<TIn, TOut> net) => net.Call(input);
}
