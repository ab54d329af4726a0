using System.Text;
using Hwaso.Torch.Native;

namespace Hwaso.Torch.Processes;

/// <summary>
/// The place where processes that train as one meet: a small table of keys and bytes that one of them keeps for all (c10d's TCPStore).
/// </summary>
public sealed unsafe class ProcessStore : IDisposable
{
    nint store;

    /// <summary>Opens the table, or waits for the process that keeps it.</summary>
    /// <param name="host">The name or address of the machine that keeps it.</param>
    /// <param name="port">Its TCP port; 0 for any that is free, where <paramref name="keeps"/>.</param>
    /// <param name="keeps">Whether this process keeps it.</param>
    /// <param name="patience">How long to wait for it.</param>
    /// <exception cref="TorchException">It cannot be reached, or the port is taken; or this libtorch has no Gloo.</exception>
    public ProcessStore(string host, int port, bool keeps, TimeSpan patience)
    {
        nint made;
        if (NativeMethods.hw_store_open(host, port, keeps ? 1 : 0, (int)patience.TotalMilliseconds, &made) != 0)
            throw new TorchException("process store", "", $"{host}:{port}", NativeMethods.LastError);
        store = made;
        Port = NativeMethods.hw_store_port(made);
    }

    /// <summary>Whether the door was built with Gloo, so that processes can train as one.</summary>
    public static bool IsThere => NativeMethods.hw_process_backends() != 0;

    /// <summary>Whether GPUs can exchange tensors directly (NCCL).</summary>
    public static bool HasNccl => (NativeMethods.hw_process_backends() & 2) != 0;

    /// <summary>The TCP port.</summary>
    public int Port { get; }

    internal nint Handle => store != 0 ? store : throw new ObjectDisposedException(nameof(ProcessStore));

    /// <summary>Sets a key.</summary>
    /// <exception cref="TorchException">The process that keeps the table is gone.</exception>
    public void Set(string key, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        fixed (byte* data = bytes)
            Check(NativeMethods.hw_store_set(Handle, key, data, bytes.Length), key);
    }

    /// <summary>Adds to the number of a key, 0 at first, and returns the sum.</summary>
    /// <exception cref="TorchException">The process that keeps the table is gone.</exception>
    public long Add(string key, long amount)
    {
        long sum;
        Check(NativeMethods.hw_store_add(Handle, key, amount, &sum), key);
        return sum;
    }

    /// <summary>The value of a key; null where nobody has set it.</summary>
    /// <exception cref="TorchException">The process that keeps the table is gone.</exception>
    public string? Get(string key)
    {
        int there, count;
        byte* bytes;
        Check(NativeMethods.hw_store_has(Handle, key, &there), key);
        if (there == 0)
            return null;
        Check(NativeMethods.hw_store_get(Handle, key, &bytes, &count), key);
        var value = Encoding.UTF8.GetString(bytes, count);
        NativeMethods.hw_free(bytes);
        return value;
    }

    /// <summary>Closes the connection, and the table where this process keeps it.</summary>
    public void Dispose()
    {
        if (store != 0)
            NativeMethods.hw_store_free(store);
        store = 0;
    }

    static void Check(int failed, string key)
    {
        if (failed != 0)
            throw new TorchException("process store", "", key, NativeMethods.LastError);
    }
}
