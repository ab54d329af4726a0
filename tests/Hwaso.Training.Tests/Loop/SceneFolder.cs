using Hwaso.Scenes;

namespace Hwaso.Training.Tests.Loop;

/// <summary>A dozen rendered scenes in Cityscapes' layout, made once for a class of tests.</summary>
public sealed class SceneFolder : IDisposable
{
    public SceneFolder() => SceneSet.Write(Root, SceneLayout.Cityscapes, count: 12, width: 128, height: 64, seed: 5, val: 4, threads: 2);

    public string Root { get; } = Directory.CreateTempSubdirectory("hwaso-scenes").FullName;

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
