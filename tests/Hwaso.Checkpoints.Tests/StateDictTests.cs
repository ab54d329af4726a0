namespace Hwaso.Checkpoints.Tests;

public sealed class StateDictTests
{
    static readonly string[] Wanted = ["conv1.weight", "bn1.weight", "bn1.num_batches_tracked"];

    [Fact]
    public void Match_takes_nothing_off_when_the_keys_are_the_networks_own()
    {
        var match = StateDict.Match(Dict(Wanted), Wanted);
        Assert.Equal(("", ""), (match.Stripped, match.Added));
        Assert.Equal(Wanted, match.Loaded.Keys);
        Assert.Empty(match.Missing);
        Assert.Empty(match.Unexpected);
    }

    [Fact]
    public void Match_sees_through_HRNets_training_wrapper_and_reports_its_stray()
    {
        var file = TensorFile.Read(Fixture.Of("pth", "hrnet_checkpoint.zip.pth"));
        string[] wanted = [.. Wanted, "bn1.bias", "bn1.running_mean", "bn1.running_var", "head.weight"];
        var match = StateDict.Match(file, wanted);
        Assert.Equal("model.", match.Stripped);
        Assert.Equal(wanted[..^1], match.Loaded.Keys);
        Assert.Equal(["head.weight"], match.Missing);
        Assert.Equal(["loss.criterion.weight"], match.Unexpected);
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("module.model.")]
    [InlineData("_orig_mod.module.net.")]
    [InlineData("backbone.")]
    public void Match_takes_wrapper_prefixes_off(string prefix)
    {
        var match = StateDict.Match(Dict([.. Wanted.Select(k => prefix + k), "other"]), Wanted);
        Assert.Equal(prefix, match.Stripped);
        Assert.Equal(Wanted, match.Loaded.Keys);
        Assert.Equal(["other"], match.Unexpected);
    }

    [Fact]
    public void Match_keeps_a_prefix_that_the_network_wants()
    {
        string[] wanted = ["backbone.conv1.weight", "head.weight"];
        var match = StateDict.Match(Dict(wanted), wanted);
        Assert.Equal(("", ""), (match.Stripped, match.Added));
        Assert.Equal(wanted, match.Loaded.Keys);
    }

    [Fact]
    public void Match_puts_a_prefix_on_when_the_file_is_the_bare_backbone()
    {
        var match = StateDict.Match(Dict("conv1.weight", "classifier.weight"), ["backbone.conv1.weight", "head.weight"]);
        Assert.Equal(("", "backbone."), (match.Stripped, match.Added));
        Assert.Equal(["backbone.conv1.weight"], match.Loaded.Keys);
        Assert.Equal(["head.weight"], match.Missing);
        Assert.Equal(["classifier.weight"], match.Unexpected);
    }

    [Fact]
    public void Match_starts_batch_counters_at_zero_when_the_file_is_older_than_they_are()
    {
        var match = StateDict.Match(Dict("conv1.weight", "bn1.weight"), Wanted);
        Assert.Empty(match.Missing);
        Assert.Equal([0L], match.Loaded["bn1.num_batches_tracked"].ToInt64s());
        // A file that counts in one place and not in another is incomplete.
        Assert.Equal(["bn1.num_batches_tracked"], StateDict.Match(Dict("conv1.weight", "bn2.num_batches_tracked"), Wanted).Missing.Skip(1));
    }

    [Fact]
    public void Unwrap_takes_off_what_all_keys_share_and_leaves_the_stray_out()
    {
        var unwrapped = StateDict.Unwrap(TensorFile.Read(Fixture.Of("pth", "hrnet_checkpoint.legacy.pth")));
        Assert.Equal("model.", unwrapped.Stripped);
        Assert.Equal(["loss.criterion.weight"], unwrapped.LeftOut);
        Assert.Equal("conv1.weight", unwrapped.Tensors.Keys.First());

        var parallel = StateDict.Unwrap(TensorFile.Read(Fixture.Of("pth", "parallel.zip.pth")));
        Assert.Equal("module.", parallel.Stripped);

        var bare = StateDict.Unwrap(TensorFile.Read(Fixture.Of("small", "hrnetv2_seg.pth")));
        Assert.Equal("", bare.Stripped);
    }

    static Dictionary<string, HostTensor> Dict(params string[] keys) => keys.ToDictionary(static k => k, static _ => HostTensor.Of([1f]));
}
