using Hwaso.Tests;

namespace Hwaso.Recipes.Tests;

public sealed class BadRecipeTests
{
    const string OneIgnored = "the label of ignored pixels in padding, data, loss and scores; remove the key, and give the masks' own "
        + "ignored values as 'ignore' in a dataset.yaml (layout folder)";

    // Lines 1 to 12 of every recipe below; each case replaces one line, or adds lines after the last.
    static readonly string[] Good =
    [
        "name: x",
        "model:",
        "  name: hrnetv2-w18",
        "data:",
        "  layout: voc",
        "augment:",
        "  crop: [64, 64]",
        "train:",
        "  epochs: 2",
        "  batch: 4",
        "  optimizer:",
        "    learning_rate: 0.01",
    ];

    [Fact]
    public void Good_recipe_reads_so_that_each_bad_one_below_is_bad_for_its_one_line() =>
        Assert.Equal(4, Recipe.Read(string.Join('\n', Good), "recipes/x.yaml").Train.Batch);

    [Theory]
    [InlineData(5, "  layout: voc\n  depth_unit: 80",
        "6: data.depth_unit: means nothing without 'depth'; remove it, or say where the depth is")]
    [InlineData(5, "  layout: voc\n  depth: here\n  depth_unit: 0", "7: data.depth_unit: 0 is not above 0")]
    // Keys.
    [InlineData(12, "    learning_rte: 0.01", "12: train.optimizer.learning_rte: unknown key; did you mean 'learning_rate'?")]
    [InlineData(10, "  batch: 4\n  learning_rte: 0.01",
        "11: train.learning_rte: unknown key; did you mean 'train.optimizer.learning_rate'?")]
    [InlineData(10, "  batch: 4\n  momentum: 0.9", "11: train.momentum: unknown key; did you mean 'train.optimizer.momentum'?")]
    [InlineData(10, "  Batch: 4", "10: train.Batch: unknown key; did you mean 'batch'?")]
    [InlineData(1, "modle: {name: y}", "1: modle: unknown key; did you mean 'model'?")]
    [InlineData(1, "train.batch: 4", "1: train.batch: unknown key; keys stand below each other in a file, each on its own line")]
    [InlineData(1, "zzzzzz: 1",
        "1: zzzzzz: unknown key; a recipe has name, model, data, augment, train, description, seed, threads, loss, validate, save, pose, "
            + "detection, stages")]
    [InlineData(5, "  layout: voc\n  zzz: 1",
        "6: data.zzz: unknown key; data has layout, root, depth, depth_unit, train, val, class_balance, cache_mb, workers")]
    [InlineData(10, "  batch: 4\n  batch: 8", "11: train.batch: given twice, first at recipes/x.yaml:10; remove one")]
    [InlineData(9, "  [a]: 2", "9: wants a name as key, not a list or section")]
    // Missing.
    [InlineData(10, "", "8: train.batch: missing; wants the number of images of a step")]
    [InlineData(9, "", "8: train.epochs: missing; wants the length of the run, as 'epochs' or as 'iterations'")]
    [InlineData(12, "    momentum: 0.9", "11: train.optimizer.learning_rate: missing; wants a number above 0")]
    [InlineData(5, "  root: here", "4: data.layout: missing; wants the data set's layout, such as cityscapes or voc")]
    [InlineData(7, "  flip: true", "6: augment.crop: missing; wants [height, width], such as [512, 1024]")]
    [InlineData(3, "  classes: 3", "2: model.name: missing; wants a short name such as hrnetv2-w48, or 'family' with its sizes")]
    [InlineData(10, "  batch:", "10: train.batch: has no value; wants a whole number, or remove the key for its default")]
    [InlineData(5, "  layout: voc\nloss:", "6: loss: has no keys below it; write some, or remove it for the defaults")]
    // Types and ranges.
    [InlineData(10, "  batch: four", "10: train.batch: 'four' is not a whole number")]
    [InlineData(10, "  batch: '4'", "10: train.batch: the quoted text '4' is not a whole number")]
    [InlineData(10, "  batch: 4.5", "10: train.batch: '4.5' is not a whole number")]
    [InlineData(10, "  batch: 0", "10: train.batch: 0 is below 1")]
    [InlineData(10, "  batch: 99999999999", "10: train.batch: 99999999999 is above 2147483647")]
    [InlineData(10, "  batch: [4]", "10: train.batch: wants a whole number, not a list of 1")]
    [InlineData(10, "  batch: {a: 4}", "10: train.batch: wants a whole number, not keys below it")]
    [InlineData(12, "    learning_rate: fast", "12: train.optimizer.learning_rate: 'fast' is not a number")]
    [InlineData(12, "    learning_rate: .nan", "12: train.optimizer.learning_rate: '.nan' is not a number")]
    [InlineData(12, "    learning_rate: NaN", "12: train.optimizer.learning_rate: 'NaN' is not a number")]
    [InlineData(12, "    learning_rate: 1e999", "12: train.optimizer.learning_rate: '1e999' is not a number")]
    [InlineData(12, "    learning_rate: 0", "12: train.optimizer.learning_rate: 0 is not above 0")]
    [InlineData(12, "    learning_rate: 1\n    weight_decay: -1e-4", "13: train.optimizer.weight_decay: -1e-4 is below 0")]
    [InlineData(12, "    learning_rate: 1\n    momentum: 1.5", "13: train.optimizer.momentum: 1.5 is above 1")]
    [InlineData(7, "  crop: 64x64", "7: augment.crop: wants [height, width], such as [512, 1024], not '64x64'")]
    [InlineData(7, "  crop: [64, 64, 3]", "7: augment.crop: wants [height, width], such as [512, 1024], not a list of 3")]
    [InlineData(7, "  crop: [64, 0]", "7: augment.crop[1]: 0 is below 1")]
    [InlineData(7, "  crop: [64, 64]\n  flip: yes", "8: augment.flip: 'yes' is neither true nor false")]
    [InlineData(7, "  crop: [64, 64]\n  mean: [0.5, 0.5]", "8: augment.mean: wants a list of 3, not 2")]
    [InlineData(7, "  crop: [64, 64]\n  std: [1, 1, 0]", "8: augment.std[2]: 0 is not above 0")]
    [InlineData(5, "  layout: voc\nloss: 3", "6: loss: wants keys below it, not '3'")]
    [InlineData(1, "name: a/b", "1: name: 'a/b' holds more than letters, digits and . _ + -")]
    [InlineData(1, "name: \"\"", "1: name: wants text, and this is empty")]
    [InlineData(12, "    learning_rate: 1\n    name: sdg",
        "13: train.optimizer.name: 'sdg' is none of sgd, adam, adamw; did you mean 'sgd'?")]
    // Contradictions.
    [InlineData(9, "  epochs: 2\n  iterations: 9", "10: train.iterations: excludes 'train.epochs'; remove one of the two")]
    [InlineData(3, "  name: hrnetv2-w18\n  family: hrnetv2", "4: model.family: excludes 'name'; remove one of the two")]
    [InlineData(3, "  name: hrnetv2-w18\n  in_channels: 0", "4: model.in_channels: 0 is below 1")]
    [InlineData(3, "  name: hrnetv2-w18\n  in_channels: 4\n  first_convolution: mean",
        "5: model.first_convolution: means nothing without 'pretrained' and an 'in_channels' other than 3: it says how weights for 3 "
            + "channels are adapted")]
    [InlineData(3, "  name: hrnetv2-w18\n  skip_mismatched: true", "4: model.skip_mismatched: means nothing without 'pretrained'")]
    [InlineData(12, "    learning_rate: 1\n    betas: [0.9, 0.99]",
        "13: train.optimizer.betas: belongs to adam and adamw, not to sgd; remove it, or change the name")]
    [InlineData(12, "    learning_rate: 1\n    name: adam\n    momentum: 0.9",
        "14: train.optimizer.momentum: belongs to sgd, not to adam; remove it, or change the name")]
    [InlineData(12, "    learning_rate: 1\n    name: adam\n    betas: [0.9, 1]",
        "14: train.optimizer.betas: wants two numbers below 1, such as [0.9, 0.999]")]
    [InlineData(12, "    learning_rate: 1\n    momentum: 0\n    nesterov: true", "14: train.optimizer.nesterov: wants a momentum above 0")]
    [InlineData(9, "  epochs: 2\n  schedule: {name: cosine, power: 1}",
        "10: train.schedule.power: belongs to poly, not to cosine; remove it, or change the name")]
    [InlineData(9, "  epochs: 2\n  schedule: {name: step}",
        "10: train.schedule.milestones: missing; wants when the rate falls, such as [120, 160]")]
    [InlineData(9, "  epochs: 9\n  schedule: {name: step, milestones: [3, 9]}",
        "10: train.schedule.milestones: 9 is not within the run's 9 epochs")]
    [InlineData(9, "  epochs: 9\n  schedule: {name: step, milestones: [3, 3]}", "10: train.schedule.milestones: 3 does not come after 3")]
    [InlineData(9, "  iterations: 9\n  schedule: {warmup_iterations: 5, backbone_iterations: 4}",
        "10: train.schedule.backbone_iterations: 4 behind the warm-up's 5 are no less than the run's 9 iterations")]
    [InlineData(9, "  iterations: 9\n  schedule: {warmup: exponential, warmup_ratio: 0}",
        "10: train.schedule.warmup_ratio: an exponential warm-up begins with a fraction above 0, such as 0.1")]
    [InlineData(12, "    learning_rate: 1\n    groups: [{decay_multiplier: 0}]",
        "13: train.optimizer.groups[0].contains: missing; wants a text that names of parameters contain, such as norm")]
    [InlineData(12, "    learning_rate: 1\n    groups: [{contains: norm}, {contains: norm1}]",
        "13: train.optimizer.groups[1].contains: every name with 'norm1' has 'norm' too, which stands before and decides; put the longer "
        + "text first")]
    [InlineData(12, "    learning_rate: 1\n    layer_decay: {rule: blocks, factor: 0.8, layers: 6}",
        "13: train.optimizer.layer_decay.layers: belongs to convnext_stages and convnext_layers, not to blocks; remove it, or change the "
        + "name")]
    [InlineData(12, "    learning_rate: 1\n    layer_decay: {rule: blocks}",
        "13: train.optimizer.layer_decay.factor: missing; wants the factor of each layer, such as 0.9")]
    [InlineData(5, "  layout: voc\nloss: {name: ohem, rule: bisenet, keep: 9}",
        "6: loss.keep: belongs to loss.rule hrnet and mmseg, not to bisenet, which keeps a sixteenth; remove it, or change the name")]
    [InlineData(9, "  iterations: 9\n  schedule: {warmup_iterations: 9}",
        "10: train.schedule.warmup_iterations: 9 is no less than the run's 9 iterations")]
    [InlineData(7, "  crop: [64, 64]\n  scale_min: 2\n  scale_max: 1", "9: augment.scale_max: scale_max 1 is below scale_min 2")]
    [InlineData(7, "  crop: [64, 64]\n  scale_max: 2.15", "8: augment.scale_max: from 0.5 to 2.15 is no whole number of steps of 0.1")]
    [InlineData(3, "  name: hrnetv2-w18\n  classes: 3\nloss: {class_weights: [1, 2]}",
        "5: loss.class_weights: holds 2 weights for a network of 3 classes")]
    [InlineData(3, "  name: hrnetv2-w18\n  classes: 3\nloss: {class_weights: cityscapes}",
        "5: loss.class_weights: holds 19 weights for a network of 3 classes")]
    [InlineData(5, "  layout: voc\nloss: {ignore_index: 254}", "6: loss.ignore_index: 254 is not 255, " + OneIgnored)]
    [InlineData(5, "  layout: voc\nloss: {ignore_index: 0}", "6: loss.ignore_index: 0 is not 255, " + OneIgnored)]
    [InlineData(5, "  layout: voc\nloss: {ignore_index: -1}", "6: loss.ignore_index: -1 is not 255, " + OneIgnored)]
    [InlineData(1, "name: ..", "1: name: '..' names a folder around the runs, not one among them; wants a letter or a digit in it")]
    [InlineData(5, "  layout: voc\nloss: {class_weights: cityscape}",
        "6: loss.class_weights: 'cityscape' is none of none, cityscapes; did you mean 'cityscapes'?")]
    [InlineData(5, "  layout: voc\nloss: {class_weights: [0, 0]}", "6: loss.class_weights: wants at least one weight above 0")]
    [InlineData(5, "  layout: voc\nloss: {name: fokal}",
        "6: loss.name: 'fokal' is none of cross_entropy, focal, ohem, dice, lovasz, binary_cross_entropy, mask_classification; "
            + "did you mean 'focal'?")]
    [InlineData(5, "  layout: voc\nloss: {name: focal, class_weights: cityscapes}",
        "6: loss.class_weights: belongs to cross_entropy and ohem, not to focal; remove it, or change the name")]
    [InlineData(5, "  layout: voc\nloss: {gamma: 2}",
        "6: loss.gamma: belongs to focal, not to cross_entropy; remove it, or change the name")]
    [InlineData(5, "  layout: voc\nloss: {name: lovasz, smooth: 1}",
        "6: loss.smooth: belongs to dice, not to lovasz; remove it, or change the name")]
    [InlineData(3, "  name: hrnetv2-w18\n  classes: 3\nloss: {name: binary_cross_entropy}",
        "5: loss.name: binary_cross_entropy is for a network of one output channel, not for one of 3 classes; set model.classes to 1, or "
        + "remove the name for cross_entropy")]
    [InlineData(3, "  name: hrnetv2-w18\n  classes: 1\nloss: {class_weights: [1, 2]}",
        "5: loss.class_weights: belongs to cross_entropy and ohem, not to binary_cross_entropy; remove it, or change the name")]
    [InlineData(3, "  name: hrnetv2-w18\n  classes: 0", "4: model.classes: 0 is below 1")]
    [InlineData(5, "  layout: voc\nvalidate: {threshold: 0.3}",
        "6: validate.threshold: is for a network of one output channel: remove it, or set model.classes to 1 or loss.name to "
        + "binary_cross_entropy")]
    [InlineData(5, "  layout: voc\nloss: {positive_weight: 2}",
        "6: loss.positive_weight: belongs to binary_cross_entropy, not to cross_entropy; remove it, or change the name")]
    [InlineData(5, "  layout: voc\nloss: {name: ohem, keep: 0}", "6: loss.keep: 0 is below 1")]
    [InlineData(5, "  layout: voc\nloss:\n  heads: {auxilary: 0.4}", "7: loss.heads.auxilary: unknown key; did you mean 'auxiliary'?")]
    [InlineData(5, "  layout: voc\nloss:\n  heads: {dense: -1}", "7: loss.heads.dense: -1 is below 0")]
    [InlineData(9, "  epochs: 2\n  ema_decay: 1", "10: train.ema_decay: 1 would average nothing in; wants a number below 1, such as 0.999")]
    [InlineData(9, "  epochs: 2\n  accumulate: 2\n  cuda_graph: true",
        "11: train.cuda_graph: excludes 'train.accumulate': a graph holds one batch and its gradients; remove one of the two")]
    [InlineData(9, "  epochs: 2\n  clip_norm: 0", "10: train.clip_norm: 0 is not above 0")]
    [InlineData(5, "  layout: voc\nvalidate: {every: 0, patience: 3}",
        "6: validate.patience: means nothing where only the end is scored ('every: 0'); remove one of the two")]
    // YAML that recipes do not have.
    [InlineData(10, "\tbatch: 4", "10: is indented with a tab; YAML wants spaces")]
    [InlineData(10, "  batch: &b 4",
        "10: '&b' is an anchor, which recipes do not have; write the value out where it is needed, or quote it if it is text")]
    [InlineData(10, "  batch: *b", "10: '*b' is an alias, which recipes do not have; write the value out, or quote it if it is text")]
    [InlineData(10, "  batch: !!int 4",
        "10: 'tag:yaml.org,2002:int' is a tag, which recipes do not have; remove it, or quote it if it is text")]
    [InlineData(12, "    learning_rate: 1\n---\nname: y", "13: a second document begins ('---'); a recipe is one document")]
    public void Recipe_is_refused_with_file_line_and_remedy_when_a_line_is_wrong(int line, string instead, string message)
    {
        var lines = Good.ToList();
        lines[line - 1] = instead;
        // A line replaced by nothing is taken out, which moves those below it up.
        if (instead.Length == 0) lines.RemoveAt(line - 1);
        var error = Assert.Throws<RecipeException>(() => Recipe.Read(string.Join('\n', lines), "recipes/x.yaml"));
        Assert.Equal($"recipes/x.yaml:{message}", error.Message);
    }

    [Theory]
    [InlineData("{epochs: 1, learn: depth}", "13: stages[0].name: missing; wants what the stage is called")]
    [InlineData("{name: a, learn: depth}",
        "13: stages[0].epochs: missing; wants the length of the stage in passes over the training split")]
    [InlineData("{name: a, epochs: 1}", "13: stages[0].learn: missing; wants the parts that learn, of encoder, semantic and depth")]
    [InlineData("{name: a, epochs: 1, learn: []}",
        "13: stages[0].learn: is empty: the stage would train nothing; name encoder, semantic or depth")]
    [InlineData("{name: a, epochs: 1, learn: [dept]}",
        "13: stages[0].learn[0]: 'dept' is none of encoder, semantic, depth; did you mean 'depth'?")]
    [InlineData("{name: a, epochs: 1, learn: [depth, depth]}", "13: stages[0].learn: names a part twice; remove one")]
    [InlineData("{name: a, epochs: 1, learn: [depth], lern: 1}", "13: stages[0].lern: unknown key; did you mean 'learn'?")]
    [InlineData("{name: a, epochs: 1, learn: [depth], depth_weight: 0}",
        "13: stages[0].depth_weight: is 0, but the depth decoder is to learn from it; give it a weight above 0, or take depth out of "
        + "'learn'")]
    [InlineData("{name: a, epochs: 1, learn: [encoder], depth_weight: 0, semantic_weight: 0}",
        "13: stages[0]: both weights are 0: the stage would train nothing")]
    [InlineData("{name: a, epochs: 1, learn: [depth], semantic_weight: 1}",
        "13: stages[0].semantic_weight: above 0, but neither the encoder nor the semantic decoder learns: that loss would train "
        + "nothing; set it to 0")]
    [InlineData("{name: a, epochs: 1, learn: [depth], copy: both}",
        "13: stages[0].copy: 'both' is none of none, depth_to_semantic, semantic_to_depth")]
    [InlineData("{name: a, epochs: 1, learn: [depth]}\n  - {name: a, epochs: 1, learn: [semantic]}",
        "13: stages[0].name: 'a' is the name of two stages; call one of them something else")]
    [InlineData("a", "13: stages[0]: wants keys such as 'name', not 'a'")]
    [InlineData("{name: a, epochs: 1, learn: [depth], optimizer: {name: adam}}",
        "13: stages[0].optimizer.learning_rate: missing; wants a number above 0")]
    [InlineData("{name: a, epochs: 1, learn: [depth], optimizer: {betas: [0.5, 0.5]}}",
        "13: stages[0].optimizer.betas: belongs to adam and adamw, not to sgd; remove it, or change the name")]
    public void A_stage_is_refused_with_its_line(string stage, string message)
    {
        var lines = Good.Where(line => !line.Contains("epochs", StringComparison.Ordinal));
        var error = Assert.Throws<RecipeException>(() => Recipe.Read($"{string.Join('\n', lines)}\nstages:\n  - {stage}",
            "recipes/x.yaml"));
        Assert.Equal($"recipes/x.yaml:{message}", error.Message);
    }

    [Fact]
    public void Stages_exclude_another_length_and_patience()
    {
        const string Stages = "stages:\n  - {name: a, epochs: 1, learn: depth}";
        var length = Assert.Throws<RecipeException>(() => Recipe.Read($"{string.Join('\n', Good)}\n{Stages}", "x.yaml"));
        Assert.Equal("x.yaml:9: train.epochs: excludes 'stages', which have lengths of their own; remove it", length.Message);
        var staged = string.Join('\n', Good.Where(line => !line.Contains("epochs", StringComparison.Ordinal)));
        var patience = Assert.Throws<RecipeException>(() => Recipe.Read($"{staged}\n{Stages}\nvalidate: {{patience: 2}}", "x.yaml"));
        Assert.StartsWith("x.yaml:14: validate.patience: excludes 'stages'", patience.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "x.yaml: holds no recipe; it is empty")]
    [InlineData("# only words\n", "x.yaml: holds no recipe; it is empty")]
    [InlineData("just words", "x.yaml:1: wants keys such as 'model:' at the top, not 'just words'")]
    [InlineData("- a", "x.yaml:1: wants keys such as 'model:' at the top, not a list of 1")]
    [InlineData("name: y", "x.yaml: model.name: missing; wants a short name such as hrnetv2-w48, or 'family' with its sizes")]
    [InlineData("model: {name: y}", "x.yaml: data.layout: missing; wants the data set's layout, such as cityscapes or voc")]
    public void Recipe_is_refused_naming_the_file_when_no_line_is_at_fault(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<RecipeException>(() => Recipe.Read(yaml, "x.yaml")).Message);

    [Theory]
    [InlineData("name: y\nmodel: {name: z", "x.yaml:2: is not YAML: ")]
    [InlineData("name: y\n  model: z", "x.yaml:2: is not YAML: ")]
    [InlineData("name: \"y", "x.yaml:1: is not YAML: ")]
    public void Recipe_is_refused_with_its_line_when_it_is_not_yaml(string yaml, string beginning) =>
        Assert.StartsWith(beginning, Assert.Throws<RecipeException>(() => Recipe.Read(yaml, "x.yaml")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Recipe_is_refused_soon_when_it_is_nested_without_end(char bracket)
    {
        var error = Assert.Throws<RecipeException>(() => Recipe.Read("name: " + new string(bracket, 500_000), "x.yaml"));
        Assert.Equal("x.yaml:1: is nested deeper than 16 levels", error.Message);
    }

    [Fact]
    public void Recipe_with_any_letters_changed_reads_or_is_refused_with_its_place_and_nothing_else()
    {
        const string Letters = "\t\n\r :,-[]{}#&*!|>'\"%@`?~0.1eE<=\\\u0000\u0085\u2028\uFEFF\uD83D화a";
        var original = File.ReadAllText(RepositoryRoot.File("recipes", "hrnetv2-w18-small-v1_cityscapes.yaml"));
        var random = new Random(304);
        var refused = 0;
        for (var i = 0; i < 5000; i++)
        {
            var text = original.ToCharArray().ToList();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(text.Count);
                var letter = Letters[random.Next(Letters.Length)];
                if (random.Next(3) == 0) text.RemoveAt(at);
                else if (random.Next(2) == 0) text.Insert(at, letter);
                else text[at] = letter;
            }
            var yaml = new string([.. text]);
            try
            {
                Recipe.Read(yaml, "x.yaml");
            }
            catch (RecipeException e)
            {
                Assert.Matches(@"^x\.yaml(:[1-9][0-9]*)?: .", e.Message);
                refused++;
            }
        }
        // Half the file is comment, where changes do no harm.
        Assert.InRange(refused, 500, 4500);
    }
}
