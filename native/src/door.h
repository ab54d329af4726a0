// The door's C ABI and what its files share.
// Every function returns 0, or 1 with the message in hw_error() (thread-local). No exception crosses the ABI.
// A tensor handle is one counted reference to a TensorImpl; null stands for an undefined tensor.
#pragma once

#include <ATen/ATen.h>

#include "platform.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace hwaso {

using Handle = c10::TensorImpl*;
using TensorRef = c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

// The kind of an argument or a result; the numbers are those of Hwaso.Torch.ValueKind.
enum class Tag : int32_t {
  None = 0, Tensor = 1, Int = 2, Double = 3, Bool = 4, IntList = 5, TensorList = 6, DoubleList = 7,
  String = 8, BoolList = 9, Device = 10, Default = 11,
};

struct Value {
  Tag tag;
  int32_t count;
  union {
    int64_t i;
    double d;
    void* p;
  };
};
static_assert(sizeof(Value) == 16, "Hwaso.Torch.NativeValue has this layout");

extern std::atomic<int64_t> live_handles;

void set_error(const char* message);
// libtorch's message without its C++ stack trace.
std::string message_of(const std::exception& error);

// The threads of the scope of equal bits that this thread is in (threads.cpp), 0 outside; and another number for it.
int scope_threads();
void set_scope_threads(int threads);

inline at::Tensor borrow(Handle handle) {
  return handle ? at::Tensor(TensorRef::reclaim_copy(handle)) : at::Tensor();
}

inline Handle release(at::Tensor tensor) {
  if (!tensor.defined()) return nullptr;
  live_handles.fetch_add(1, std::memory_order_relaxed);
  return tensor.unsafeReleaseTensorImpl();
}

template <typename F>
int guarded(F&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    set_error(message_of(error).c_str());
  } catch (...) {
    set_error("an error of unknown type");
  }
  return 1;
}

}  // namespace hwaso
