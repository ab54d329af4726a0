using System.Runtime.CompilerServices;
using System.Text;
using Hwaso.Torch.Native;

namespace Hwaso.Torch;

/// <summary>
/// The door to libtorch's operators: any of them by <see cref="Call(Operator, ReadOnlySpan{Value})"/>, the common ones typed.
/// </summary>
public static partial class Aten
{
    const int MaxResults = 8;
    const int ScratchLongs = 48;

    /// <summary>Calls an operator that returns one value; arguments left out take the schema's defaults.</summary>
    /// <exception cref="TorchException">libtorch refuses: the operator, the arguments' shapes and the module path are in the
    /// message.</exception>
    /// <exception cref="ObjectDisposedException">An argument was disposed.</exception>
    [SkipLocalsInit]
    public static unsafe Value Call(Operator operation, params ReadOnlySpan<Value> arguments)
    {
        if (Door.StandIn is not null && Door.Replaced(operation, arguments) is { Kind: not ValueKind.None } answer)
            return answer;
        var returned = stackalloc NativeValue[MaxResults];
        var count = Invoke(operation, arguments, returned);
        var result = count > 0 ? Unmarshal(in returned[0]) : Value.None;
        if (count > 1 || Door.Observer is not null)
            Report(operation, arguments, result, returned, count);
        return result;
    }

    // Operators of one tensor or two, and perhaps a number's default, are called without boxes where nothing observes or replaces them.
    // Not inlined, for the reason that NoGrad has.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static unsafe Tensor Direct(Operator operation, Tensor a)
    {
        if (operation.Tensors != 1 || a is null)
            return Call(operation, a).AsTensor();
        nint result;
        if (NativeMethods.hw_call_tensors(operation.Handle, a.Live(), 0, &result) != 0)
            throw Refused(operation, [a]);
        GC.KeepAlive(a);
        return new Tensor(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static unsafe Tensor Direct(Operator operation, Tensor a, Tensor b)
    {
        if (operation.Tensors != 2 || a is null || b is null)
            return Call(operation, a, b).AsTensor();
        nint result;
        if (NativeMethods.hw_call_tensors(operation.Handle, a.Live(), b.Live(), &result) != 0)
            throw Refused(operation, [a, b]);
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        return new Tensor(result);
    }

    /// <summary>
    /// Calls an operator by name, e.g. <c>aten::add.Tensor</c>; looked up at every call, so keep an <see cref="Operator"/> where speed
    /// counts.
    /// </summary>
    /// <exception cref="TorchException">There is no such operator, or it refuses.</exception>
    public static Value Call(string name, params ReadOnlySpan<Value> arguments) => Call(new Operator(name), arguments);

    /// <summary>Calls an operator that returns several values.</summary>
    /// <exception cref="TorchException">libtorch refuses.</exception>
    public static unsafe Value[] CallAll(Operator operation, params ReadOnlySpan<Value> arguments)
    {
        var returned = stackalloc NativeValue[MaxResults];
        var results = new Value[Invoke(operation, arguments, returned)];
        for (var k = 0; k < results.Length; k++)
            results[k] = Unmarshal(in returned[k]);
        Door.Observer?.Called(operation, arguments, results);
        return results;
    }

    /// <summary>Wraps the further results, which the scope frees, and reports the call to the observer.</summary>
    static unsafe void Report(Operator operation, ReadOnlySpan<Value> arguments, Value first, NativeValue* returned, int count)
    {
        var results = new Value[count];
        for (var k = 0; k < count; k++)
            results[k] = k == 0 ? first : Unmarshal(in returned[k]);
        Door.Observer?.Called(operation, arguments, results);
    }

    // Most of the scratch memory stays unread; clearing it would take much of a small operator's time.
    [SkipLocalsInit]
    static unsafe int Invoke(Operator operation, ReadOnlySpan<Value> arguments, NativeValue* returned)
    {
        var native = stackalloc NativeValue[arguments.Length + 1];
        var scratch = stackalloc long[ScratchLongs];
        var heap = default(List<nint>);
        int count;
        try
        {
            var used = 0;
            for (var k = 0; k < arguments.Length; k++)
                Marshal(in arguments[k], ref native[k], scratch, ref used, ref heap);
            if (NativeMethods.hw_call(operation.Handle, native, arguments.Length, returned, MaxResults, &count) != 0)
                throw Refused(operation, arguments);
        }
        finally
        {
            if (heap is not null)
                foreach (var block in heap)
                    System.Runtime.InteropServices.NativeMemory.Free((void*)block);
        }
        for (var k = 0; k < arguments.Length; k++)
            GC.KeepAlive(arguments[k].Reference);
        return count;
    }

    static TorchException Refused(Operator operation, ReadOnlySpan<Value> arguments)
    {
        var message = NativeMethods.LastError;
        return new TorchException(operation.Name, Door.CurrentPlace, string.Join(", ", arguments.ToArray().Select(a => a.ToString())),
            message);
    }

    static unsafe void Marshal(in Value value, ref NativeValue native, long* scratch, ref int used, ref List<nint>? heap)
    {
        native.Kind = (int)value.Kind;
        switch (value.Kind)
        {
            case ValueKind.Tensor:
                native.Pointer = (void*)Unsafe.As<Tensor>(value.Reference!).Live();
                break;
            case ValueKind.IntList:
                {
                    var list = Unsafe.As<long[]>(value.Reference!);
                    var room = Room(list.Length, scratch, ref used, ref heap);
                    list.CopyTo(new Span<long>(room, list.Length));
                    native.Pointer = room;
                    native.Count = list.Length;
                    break;
                }
            case ValueKind.DoubleList:
                {
                    var list = Unsafe.As<double[]>(value.Reference!);
                    var room = Room(list.Length, scratch, ref used, ref heap);
                    list.CopyTo(new Span<double>(room, list.Length));
                    native.Pointer = room;
                    native.Count = list.Length;
                    break;
                }
            case ValueKind.BoolList:
                {
                    var list = Unsafe.As<bool[]>(value.Reference!);
                    var room = (byte*)Room((list.Length + 7) / 8, scratch, ref used, ref heap);
                    for (var k = 0; k < list.Length; k++)
                        room[k] = list[k] ? (byte)1 : (byte)0;
                    native.Pointer = room;
                    native.Count = list.Length;
                    break;
                }
            case ValueKind.TensorList:
                {
                    var list = Unsafe.As<Tensor?[]>(value.Reference!);
                    var room = Room(list.Length, scratch, ref used, ref heap);
                    for (var k = 0; k < list.Length; k++)
                        room[k] = list[k]?.Live() ?? 0;
                    native.Pointer = room;
                    native.Count = list.Length;
                    break;
                }
            case ValueKind.String:
                {
                    var text = Unsafe.As<string>(value.Reference!);
                    var bytes = Encoding.UTF8.GetByteCount(text);
                    var room = Room((bytes + 7) / 8, scratch, ref used, ref heap);
                    Encoding.UTF8.GetBytes(text, new Span<byte>(room, bytes));
                    native.Pointer = room;
                    native.Count = bytes;
                    break;
                }
            default:
                native.Integer = value.Bits;
                break;
        }
    }

    /// <summary>Room for so many longs: on the caller's stack while it lasts, else on the heap.</summary>
    static unsafe long* Room(int longs, long* scratch, ref int used, ref List<nint>? heap)
    {
        if (used + longs <= ScratchLongs)
        {
            var room = scratch + used;
            used += longs;
            return room;
        }
        var block = (nint)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)longs, sizeof(long));
        (heap ??= []).Add(block);
        return (long*)block;
    }

    static unsafe Value Unmarshal(in NativeValue native)
    {
        switch ((ValueKind)native.Kind)
        {
            case ValueKind.Tensor:
                return native.Pointer == null ? Value.None : new Tensor((nint)native.Pointer);
            case ValueKind.Int:
                return native.Integer;
            case ValueKind.Double:
                return native.Number;
            case ValueKind.Bool:
                return native.Integer != 0;
            case ValueKind.IntList:
                {
                    var list = new Span<long>(native.Pointer, native.Count).ToArray();
                    NativeMethods.hw_free(native.Pointer);
                    return list;
                }
            case ValueKind.TensorList:
                {
                    var list = new Tensor[native.Count];
                    for (var k = 0; k < list.Length; k++)
                        list[k] = new Tensor(((nint*)native.Pointer)[k]);
                    NativeMethods.hw_free(native.Pointer);
                    return list;
                }
            case ValueKind.None:
                return Value.None;
            default:
                throw new NotSupportedException($"a result of kind {(ValueKind)native.Kind}, which the door does not return");
        }
    }
}
