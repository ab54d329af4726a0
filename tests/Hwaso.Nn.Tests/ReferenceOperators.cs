using System.Text.Json.Nodes;
using Hwaso.Torch;

namespace Hwaso.Nn.Tests;

/// <summary>The operators of layers.json, called as the recording called PyTorch's.</summary>
static class ReferenceOperators
{
    public static Tensor Run(string name, JsonObject arguments, IReadOnlyDictionary<string, Tensor> inputs)
    {
        var x = inputs["input"];
        var weight = inputs.GetValueOrDefault("weight");
        var bias = inputs.GetValueOrDefault("bias");
        long[]? Longs(string key) => arguments[key] is not { } n
            ? null
            : n is JsonArray list ? list.Select(v => v!.GetValue<long>()).ToArray()
            : [n.GetValue<long>(), n.GetValue<long>()];
        double Number(string key, double otherwise) => arguments[key]?.GetValue<double>() ?? otherwise;
        bool Flag(string key, bool otherwise = false) => arguments[key]?.GetValue<bool>() ?? otherwise;
        Value List(string key, long[]? otherwise = null) => Longs(key) ?? otherwise;
        return name switch
        {
            "conv2d" => Aten.Conv2d(x, weight!, bias, Longs("stride") ?? [1, 1], Longs("padding") ?? [0, 0], Longs("dilation") ?? [1, 1],
                (long)Number("groups", 1)),
            "conv_transpose2d" => Aten.Call(
                "aten::conv_transpose2d.input", x, weight!, bias, List("stride"), List("padding"), List("output_padding")).AsTensor(),
            "max_pool2d" => Aten.MaxPool2d(x, Longs("kernel_size")!, Longs("stride"), Longs("padding"), ceilMode: Flag("ceil_mode")),
            "avg_pool2d" => Aten.Call(
                "aten::avg_pool2d", x, List("kernel_size"), List("stride", []), List("padding", [0, 0]), false,
                Flag("count_include_pad", true)).AsTensor(),
            "adaptive_avg_pool2d" => Aten.AdaptiveAvgPool2d(x, Longs("output_size")!),
            "adaptive_max_pool2d" => Aten.CallAll(new("aten::adaptive_max_pool2d"), x, Longs("output_size"))[0].AsTensor(),
            "upsample_bilinear2d" => x.ResizeBilinear(Longs("output_size")![0], Longs("output_size")![1], Flag("align_corners")),
            "upsample_nearest2d" => Aten.Call("aten::upsample_nearest2d", x, List("output_size"), Value.None, Value.None).AsTensor(),
            "cross_entropy" => CrossEntropy(x, inputs["target"], arguments),
            "mse_loss" => Aten.Call("aten::mse_loss", x, inputs["target"]).AsTensor(),
            "linear" => Aten.Linear(x, weight!, bias),
            "layer_norm" => Aten.LayerNorm(x, Longs("normalized_shape")!, weight, bias, Number("eps", 1e-5)),
            "log_softmax" => x.LogSoftmax(1),
            "softmax" => x.Softmax(1),
            "relu" => x.Relu(),
            "gelu" => Aten.Call("aten::gelu", x, arguments["approximate"]!.GetValue<string>()).AsTensor(),
            "silu" => Aten.Call("aten::silu", x).AsTensor(),
            "sigmoid" => x.Sigmoid(),
            "tanh" => Aten.Call("aten::tanh", x).AsTensor(),
            "softplus" => Aten.Call("aten::softplus", x).AsTensor(),
            "leaky_relu" => Aten.Call("aten::leaky_relu", x, Number("negative_slope", 0.01)).AsTensor(),
            "hardswish" => Aten.Call("aten::hardswish", x).AsTensor(),
            "dropout" => Aten.Dropout(x, Number("p", 0.5), Flag("train")),
            var other => throw new NotSupportedException($"layers.json has the operator {other}, the tests do not"),
        };
    }

    static Tensor CrossEntropy(Tensor x, Tensor target, JsonObject arguments)
    {
        var ignore = arguments["ignore_index"]!.GetValue<long>();
        var smoothing = arguments["label_smoothing"]?.GetValue<double>() ?? 0;
        var weight = arguments["weight"]?.AsArray().Select(n => n!.GetValue<double>()).ToArray();
        // Maps of labels with the mean go through the loss; other shapes and reductions are the operator's.
        if (x.Dimensions == 4 && arguments["reduction"] is null)
        {
            using var loss = new CrossEntropy((int)ignore, weight, smoothing);
            return loss.Of(x, target);
        }
        var reduction = arguments["reduction"]?.GetValue<string>() switch { "none" => 0, "sum" => 2, _ => 1 };
        return Aten.CrossEntropyLoss(x, target, null, reduction, ignore, smoothing);
    }
}
