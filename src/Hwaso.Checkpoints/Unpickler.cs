namespace Hwaso.Checkpoints;

/// <summary>
/// Reads one pickle into plain data: texts, numbers, lists, dictionaries and descriptions of tensors. It runs nothing:
/// a name outside <see cref="PickleGlobals"/> is an error. Python's <c>pickletools</c> is the format's reference.
/// </summary>
sealed class Unpickler(CheckpointStream source)
{
    // A network of 20,000 tensors with its optimiser state takes three million.
    const long MaxOperations = 10_000_000;

    readonly PickleReader read = new(source);
    readonly PickleStack stack = new(source);
    readonly PickleReducer reducer = new(source);

    /// <summary>Every storage that the pickle points to, by key.</summary>
    public IReadOnlyDictionary<string, StorageRef> Storages => reducer.Storages;

    /// <summary>Reads the pickle's value; the source's position is right after it.</summary>
    public object? Load()
    {
        for (var operations = 0L; operations < MaxOperations; operations++)
        {
            var opcode = (PickleOpcode)read.Byte();
            if (opcode == PickleOpcode.Stop)
                return stack.Pop();
            if (!Scalar(opcode) && !Structure(opcode) && !Build(opcode))
                throw source.Fail($"pickle opcode 0x{(byte)opcode:X2} at byte {source.Position - 1} is not one that torch.save writes");
        }

        throw source.Fail($"a pickle of more than {MaxOperations} operations; this is no weight file");
    }

    bool Scalar(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto:
                if (read.Byte() > 5)
                    throw source.Fail("a pickle protocol newer than 5; the file is damaged");
                break;
            case PickleOpcode.Frame: read.Length64(); break;
            case PickleOpcode.None: stack.Push(null); break;
            case PickleOpcode.NewTrue: stack.Push(true); break;
            case PickleOpcode.NewFalse: stack.Push(false); break;
            case PickleOpcode.BinInt: stack.Push(read.Int32()); break;
            case PickleOpcode.BinInt1: stack.Push((long)read.Byte()); break;
            case PickleOpcode.BinInt2: stack.Push(read.UInt16()); break;
            case PickleOpcode.Int or PickleOpcode.Long: stack.Push(read.DecimalInteger()); break;
            case PickleOpcode.Long1: stack.Push(read.Integer(read.Byte())); break;
            case PickleOpcode.Long4: stack.Push(read.Integer(read.Int32())); break;
            case PickleOpcode.Float: stack.Push(read.DecimalFloat()); break;
            case PickleOpcode.BinFloat: stack.Push(read.BinFloat()); break;
            case PickleOpcode.Unicode: stack.Push(read.Line()); break;
            case PickleOpcode.ShortBinUnicode: stack.Push(read.Utf8(read.Byte())); break;
            case PickleOpcode.BinUnicode: stack.Push(read.Utf8(read.UInt32())); break;
            case PickleOpcode.BinUnicode8: stack.Push(read.Utf8(read.Length64())); break;
            case PickleOpcode.ShortBinString: stack.Push(read.ByteString(read.Byte())); break;
            case PickleOpcode.BinString: stack.Push(read.ByteString(read.Int32())); break;
            case PickleOpcode.ShortBinBytes: stack.Push(read.Bytes(read.Byte())); break;
            case PickleOpcode.BinBytes: stack.Push(read.Bytes(read.UInt32())); break;
            case PickleOpcode.BinBytes8: stack.Push(read.Bytes(read.Length64())); break;
            default: return false;
        }

        return true;
    }

    bool Structure(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: stack.Mark(); break;
            case PickleOpcode.Pop: stack.Pop(); break;
            case PickleOpcode.PopMark: stack.PopToMark(); break;
            case PickleOpcode.Dup: stack.Push(stack.Top); break;
            case PickleOpcode.EmptyTuple: stack.Push(Array.Empty<object?>()); break;
            case PickleOpcode.Tuple1: stack.Push(stack.Pop(1)); break;
            case PickleOpcode.Tuple2: stack.Push(stack.Pop(2)); break;
            case PickleOpcode.Tuple3: stack.Push(stack.Pop(3)); break;
            case PickleOpcode.Tuple: stack.Push(stack.PopToMark()); break;
            case PickleOpcode.EmptyList or PickleOpcode.EmptySet: stack.Push(new List<object?>()); break;
            case PickleOpcode.List or PickleOpcode.FrozenSet: stack.Push(new List<object?>(stack.PopToMark())); break;
            case PickleOpcode.EmptyDict: stack.Push(new PickleDict()); break;
            case PickleOpcode.Dict: SetItems(new PickleDict(), stack.PopToMark(), push: true); break;
            case PickleOpcode.Append: Append(stack.Pop(1)); break;
            case PickleOpcode.Appends or PickleOpcode.AddItems: Append(stack.PopToMark()); break;
            case PickleOpcode.SetItem: SetItems(stack.Pop(2)); break;
            case PickleOpcode.SetItems: SetItems(stack.PopToMark()); break;
            case PickleOpcode.Put: stack.Remember(read.DecimalInteger() as long? ?? -1); break;
            case PickleOpcode.BinPut: stack.Remember(read.Byte()); break;
            case PickleOpcode.LongBinPut: stack.Remember(read.UInt32()); break;
            case PickleOpcode.Memoize: stack.RememberNext(); break;
            case PickleOpcode.Get: stack.Push(stack.Recall(read.DecimalInteger() as long? ?? -1)); break;
            case PickleOpcode.BinGet: stack.Push(stack.Recall(read.Byte())); break;
            case PickleOpcode.LongBinGet: stack.Push(stack.Recall(read.UInt32())); break;
            default: return false;
        }

        return true;
    }

    bool Build(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Global or PickleOpcode.Inst:
                var module = read.Line();
                stack.Push(reducer.Find(module, read.Line()));
                // Protocol 0's instances: the class's name, after the mark and the arguments.
                if (opcode == PickleOpcode.Inst)
                {
                    var of = stack.Pop();
                    stack.Push(reducer.Reduce(of, stack.PopToMark()));
                }
                break;
            case PickleOpcode.StackGlobal:
                var names = stack.Pop(2);
                stack.Push(reducer.Find(names[0] as string ?? "?", names[1] as string ?? "?"));
                break;
            case PickleOpcode.BinPersId: stack.Push(reducer.Persistent(stack.Pop())); break;
            case PickleOpcode.Reduce or PickleOpcode.NewObj:
                var call = stack.Pop(2);
                stack.Push(reducer.Reduce(call[0], call[1]));
                break;
            case PickleOpcode.Build:
                var state = stack.Pop();
                stack.Push(reducer.Build(stack.Pop(), state));
                break;
            default: return false;
        }

        return true;
    }

    void Append(object?[] values)
    {
        if (stack.Top is Inert inert)
        {
            foreach (var value in values)
                inert.Items.Set(inert.Appended++, value);
            return;
        }
        if (stack.Top is not List<object?> list)
            throw source.Fail($"appends to {PickleReducer.Describe(stack.Top)}, which is not a list; the file is damaged");
        list.AddRange(values);
    }

    void SetItems(object?[] pairs)
    {
        if ((stack.Top as PickleDict ?? (stack.Top as Inert)?.Items) is not { } dictionary)
            throw source.Fail($"sets entries of {PickleReducer.Describe(stack.Top)}, which is not a dictionary; the file is damaged");
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

/// <summary>Pickle opcodes of protocols 0 to 5, under the names of Python's <c>pickletools</c>.</summary>
enum PickleOpcode : byte
{
    Mark = (byte)'(',
    Stop = (byte)'.',
    Pop = (byte)'0',
    PopMark = (byte)'1',
    Dup = (byte)'2',
    Float = (byte)'F',
    Int = (byte)'I',
    BinInt = (byte)'J',
    BinInt1 = (byte)'K',
    Long = (byte)'L',
    BinInt2 = (byte)'M',
    None = (byte)'N',
    BinPersId = (byte)'Q',
    Reduce = (byte)'R',
    BinString = (byte)'T',
    ShortBinString = (byte)'U',
    Unicode = (byte)'V',
    BinUnicode = (byte)'X',
    Append = (byte)'a',
    Build = (byte)'b',
    Global = (byte)'c',
    Dict = (byte)'d',
    EmptyDict = (byte)'}',
    Appends = (byte)'e',
    Get = (byte)'g',
    BinGet = (byte)'h',
    Inst = (byte)'i',
    LongBinGet = (byte)'j',
    List = (byte)'l',
    EmptyList = (byte)']',
    Put = (byte)'p',
    BinPut = (byte)'q',
    LongBinPut = (byte)'r',
    SetItem = (byte)'s',
    Tuple = (byte)'t',
    EmptyTuple = (byte)')',
    SetItems = (byte)'u',
    BinFloat = (byte)'G',
    BinBytes = (byte)'B',
    ShortBinBytes = (byte)'C',
    Proto = 0x80,
    NewObj = 0x81,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8A,
    Long4 = 0x8B,
    ShortBinUnicode = 0x8C,
    BinUnicode8 = 0x8D,
    BinBytes8 = 0x8E,
    EmptySet = 0x8F,
    AddItems = 0x90,
    FrozenSet = 0x91,
    StackGlobal = 0x93,
    Memoize = 0x94,
    Frame = 0x95,
}
