using System.Text;
using Hwaso.Common;

namespace Hwaso.Runtime.Tests.Format;

/// <summary>
/// Damages ONNX files: any bytes, or whole fields with the lengths kept right, so that the damage gets past the reader.
/// </summary>
sealed class FileMutator(IReadOnlyList<byte[]> files)
{
    static readonly long[] numbers =
    [
        0, 1, 2, 3, 4, 5, 7, 8, 16, 255, 1000, 1 << 16, 1 << 20, 1 << 24, 1 << 30,
        int.MaxValue, 1L << 31, 1L << 40, long.MaxValue, -1, -2, -3, int.MinValue, long.MinValue,
    ];

    // Operators, attributes and texts from files, so that one valid node becomes another.
    static readonly string[] words =
    [
        "", "Conv", "ConvTranspose", "MatMul", "Gemm", "Add", "Mul", "Div", "Pow", "Relu", "Clip", "Softmax", "Resize", "Upsample",
        "Concat", "Split", "Slice", "Gather", "Transpose", "Reshape",
        "Flatten", "Squeeze", "Unsqueeze", "Expand", "Pad", "Cast", "Shape", "ConstantOfShape", "Range", "Where", "Equal", "ReduceMean",
        "ArgMax", "MaxPool", "AveragePool", "GlobalAveragePool",
        "LayerNormalization", "BatchNormalization", "GridSample", "Identity", "Constant", "Loop", "If", "Scan", "NonMaxSuppression",
        "TopK", "RoiAlign", "ScatterND", "GatherND", "OneHot", "Tile", "Compress", "Einsum", "QLinearConv", "MatMulInteger", "twice",
        "axis", "axes",
        "pads", "strides", "dilations", "group", "kernel_shape", "mode",
        "perm", "split", "to", "value", "keepdims", "epsilon", "alpha", "ceil_mode", "auto_pad", "SAME_UPPER", "VALID", "linear", "nearest",
        "align_corners", "asymmetric", "constant", "com.microsoft", "no such thing",
    ];

    readonly FileField[] trees = [.. files.Select(f => FileField.Read(f))];

    /// <summary>Returns one damaged file.</summary>
    public byte[] Next(Random random)
    {
        var which = random.Next(files.Count);
        if (random.Next(3) == 0)
            return Damaged([.. files[which]], random);
        var tree = trees[which].Copy();
        for (var change = random.Next(1, 4); change > 0; change--)
            Change(tree, random);
        var file = tree.ToArray();
        return random.Next(8) == 0 ? Damaged(file, random) : file;
    }

    byte[] Damaged(byte[] file, Random random)
    {
        for (var change = random.Next(1, 4); change > 0 && file.Length > 1; change--)
        {
            var at = random.Next(file.Length);
            switch (random.Next(6))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    file = file[..at];
                    break;
                case 3:
                    // A varint of many bytes.
                    file = [.. file[..at], .. Enumerable.Repeat((byte)0xff, random.Next(1, 11)), (byte)random.Next(128), .. file[at..]];
                    break;
                case 4:
                    file = [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 40))..]];
                    break;
                default:
                    var other = files[random.Next(files.Count)];
                    var from = random.Next(other.Length);
                    file = [.. file[..at], .. other[from..Math.Min(other.Length, from + random.Next(1, 200))], .. file[at..]];
                    break;
            }
        }
        return file;
    }

    void Change(FileField tree, Random random)
    {
        // Weights are most of a file's bytes, but every field is equally likely.
        var all = tree.All().Where(f => f.Fields is null).ToArray();
        if (all.Length == 0)
            return;
        var field = all[random.Next(all.Length)];
        var texts = all.Where(f => f is { Type: WireType.Bytes, Bytes.Length: < 40 }).ToArray();
        switch (random.Next(9))
        {
            case 0 or 1 when field.Type == WireType.Varint:
                field.Value = (ulong)numbers[random.Next(numbers.Length)];
                break;
            case 2 when field.Type == WireType.Varint:
                field.Value += (ulong)random.Next(-2, 3);
                break;
            case 0 or 1 or 2 when field.Type == WireType.Fixed32:
                field.Bytes = BitConverter.GetBytes(new[] { 0, 1, -1, 1e-30f, 1e30f, float.NaN, float.PositiveInfinity }[random.Next(7)]);
                break;
            case 3 when texts.Length > 0:
                // Another name: cycles, missing weights, swapped inputs.
                texts[random.Next(texts.Length)].Bytes = [.. texts[random.Next(texts.Length)].Bytes];
                break;
            case 4 when texts.Length > 0:
                texts[random.Next(texts.Length)].Bytes = Encoding.UTF8.GetBytes(words[random.Next(words.Length)]);
                break;
            case 5:
                var parents = tree.All().Where(f => f.Fields is { Count: > 0 }).ToArray();
                var parent = parents[random.Next(parents.Length)].Fields!;
                parent.RemoveAt(random.Next(parent.Count));
                break;
            case 6:
                var lists = tree.All().Where(f => f.Fields is { Count: > 0 }).ToArray();
                var list = lists[random.Next(lists.Length)].Fields!;
                list.Insert(random.Next(list.Count + 1), list[random.Next(list.Count)].Copy());
                break;
            case 7 when field is { Type: WireType.Bytes, Bytes.Length: >= 8 }:
                // An integer within weights: sizes, axes, indices.
                BitConverter.TryWriteBytes(field.Bytes.AsSpan(random.Next(field.Bytes.Length / 8) * 8, 8),
                    numbers[random.Next(numbers.Length)]);
                break;
            default:
                // A node, weight or port of another file.
                var others = trees[random.Next(trees.Length)].Fields!.First(f => f.Number == 7).Fields!;
                if (tree.Fields!.Find(f => f.Number == 7) is { Fields: { } graph })
                    graph.Insert(random.Next(graph.Count + 1), others[random.Next(others.Count)].Copy());
                break;
        }
    }
}
