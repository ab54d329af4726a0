using System.Runtime.InteropServices;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>An operator of libtorch's dispatcher, looked up at its first call, or one written in C#.</summary>
/// <param name="name">Its full name, e.g. <c>aten::conv2d</c> or <c>aten::add.Tensor</c>.</param>
public sealed class Operator(string name)
{
    nint handle;
    int tensors;
    Schema? schema;

    Operator(Schema schema) : this(schema.Overload.Length == 0 ? schema.Name : $"{schema.Name}.{schema.Overload}") => this.schema = schema;

    /// <summary>
    /// An operator written in C#, under a signature of its own, e.g. <c>hwaso::twice(Tensor self) -> Tensor</c>; it runs by <see
    /// cref="Door.CallManaged"/>.
    /// </summary>
    /// <exception cref="FormatException">The text is not a signature.</exception>
    public static Operator Managed(string signature) => new(Schema.Parse(signature));

    /// <summary>Its full name with overload.</summary>
    public string Name { get; } = name;

    /// <summary>Its signature.</summary>
    /// <exception cref="TorchException">libtorch has no such operator.</exception>
    public unsafe Schema Schema => schema ??= Schema.Parse(Marshal.PtrToStringUTF8((nint)NativeMethods.hw_operator_schema(Handle))!);

    /// <summary>How many tensors <c>hw_call_tensors</c> takes; 0 where it does not serve.</summary>
    internal int Tensors => handle != 0 ? tensors : Handle != 0 ? tensors : 0;

    internal nint Handle => handle != 0 ? handle : handle = Find();

    /// <summary>Every operator that libtorch's dispatcher lists.</summary>
    public static unsafe IReadOnlyList<Schema> All()
    {
        byte* text;
        if (NativeMethods.hw_schemas(&text) != 0)
            throw new TorchException("schemas", "", "", NativeMethods.LastError);
        return NativeMethods.TakeText(text).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Schema.Parse).ToArray();
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    unsafe nint Find()
    {
        // The overload follows the last dot behind the namespace: aten::add.Tensor.
        var dot = Name.IndexOf('.', StringComparison.Ordinal);
        nint found;
        if (NativeMethods.hw_operator(dot < 0 ? Name : Name[..dot], dot < 0 ? "" : Name[(dot + 1)..], &found) != 0)
            throw new TorchException(Name, Door.CurrentPlace, "", NativeMethods.LastError);
        tensors = NativeMethods.hw_operator_tensors(found);
        return found;
    }
}
