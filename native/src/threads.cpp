// Operators with one thread, but for those that give the same bits with any number of threads.
#include "door.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <memory>
#include <string_view>
#include <unordered_set>

using namespace hwaso;

namespace {

// Operators whose bits do not depend on threads: single roundings of each element, copies, and sums that one thread computes in one order
// wherever the work is divided. Others, such as sigmoids and sums, compute the last elements of a thread's share in another way than the
// rest. tests/Hwaso.Torch.Tests/SameBitsTests.cs runs these.
const std::unordered_set<std::string_view> free_operators = {
    "aten::add", "aten::add_", "aten::sub", "aten::sub_", "aten::mul", "aten::mul_", "aten::div", "aten::div_", "aten::neg", "aten::abs",
    "aten::relu", "aten::relu_", "aten::threshold_backward", "aten::clamp", "aten::clamp_min", "aten::where", "aten::masked_fill",
    "aten::masked_fill_", "aten::copy_", "aten::fill_", "aten::zero_", "aten::cat", "aten::hardswish", "aten::hardswish_",
    "aten::hardswish_backward", "aten::max_pool2d_with_indices", "aten::max_pool2d_with_indices_backward", "aten::avg_pool2d",
    "aten::avg_pool2d_backward", "aten::upsample_nearest2d", "aten::upsample_nearest2d_backward",
};

using Setter = void (*)(int);

// Threads of loops that this thread begins; at::set_num_threads would set those of threads to come as well.
void set_loops(int threads) {
  static const Setter set = platform::find_function<Setter>("omp_set_num_threads");
  if (set) set(threads);
}

// Threads of matrix products: MKL's of this thread. False where OpenBLAS computes them, which has one number for all threads.
bool set_products(int threads) {
  static const Setter set = platform::find_function<Setter>("mkl_set_num_threads_local");
  if (set) set(threads);
  return set != nullptr;
}

void set_process_products(int threads) {
  static const Setter set = platform::find_function<Setter>("openblas_set_num_threads");
  if (set) set(threads);
}

// Scopes of this thread, and those in which it helps; what its operators may use: all threads outside, the present number.
struct State {
  int depth = 0, helping = 0, all = 0, now = 0;
  at::CallbackHandle callback = 0;
};

thread_local State state;

void use(int threads) {
  if (threads == state.now) return;
  state.now = threads;
  set_loops(threads);
  if (!set_products(threads) && !state.helping) set_process_products(threads);
}

struct Before final : at::ObserverContext {
  explicit Before(int threads) : threads(threads) {}
  int threads;
};

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  if (state.depth == 0) return nullptr;
  const int wanted = !state.helping && free_operators.count(function.name()) ? state.all : 1;
  if (wanted == state.now) return nullptr;
  auto before = std::make_unique<Before>(state.now);
  use(wanted);
  return before;
}

void end(const at::RecordFunction&, at::ObserverContext* context) {
  if (context && state.depth > 0) use(static_cast<Before*>(context)->threads);
}

}  // namespace

namespace hwaso {

int scope_threads() { return state.depth == 0 ? 0 : state.helping ? 1 : state.all; }

void set_scope_threads(int threads) {
  if (state.depth == 0) return;
  state.all = state.now = threads;
  use(1);
}

}  // namespace hwaso

// From here to hw_same_bits_end on this thread, its operators and those of its backward passes give the bits that they give with one
// thread. helps: the thread computes a part of an operator beside others, which set the products' threads.
HW_API int hw_same_bits_begin(int helps) {
  return guarded([&] {
    if (helps) state.helping++;
    if (state.depth++ > 0) return;
    state.all = state.now = at::get_num_threads();
    if (!helps && state.all > 1)
      state.callback = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION}));
    use(1);
  });
}

HW_API int hw_same_bits_end(int helps) {
  return guarded([&] {
    if (--state.depth == 0) {
      if (state.callback) at::removeCallback(state.callback);
      state.callback = 0;
      use(state.all);
    }
    if (helps) state.helping--;
  });
}
