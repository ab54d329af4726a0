using System.Runtime.InteropServices;

namespace Hwaso.Torch.Native;

/// <summary>The door's C ABI (<c>native/src</c>). Every int result is 0, or 1 with the message in <c>hw_error</c>.</summary>
static unsafe partial class NativeMethods
{
    const string Library = "hwaso_torch";

    // Loads nothing yet: the compiler may run this ahead of a call that is then not made, where there is no libtorch.
    static NativeMethods() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, (name, _, _) => name == Library ? LibraryLocator.Library : 0);

    [LibraryImport(Library)]
    internal static partial byte* hw_error();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void hw_set_error(string message);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long hw_live_handles();

    [LibraryImport(Library)]
    internal static partial void hw_release(nint handle);

    [LibraryImport(Library)]
    internal static partial void hw_free(void* block);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_operator(string name, string overload, nint* op);

    [LibraryImport(Library)]
    internal static partial byte* hw_operator_schema(nint op);

    [LibraryImport(Library)]
    internal static partial int hw_schemas(byte** text);

    [LibraryImport(Library)]
    internal static partial int hw_call(nint op, NativeValue* arguments, int count, NativeValue* results, int maxResults, int* resultCount);

    [LibraryImport(Library)]
    internal static partial int hw_operator_tensors(nint op);

    [LibraryImport(Library)]
    internal static partial int hw_call_tensors(nint op, nint a, nint b, nint* result);

    [LibraryImport(Library)]
    internal static partial int hw_info(nint handle, TensorInfo* info, long* sizes, long* strides, int room);

    [LibraryImport(Library)]
    internal static partial int hw_data(nint handle, void** data);

    [LibraryImport(Library)]
    internal static partial int hw_share(nint handle, nint* result);

    [LibraryImport(Library)]
    internal static partial int hw_set_data(nint handle, nint data);

    [LibraryImport(Library)]
    internal static partial int hw_backward(nint* roots, nint* gradients, int count, int retainGraph, int createGraph);

    [LibraryImport(Library)]
    internal static partial int hw_grad(nint* outputs, nint* gradients, int outputCount, nint* inputs, int inputCount, int retainGraph,
        int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library)]
    internal static partial int hw_set_requires_grad(nint handle, int value);

    [LibraryImport(Library)]
    internal static partial int hw_gradient(nint handle, nint* result);

    [LibraryImport(Library)]
    internal static partial int hw_set_gradient(nint handle, nint gradient);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int hw_grad_mode();

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void hw_set_grad_mode(int enabled);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int hw_autocast(int deviceType);

    [LibraryImport(Library)]
    internal static partial int hw_autocast_enter(int deviceType, int scalarType);

    [LibraryImport(Library)]
    internal static partial int hw_autocast_leave(int deviceType, int before);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_custom_node(string label, nint* inputs, int inputCount, nint* outputs, int outputCount,
        delegate* unmanaged<nint, nint*, int, nint*, int, int> backward, delegate* unmanaged<nint, void> freeContext, nint context);

    [LibraryImport(Library)]
    internal static partial int hw_same_bits_begin(int helps);

    [LibraryImport(Library)]
    internal static partial int hw_same_bits_end(int helps);

    [LibraryImport(Library)]
    internal static partial int hw_set_threads(int count);

    [LibraryImport(Library)]
    internal static partial int hw_threads();

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial double hw_convolution_fault();

    [LibraryImport(Library)]
    internal static partial int hw_version(byte** text);

    [LibraryImport(Library)]
    internal static partial int hw_build_report(byte** text);

    [LibraryImport(Library)]
    internal static partial int hw_cuda_devices(int* count);

    [LibraryImport(Library)]
    internal static partial int hw_cuda_memory(int index, long* now, long* peak, long* reservedPeak);

    [LibraryImport(Library)]
    internal static partial int hw_cuda_memory_reset(int index);

    [LibraryImport(Library)]
    internal static partial int hw_graph_new(int index, nint* graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_enter(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_leave(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_begin(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_end(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_replay(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_graph_free(nint graph);

    [LibraryImport(Library)]
    internal static partial int hw_synchronise(int deviceType, int deviceIndex);

    [LibraryImport(Library)]
    internal static partial int hw_manual_seed(ulong seed);

    [LibraryImport(Library)]
    internal static partial int hw_random_state(int deviceType, int deviceIndex, nint* state);

    [LibraryImport(Library)]
    internal static partial int hw_set_random_state(int deviceType, int deviceIndex, nint state);

    [LibraryImport(Library)]
    internal static partial int hw_set_deterministic(int enabled);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int hw_deterministic();

    [LibraryImport(Library)]
    internal static partial int hw_trace_begin(long* time);

    [LibraryImport(Library)]
    internal static partial int hw_trace_end(void** spans, long* count, byte** names, int* thread);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial long hw_next_sequence();

    [LibraryImport(Library)]
    internal static partial int hw_process_backends();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_store_open(string host, int port, int isServer, int timeoutMs, nint* store);

    [LibraryImport(Library)]
    internal static partial int hw_store_port(nint store);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_store_set(nint store, string key, byte* bytes, int count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_store_add(nint store, string key, long amount, long* sum);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_store_has(nint store, string key, int* answer);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_store_get(nint store, string key, byte** bytes, int* count);

    [LibraryImport(Library)]
    internal static partial void hw_store_free(nint store);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int hw_group_new(
        nint store, string name, int backend, int rank, int size, int timeoutMs, string networkInterface, nint* group);

    [LibraryImport(Library)]
    internal static partial int hw_group_all_reduce(nint group, nint* handles, int count, int operation);

    [LibraryImport(Library)]
    internal static partial int hw_group_broadcast(nint group, nint handle, int root);

    [LibraryImport(Library)]
    internal static partial int hw_group_all_gather(nint group, nint handle, nint* results);

    [LibraryImport(Library)]
    internal static partial void hw_group_free(nint group);

    [LibraryImport(Library)]
    internal static partial int hw_exchange_new(
        nint group, nint* parameters, int count, long firstBytes, long bucketBytes, nint* exchange);

    [LibraryImport(Library)]
    internal static partial int hw_exchange_begin(nint exchange);

    [LibraryImport(Library)]
    internal static partial int hw_exchange_finish(nint exchange, long* waitedUs);

    [LibraryImport(Library)]
    internal static partial int hw_exchange_buckets(nint exchange);

    [LibraryImport(Library)]
    internal static partial int hw_exchange_times(nint exchange, long* times);

    [LibraryImport(Library)]
    internal static partial void hw_exchange_free(nint exchange);

    internal static string LastError => Marshal.PtrToStringUTF8((nint)hw_error()) ?? "";

    /// <summary>A malloc'ed string of the door, copied and freed.</summary>
    internal static string TakeText(byte* text)
    {
        var copy = Marshal.PtrToStringUTF8((nint)text) ?? "";
        hw_free(text);
        return copy;
    }
}
