using Hwaso.Inference;

namespace Hwaso.Training.Loop;

/// <summary>A run's folder while a trainer, or process 0 of several, holds it.</summary>
sealed class HeldFolder : IDisposable
{
    readonly RunFolder folder;
    readonly RunLock? held;

    HeldFolder(RunFolder folder, RunLock? held) => (this.folder, this.held) = (folder, held);

    /// <summary>Whether there is something to continue from.</summary>
    public bool Continues { get; private init; }

    /// <summary>Refuses a folder that holds another run, or none to resume; changes nothing.</summary>
    /// <exception cref="TrainingException">It does.</exception>
    public static void Check(TrainRequest request) => request.Team.First(() =>
    {
        var folder = request.Folder;
        if (request.Resume && !folder.WasBegun)
            throw new TrainingException(
                $"{folder.Root}: nothing to resume: {folder.Resume} is not there; train without --resume to begin");
        RefuseAnother(request);
    });

    /// <summary>Takes the folder and makes what belongs into it.</summary>
    /// <exception cref="TrainingException">Another trainer has it, or nothing can be written there.</exception>
    public static HeldFolder Take(TrainRequest request, RunLog log)
    {
        var folder = request.Folder;
        var held = request.Team.IsFirst ? RunLock.Take(folder) : null;
        try
        {
            var continues = request.Team.First(() =>
            {
                // Whoever held it may have begun or saved since.
                var isSaved = request.Resume && File.Exists(folder.Resume);
                RefuseAnother(request);
                RunCheckpoints.MakeFolders(folder);
                return isSaved;
            });
            log.Note(RunLock.Line);
            return new HeldFolder(folder, held) { Continues = continues };
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    /// <summary>Removes what a run leaves that never did a step.</summary>
    public void RemoveTraces()
    {
        if (held is not null)
            RunCheckpoints.RemoveTraces(folder);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => held?.Dispose();

    static void RefuseAnother(TrainRequest request)
    {
        if (!request.Resume && request.Folder.Exists)
            throw new TrainingException(
                $"{request.Folder.Root} holds a run already; continue it with --resume, or name another folder with --run");
    }
}
