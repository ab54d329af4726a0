
namespace Hwaso.Checkpoints.Pickle;

/// <summary>
/// Reads one pickle into plain data: texts, numbers, lists, dictionaries and descriptions of tensors. It runs nothing:
/// a name outside <see cref="AllowedGlobals"/> is an error. Python's <c>pickletools</c> is the format's reference.
/// </summary>
sealed class Unpickler(CheckpointStream source)
{
    // A network of 20,000 tensors with its optimiser state takes three million.
    const long MaxOperations = 10_000_000;

    readonly PickleReader read = new(source);
    readonly PickleStack stack = new(source);
    readonly Reducer reducer = new(source);

    /// <summary>Every storage that the pickle points to, by key.</summary>
    public IReadOnlyDictionary<string, StorageRef> Storages => reducer.Storages;

    /// <summary>The pickle's value; the source stands right after it.</summary>
    public object? Load()
    {
        for (var operations = 0L; operations < MaxOperations; operations++)
        {
            var opcode = (Opcode)read.Byte();
            if (opcode == Opcode.Stop)
                return stack.Pop();
            if (!Scalar(opcode) && !Structure(opcode) && !Build(opcode))
                throw source.Fail($"pickle opcode 0x{(byte)opcode:X2} at byte {source.Position - 1} is not one that torch.save writes");
        }

        throw source.Fail($"a pickle of more than {MaxOperations} operations; this is no weight file");
    }

    bool Scalar(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Proto:
                if (read.Byte() > 5)
                    throw source.Fail("a pickle protocol newer than 5; the file is damaged");
                break;
            case Opcode.Frame: read.Length64(); break;
            case Opcode.None: stack.Push(null); break;
            case Opcode.NewTrue: stack.Push(true); break;
            case Opcode.NewFalse: stack.Push(false); break;
            case Opcode.BinInt: stack.Push(read.Int32()); break;
            case Opcode.BinInt1: stack.Push((long)read.Byte()); break;
            case Opcode.BinInt2: stack.Push(read.UInt16()); break;
            case Opcode.Int or Opcode.Long: stack.Push(read.DecimalInteger()); break;
            case Opcode.Long1: stack.Push(read.Integer(read.Byte())); break;
            case Opcode.Long4: stack.Push(read.Integer(read.Int32())); break;
            case Opcode.Float: stack.Push(read.DecimalFloat()); break;
            case Opcode.BinFloat: stack.Push(read.BinFloat()); break;
            case Opcode.Unicode: stack.Push(read.Line()); break;
            case Opcode.ShortBinUnicode: stack.Push(read.Utf8(read.Byte())); break;
            case Opcode.BinUnicode: stack.Push(read.Utf8(read.UInt32())); break;
            case Opcode.BinUnicode8: stack.Push(read.Utf8(read.Length64())); break;
            case Opcode.ShortBinString: stack.Push(read.ByteString(read.Byte())); break;
            case Opcode.BinString: stack.Push(read.ByteString(read.Int32())); break;
            case Opcode.ShortBinBytes: stack.Push(read.Bytes(read.Byte())); break;
            case Opcode.BinBytes: stack.Push(read.Bytes(read.UInt32())); break;
            case Opcode.BinBytes8: stack.Push(read.Bytes(read.Length64())); break;
            default: return false;
        }

        return true;
    }

    bool Structure(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Mark: stack.Mark(); break;
            case Opcode.Pop: stack.Pop(); break;
            case Opcode.PopMark: stack.PopToMark(); break;
            case Opcode.Dup: stack.Push(stack.Top); break;
            case Opcode.EmptyTuple: stack.Push(Array.Empty<object?>()); break;
            case Opcode.Tuple1: stack.Push(stack.Pop(1)); break;
            case Opcode.Tuple2: stack.Push(stack.Pop(2)); break;
            case Opcode.Tuple3: stack.Push(stack.Pop(3)); break;
            case Opcode.Tuple: stack.Push(stack.PopToMark()); break;
            case Opcode.EmptyList or Opcode.EmptySet: stack.Push(new List<object?>()); break;
            case Opcode.List or Opcode.FrozenSet: stack.Push(new List<object?>(stack.PopToMark())); break;
            case Opcode.EmptyDict: stack.Push(new PickleDict()); break;
            case Opcode.Dict: SetItems(new PickleDict(), stack.PopToMark(), push: true); break;
            case Opcode.Append: Append(stack.Pop(1)); break;
            case Opcode.Appends or Opcode.AddItems: Append(stack.PopToMark()); break;
            case Opcode.SetItem: SetItems(stack.Pop(2)); break;
            case Opcode.SetItems: SetItems(stack.PopToMark()); break;
            case Opcode.Put: stack.Remember(read.DecimalInteger() as long? ?? -1); break;
            case Opcode.BinPut: stack.Remember(read.Byte()); break;
            case Opcode.LongBinPut: stack.Remember(read.UInt32()); break;
            case Opcode.Memoize: stack.RememberNext(); break;
            case Opcode.Get: stack.Push(stack.Recall(read.DecimalInteger() as long? ?? -1)); break;
            case Opcode.BinGet: stack.Push(stack.Recall(read.Byte())); break;
            case Opcode.LongBinGet: stack.Push(stack.Recall(read.UInt32())); break;
            default: return false;
        }

        return true;
    }

    bool Build(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Global or Opcode.Inst:
                var module = read.Line();
                stack.Push(reducer.Find(module, read.Line()));
                if (opcode == Opcode.Inst)
                    throw source.Fail($"builds an object of class {stack.Top}; only tensors and plain containers are loaded");
                break;
            case Opcode.StackGlobal:
                var names = stack.Pop(2);
                stack.Push(reducer.Find(names[0] as string ?? "?", names[1] as string ?? "?"));
                break;
            case Opcode.BinPersId: stack.Push(reducer.Persistent(stack.Pop())); break;
            case Opcode.Reduce or Opcode.NewObj:
                var call = stack.Pop(2);
                stack.Push(reducer.Reduce(call[0], call[1]));
                break;
            case Opcode.Build:
                var state = stack.Pop();
                stack.Push(reducer.Build(stack.Pop(), state));
                break;
            default: return false;
        }

        return true;
    }

    void Append(object?[] values)
    {
        if (stack.Top is not List<object?> list)
            throw source.Fail($"appends to {Reducer.Describe(stack.Top)}, which is not a list; the file is damaged");
        list.AddRange(values);
    }

    void SetItems(object?[] pairs)
    {
        if (stack.Top is not PickleDict dictionary)
            throw source.Fail($"sets entries of {Reducer.Describe(stack.Top)}, which is not a dictionary; the file is damaged");
        SetItems(dictionary, pairs, push: false);
    }

    void SetItems(PickleDict dictionary, object?[] pairs, bool push)
    {
        if (pairs.Length % 2 != 0)
            throw source.Fail("a dictionary's last key has no value; the file is damaged");
        for (var i = 0; i < pairs.Length; i += 2)
            dictionary.Set(pairs[i] ?? "None", pairs[i + 1]);
        if (push)
            stack.Push(dictionary);
    }
}
