using Hwaso.Server.Serving;
using Hwaso.Server.Settings;

namespace Hwaso.Server.Tests.Serving;

/// <summary>The models by name.</summary>
public sealed class ModelStoreTests
{
    [Fact]
    public void A_run_is_a_model_once_it_has_weights_also_where_the_folder_of_runs_comes_later()
    {
        var folder = Directory.CreateTempSubdirectory("hwaso-models").FullName;
        string? runs = null;
        using var meters = new ServerMeters();
        using var models = new ModelStore(new ServerSettings { Threads = 1 }, meters, () => runs);
        var weights = Path.Combine(folder, "third", "checkpoints");
        Directory.CreateDirectory(weights);
        Assert.Empty(models.All);

        runs = folder;

        Assert.Empty(models.All);
        File.WriteAllText(Path.Combine(weights, "best.safetensors"), "");
        Assert.Equal("third", Assert.Single(models.All).Name);
        Assert.True(models.AreReady);
        Directory.Delete(folder, recursive: true);
    }
}
