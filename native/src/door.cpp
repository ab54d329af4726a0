#include "door.h"

#include <cstring>

namespace hwaso {

std::atomic<int64_t> live_handles{0};

namespace {
thread_local std::string last_error;
}

void set_error(const char* message) { last_error = message ? message : ""; }

std::string message_of(const std::exception& error) {
  if (auto* torch_error = dynamic_cast<const c10::Error*>(&error)) return torch_error->what_without_backtrace();
  return error.what();
}

}  // namespace hwaso

using namespace hwaso;

HW_API const char* hw_error() { return last_error.c_str(); }

// Managed callbacks leave their message here before they return 1.
HW_API void hw_set_error(const char* message) { set_error(message); }

HW_API int64_t hw_live_handles() { return live_handles.load(std::memory_order_relaxed); }

HW_API void hw_release(Handle handle) {
  if (!handle) return;
  live_handles.fetch_sub(1, std::memory_order_relaxed);
  try {
    TensorRef::reclaim(handle);
  } catch (...) {
    // A deleter that throws cannot report it here; the memory is freed either way.
  }
}

// Strings and lists that a call returned.
HW_API void hw_free(void* block) { std::free(block); }
