// What CUDA devices alone have: figures of their memory, and work that is recorded once and started as a whole. Without CUDA's headers
// every function says that they were missing.
#include "door.h"

#ifdef HWASO_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <memory>
#endif

using namespace hwaso;

namespace {

#ifdef HWASO_CUDA
// The figures of all of the allocator's pools together are the first of each array.
constexpr size_t kAllPools = 0;

// Recorded work with the stream that it is recorded on: CUDA does not record the default one.
struct Graph {
  explicit Graph(c10::DeviceIndex index) : own(c10::cuda::getStreamFromPool(false, index)), before(own) {}

  c10::cuda::CUDAStream own, before;
  at::cuda::CUDAGraph graph;
};
#else
struct Graph {};

[[noreturn]] void unavailable() {
  throw std::runtime_error(
      "the door was built without CUDA's headers (cuda_runtime_api.h); install them, remove native/build and build it again");
}
#endif

}  // namespace

// Bytes of tensors now and at most since the last reset, and at most of what the allocator took from the device.
HW_API int hw_cuda_memory([[maybe_unused]] int index, [[maybe_unused]] int64_t* now, [[maybe_unused]] int64_t* peak,
                          [[maybe_unused]] int64_t* reserved_peak) {
  return guarded([&] {
#ifdef HWASO_CUDA
    auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
    *now = stats.allocated_bytes[kAllPools].current;
    *peak = stats.allocated_bytes[kAllPools].peak;
    *reserved_peak = stats.reserved_bytes[kAllPools].peak;
#else
    unavailable();
#endif
  });
}

// Gives blocks that no tensor uses back to the device, and lets the peaks begin at what is in use.
HW_API int hw_cuda_memory_reset([[maybe_unused]] int index) {
  return guarded([&] {
#ifdef HWASO_CUDA
    c10::cuda::CUDACachingAllocator::emptyCache();
    c10::cuda::CUDACachingAllocator::resetPeakStats(static_cast<c10::DeviceIndex>(index));
#else
    unavailable();
#endif
  });
}

HW_API int hw_graph_new([[maybe_unused]] int index, [[maybe_unused]] Graph** graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    *graph = new Graph(static_cast<c10::DeviceIndex>(index));
#else
    unavailable();
#endif
  });
}

// This thread's work on the device goes to the graph's stream from here on; everything before it is done.
HW_API int hw_graph_enter([[maybe_unused]] Graph* graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    c10::cuda::device_synchronize();
    graph->before = c10::cuda::getCurrentCUDAStream(graph->own.device_index());
    c10::cuda::setCurrentCUDAStream(graph->own);
#endif
  });
}

HW_API int hw_graph_leave([[maybe_unused]] Graph* graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    // First: waiting may report an error of the work.
    c10::cuda::setCurrentCUDAStream(graph->before);
    c10::cuda::device_synchronize();
#endif
  });
}

// Work is recorded, not done, from here on, until hw_graph_end. Its tensors lie in memory that the graph keeps.
HW_API int hw_graph_begin([[maybe_unused]] Graph* graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    graph->graph.capture_begin();
#endif
  });
}

HW_API int hw_graph_end([[maybe_unused]] Graph* graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    graph->graph.capture_end();
#endif
  });
}

// Starts the recorded work on this thread's stream.
HW_API int hw_graph_replay([[maybe_unused]] Graph* graph) {
  return guarded([&] {
#ifdef HWASO_CUDA
    graph->graph.replay();
#endif
  });
}

HW_API int hw_graph_free(Graph* graph) {
  return guarded([&] { delete graph; });
}
