using System.Text.Json.Nodes;
using Hwaso.Tests;

namespace Hwaso.Checkpoints.Tests;

/// <summary>Other programs' names against tables by which a network was loaded and gave the same answers (tests/fixtures/modern).</summary>
public sealed class ForeignNameTests
{
    // Channels of the stand-ins, and a window of 2×2 tokens.
    const int Width = 3, Window = 4;

    [Theory]
    [InlineData("convnext_official_to_timm", "timm")]
    [InlineData("convnext_official_to_torchvision", "torchvision")]
    [InlineData("convnext_official_to_mmpretrain", "mmseg")]
    [InlineData("mit_official_to_mmseg", "mmseg")]
    [InlineData("segformer_official_to_huggingface", "hf")]
    [InlineData("swin_official_to_mmseg", "mmseg")]
    [InlineData("swin_official_to_torchvision", "torchvision")]
    public void Tensors_come_back_under_the_authors_names_in_their_layout(string table, string program)
    {
        var map = JsonNode.Parse(File.ReadAllText(Fixtures.Path($"modern/mapping/{table}.json")))!["table"]!.AsObject();
        var official = map.Where(m => m.Value is not null)
            .ToDictionary(m => m.Key, m => Made(m.Key, m.Value!.ToJsonString()), StringComparer.Ordinal);
        foreach (var key in official.Keys.Where(key => key.Contains(".attn.q.", StringComparison.Ordinal)).ToList())
            official.TryAdd(Rest(key), Made(Rest(key), ""));
        var foreign = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        foreach (var (key, value) in map)
            foreach (var (name, tensor) in value is null ? [] : Theirs(key, value, official))
                foreign.Add(name, tensor);

        var (tensors, found) = ForeignNames.Convert(foreign, [.. official.Keys]);

        Assert.Equal(program, found);
        Assert.Equal(official.Keys.Order(StringComparer.Ordinal), tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(official, own =>
        {
            Assert.Equal(own.Value.Shape, tensors[own.Key].Shape);
            Assert.Equal(own.Value.Data.ToArray(), tensors[own.Key].Data.ToArray());
        });
        Assert.Equal("", ForeignNames.Convert(official, [.. official.Keys]).Program);
        var other = program == "hf" ? "timm" : "hf";
        Assert.Equal("", ForeignNames.Convert(foreign, [.. official.Keys], other).Program);
    }

    /// <summary>timm merges tokens at the start of a stage, the authors at the end of the one before.</summary>
    [Theory]
    [InlineData("", "layers.", "timm")]
    [InlineData("encoder.model.", "layers_", "smp")]
    public void A_Swin_transformer_of_timm_merges_a_stage_earlier(string prefix, string layers, string program)
    {
        string[] wanted =
            [.. Enumerable.Range(0, 3).Select(s => $"encoder.layers.{s}.downsample.norm.weight"), "encoder.layers.3.blocks.0.w"];
        var foreign = Enumerable.Range(0, 3).ToDictionary(
            s => $"{prefix}{layers}{s + 1}.downsample.norm.weight", s => HostTensor.Of([(float)s], 1));
        foreign.Add($"{prefix}{layers}3.blocks.0.w", HostTensor.Of([9f], 1));

        var (tensors, found) = ForeignNames.Convert(foreign, wanted, program);

        Assert.Equal(program, found);
        var match = StateDict.Match(tensors, wanted);
        Assert.Empty(match.Missing);
        Assert.Equal([0f, 1f, 2f, 9f], match.Loaded.Values.Select(t => t.ToFloats()[0]));
    }

    [Fact]
    public void An_EoMT_of_HuggingFace_has_queries_keys_and_values_in_one_again()
    {
        var foreign = new Dictionary<string, HostTensor>
        {
            ["layers.0.attention.v_proj.weight"] = HostTensor.Of([5f, 6f], 1, 2),
            ["layers.0.attention.k_proj.weight"] = HostTensor.Of([3f, 4f], 1, 2),
            ["layers.0.attention.q_proj.weight"] = HostTensor.Of([1f, 2f], 1, 2),
            ["embeddings.position_embeddings.weight"] = HostTensor.Of([7f, 8f], 2, 1),
        };
        foreach (var name in new[] { "embeddings.cls_token", "embeddings.register_tokens", "embeddings.patch_embeddings.projection.bias",
            "layers.11.attention.out_proj.bias", "layers.0.layer_scale1.lambda1", "layers.0.mlp.fc2.bias", "layers.0.norm2.bias",
            "layernorm.weight", "query.weight", "class_predictor.bias", "upscale_block.block.1.layernorm2d.bias",
            "upscale_block.block.0.conv2.weight", "mask_head.fc3.weight", "attn_mask_probs" })
            foreign.Add(name, HostTensor.Of([0f], 1));
        const string Vit = "encoder.backbone.";
        string[] wanted =
        [
            $"{Vit}blocks.0.attn.qkv.weight", $"{Vit}pos_embed", $"{Vit}cls_token", $"{Vit}reg_token", $"{Vit}patch_embed.proj.bias",
            $"{Vit}blocks.11.attn.proj.bias", $"{Vit}blocks.0.ls1.gamma", $"{Vit}blocks.0.mlp.fc2.bias", $"{Vit}blocks.0.norm2.bias",
            $"{Vit}norm.weight", "q.weight", "class_head.bias", "upscale.1.norm.bias", "upscale.0.conv2.weight", "mask_head.4.weight",
            "attn_mask_probs",
        ];
        var (tensors, found) = ForeignNames.Convert(foreign, wanted);
        Assert.Equal("hf", found);
        Assert.Equal(wanted.Order(StringComparer.Ordinal), tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensors[wanted[0]].ToFloats());
        Assert.Equal([1L, 2, 1], tensors[wanted[1]].Shape);
    }

    [Fact]
    public void A_ResNet_of_detectron2_has_the_names_of_torchvision()
    {
        (string Theirs, string Ours)[] names =
        [
            ("backbone.stem.conv1.weight", "backbone.conv1.weight"), ("backbone.stem.conv1.norm.running_var", "backbone.bn1.running_var"),
            ("backbone.res2.0.conv1.weight", "backbone.layer1.0.conv1.weight"),
            ("backbone.res5.2.conv3.norm.bias", "backbone.layer4.2.bn3.bias"),
            ("backbone.res3.0.shortcut.weight", "backbone.layer2.0.downsample.0.weight"),
            ("backbone.res4.0.shortcut.norm.weight", "backbone.layer3.0.downsample.1.weight"),
            ("sem_seg_head.predictor.query_feat.weight", "sem_seg_head.predictor.query_feat.weight"),
        ];
        var foreign = names.ToDictionary(n => n.Theirs, _ => HostTensor.Of([0f], 1));
        var (tensors, found) = ForeignNames.Convert(foreign, [.. names.Select(n => n.Ours)]);
        Assert.Equal("detectron2", found);
        Assert.Equal(names.Select(n => n.Ours), tensors.Keys);
    }

    [Fact]
    public void A_checkpoint_in_parts_is_read_by_its_index()
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-parts-").FullName;
        try
        {
            SafeTensors.Write(Path.Combine(folder, "one.safetensors"), [KeyValuePair.Create("a", HostTensor.Of([1f, 2f], 2))]);
            SafeTensors.Write(Path.Combine(folder, "two.safetensors"), [KeyValuePair.Create("b", HostTensor.Of([3f], 1))]);
            var index = Path.Combine(folder, "model.safetensors.index.json");
            File.WriteAllText(index, """{"weight_map": {"b": "two.safetensors", "a": "one.safetensors"}}""");
            var read = TensorFile.Read(index).Tensors;
            Assert.Equal(["b", "a"], read.Keys);
            Assert.Equal([1f, 2f], read["a"].ToFloats());

            File.WriteAllText(index, """{"weight_map": {"c": "one.safetensors"}}""");
            Assert.Contains("promises it here", Assert.Throws<CheckpointException>(() => TensorFile.Read(index)).Message,
                StringComparison.Ordinal);
            File.WriteAllText(index, """{"weight_map": {"c": "../one.safetensors"}}""");
            Assert.Contains("beside the index", Assert.Throws<CheckpointException>(() => TensorFile.Read(index)).Message,
                StringComparison.Ordinal);
            File.WriteAllText(index, "[1, 2");
            Assert.Contains("weight_map", Assert.Throws<CheckpointException>(() => TensorFile.Read(index)).Message,
                StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The name of keys and values beside that of queries.</summary>
    static string Rest(string query) => query.Replace(".q.", ".kv.", StringComparison.Ordinal);

    /// <summary>A stand-in for the authors' tensor of a name, no number of which repeats.</summary>
    static HostTensor Made(string key, string value)
    {
        long[] shape = key.EndsWith("relative_position_index", StringComparison.Ordinal) ? [Window, Window]
            : value.Contains("[4, c]", StringComparison.Ordinal) ? [4 * Width]
            : value.Contains("columns:", StringComparison.Ordinal) ? [2, 4 * Width]
            : key.EndsWith(".kv.bias", StringComparison.Ordinal) ? [2 * Width]
            : key.EndsWith(".kv.weight", StringComparison.Ordinal) ? [2 * Width, Width]
            : key.EndsWith("weight", StringComparison.Ordinal) && !key.Contains("norm", StringComparison.Ordinal) ? [Width, Width]
            : [Width];
        var first = key.Aggregate(17, (sum, c) => (sum * 31 + c) % 1000);
        return HostTensor.Of([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(k => (float)(first + k))], shape);
    }

    /// <summary>The other program's tensors that an authors' one becomes, by the table's words.</summary>
    static IEnumerable<(string Name, HostTensor Tensor)> Theirs(string key, JsonNode value, Dictionary<string, HostTensor> official)
    {
        var own = official[key];
        if (value is not JsonArray words)
            return value.GetValue<string>() is var name && official.ContainsKey(key) ? [(name, own)] : [];
        var (first, second) = (words[0]!.GetValue<string>(), words[1]!.GetValue<string>());
        var numbers = own.ToFloats();
        return second switch
        {
            "shape [c, 1, 1]" => [(first, HostTensor.Of(numbers, own.Shape[0], 1, 1))],
            "shape [.., .., 1, 1]" => [(first, HostTensor.Of(numbers, own.Shape[0], own.Shape[1], 1, 1))],
            "flattened" => [(first, HostTensor.Of(numbers, numbers.Length))],
            _ when second.StartsWith("rows: q", StringComparison.Ordinal) =>
            [
                (first, HostTensor.Of(
                    [.. numbers, .. official[Rest(key)].ToFloats()],
                    [3 * own.Shape[0], .. own.Shape[1..]])),
            ],
            _ when second.Contains("reshape", StringComparison.Ordinal) => [(first, HostTensor.Of(Unfolded(numbers), own.Shape))],
            _ =>
            [
                (first, HostTensor.Of(numbers[..(numbers.Length / 2)], [own.Shape[0] / 2, .. own.Shape[1..]])),
                (second, HostTensor.Of(numbers[(numbers.Length / 2)..], [own.Shape[0] / 2, .. own.Shape[1..]])),
            ],
        };
    }

    /// <summary>Rows of [4, c], the second and third exchanged, as rows of [c, 4].</summary>
    static float[] Unfolded(float[] numbers)
    {
        int[] order = [0, 2, 1, 3];
        return [.. numbers.Chunk(4 * Width).SelectMany(row =>
            Enumerable.Range(0, Width).SelectMany(c => order.Select(token => row[token * Width + c])))];
    }
}
