// The process: allocator, threads, random state, devices, versions.
#include "convolutions.h"
#include "door.h"
#include "memory.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <cstdlib>
#include <cstring>

using namespace hwaso;

HW_API void hw_initialise() {
  platform::keep_large_blocks();
  use_tensor_memory();
  check_convolutions();
}

namespace {
template <typename F>
int text_out(char** text, F&& make) {
  return guarded([&] {
    std::string made = make();
    *text = static_cast<char*>(std::malloc(made.size() + 1));
    if (!*text) throw std::bad_alloc();
    std::memcpy(*text, made.c_str(), made.size() + 1);
  });
}

void set_blas_threads(int count) {
  // at::set_num_threads does not reach OpenBLAS's own pool.
  using Setter = void (*)(int);
  if (auto set = platform::find_function<Setter>("openblas_set_num_threads")) set(count);
}
}  // namespace

HW_API int hw_set_threads(int count) {
  return guarded([&] {
    at::set_num_threads(count);
    set_blas_threads(count);
    set_scope_threads(count);
  });
}

HW_API int hw_threads() {
  const int threads = scope_threads();
  return threads > 0 ? threads : at::get_num_threads();
}

HW_API int hw_version(char** text) {
  return text_out(text, [] { return std::string(TORCH_VERSION); });
}

HW_API int hw_build_report(char** text) {
  return text_out(text, [] { return at::show_config() + at::get_parallel_info(); });
}

HW_API int hw_cuda_devices(int* count) {
  return guarded([&] { *count = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0; });
}

// Waits until everything on the device's current stream is done.
HW_API int hw_synchronise(int device_type, int device_index) {
  return guarded([&] {
    auto type = static_cast<c10::DeviceType>(device_type);
    if (type == c10::DeviceType::CPU) return;
    c10::impl::VirtualGuardImpl device(type);
    device.synchronizeStream(device.getStream(c10::Device(type, static_cast<c10::DeviceIndex>(device_index))));
  });
}

HW_API int hw_manual_seed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

namespace {
at::Generator generator_of(int device_type, int device_index) {
  return at::globalContext().defaultGenerator(c10::Device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index)));
}
}  // namespace

HW_API int hw_random_state(int device_type, int device_index, Handle* state) {
  return guarded([&] {
    auto generator = generator_of(device_type, device_index);
    std::lock_guard<std::mutex> lock(generator.mutex());
    *state = release(generator.get_state());
  });
}

HW_API int hw_set_random_state(int device_type, int device_index, Handle state) {
  return guarded([&] {
    auto generator = generator_of(device_type, device_index);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(borrow(state));
  });
}

HW_API int hw_set_deterministic(int enabled) {
  return guarded([&] {
    // cuBLAS reads this when it is first used, and is deterministic only with a workspace of its own for each stream.
    if (enabled) platform::set_environment("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
    at::globalContext().setDeterministicAlgorithms(enabled != 0, /*warn_only=*/false);
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(enabled != 0);
  });
}

HW_API int hw_deterministic() { return at::globalContext().deterministicAlgorithms(); }
