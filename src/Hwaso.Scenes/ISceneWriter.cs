namespace Hwaso.Scenes;

/// <summary>Puts scenes where a data set's layout has them.</summary>
interface ISceneWriter
{
    /// <summary>Folders and lists.</summary>
    void Begin(int train, int val);

    /// <summary>One scene; called from several threads.</summary>
    void Write(string split, int number, Scene scene);
}
