namespace Hwaso.Training.Tasks.Segmentation;

/// <summary>
/// Three stages at once: while one item is worked on, the next is read and the last is finished, each on a thread of its own. At most
/// three items are in memory at a time.
/// </summary>
static class Overlap
{
    /// <summary>Puts items through the stages, in order.</summary>
    /// <param name="count">Items.</param>
    /// <param name="read">Makes an item of its number.</param>
    /// <param name="work">What is done on the calling thread.</param>
    /// <param name="finish">What is done with the answer; called for one item after the other.</param>
    /// <param name="progress">Gets the number of items worked on.</param>
    /// <param name="stop">Ends the work with an exception.</param>
    public static void Run<TItem, TAnswer>(
        int count, Func<int, TItem> read, Func<TItem, TAnswer> work, Action<TItem, TAnswer> finish, Action<int>? progress,
        CancellationToken stop)
    {
        var next = count > 0 ? Task.Run(() => read(0), stop) : Task.FromResult<TItem>(default!);
        var finishing = Task.CompletedTask;
        try
        {
            for (var k = 0; k < count; k++)
            {
                stop.ThrowIfCancellationRequested();
                var item = next.GetAwaiter().GetResult();
                var following = k + 1;
                if (following < count)
                    next = Task.Run(() => read(following), stop);
                var answer = work(item);
                finishing.GetAwaiter().GetResult();
                finishing = Task.Run(() => finish(item, answer), stop);
                progress?.Invoke(following);
            }
            finishing.GetAwaiter().GetResult();
        }
        finally
        {
            // After an error, too, nobody reads or counts on once this returns. An error of theirs is dropped.
            Task.WhenAll(next, finishing)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .GetAwaiter().GetResult();
        }
    }
}
