// When operators and nodes of the backward pass run: for timelines of training.
#include "door.h"

#include <ATen/SequenceNumber.h>
#include <ATen/record_function.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

using namespace hwaso;

namespace {

// The layout of Hwaso.Torch.OperatorTrace's records. Times are nanoseconds of the steady clock; a sequence of -1 is none.
struct Span {
  int64_t from, to, sequence;
  int32_t name, thread;
  int32_t is_backward, unused;
};

struct Trace {
  std::mutex mutex;
  std::vector<Span> spans;
  std::vector<std::string> names;
  std::unordered_map<std::string, int32_t> numbers;
  at::CallbackHandle callback = 0;
};

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Begun final : at::ObserverContext {
  int64_t at = now();
};

// Callbacks are plain functions, which find the trace here. One at a time in a process.
std::mutex current_mutex;
std::shared_ptr<Trace> current;

thread_local int depth = 0;

// The engine's own work on a node, such as the sums of gradients, should show beside the node and not around it.
bool is_engine(const at::RecordFunction& function) { return std::strncmp(function.name(), "autograd::engine", 16) == 0; }

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  if (is_engine(function) || depth++ > 0) return nullptr;
  return std::make_unique<Begun>();
}

void end(const at::RecordFunction& function, at::ObserverContext* context) {
  if (is_engine(function)) return;
  depth--;
  auto begun = static_cast<Begun*>(context);
  if (!begun) return;
  auto to = now();
  std::shared_ptr<Trace> trace;
  {
    std::lock_guard<std::mutex> lock(current_mutex);
    trace = current;
  }
  if (!trace) return;
  std::lock_guard<std::mutex> lock(trace->mutex);
  auto [found, is_new] = trace->numbers.try_emplace(function.name(), static_cast<int32_t>(trace->names.size()));
  if (is_new) trace->names.push_back(found->first);
  trace->spans.push_back({begun->at, to, function.seqNr(), found->second,
                          static_cast<int32_t>(at::RecordFunction::currentThreadId()),
                          function.scope() == at::RecordScope::BACKWARD_FUNCTION, 0});
}

template <typename T>
T* block_of(size_t count) {
  auto block = static_cast<T*>(std::malloc(count * sizeof(T) + 1));
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

// Records what runs on this thread, and on those that compute its backward passes, from here to hw_trace_end on this thread. Says what time
// it is by the clock of the spans.
HW_API int hw_trace_begin(int64_t* time) {
  return guarded([&] {
    auto trace = std::make_shared<Trace>();
    std::lock_guard<std::mutex> lock(current_mutex);
    if (current) throw std::runtime_error("another thread of this process is traced; one at a time can be");
    depth = 0;
    trace->callback = at::addThreadLocalCallback(
        at::RecordFunctionCallback(begin, end).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    current = trace;
    *time = now();
  });
}

// Gives the outermost operators and nodes in the order of their ends, and the names that they number, one a line; both in malloc'ed memory.
HW_API int hw_trace_end(void** spans, int64_t* count, char** names, int* thread) {
  return guarded([&] {
    std::shared_ptr<Trace> trace;
    {
      std::lock_guard<std::mutex> lock(current_mutex);
      trace.swap(current);
    }
    if (!trace) throw std::runtime_error("nothing was traced");
    at::removeCallback(trace->callback);
    std::lock_guard<std::mutex> lock(trace->mutex);
    std::string all;
    for (const auto& name : trace->names) all += name + '\n';
    auto text = block_of<char>(all.size() + 1);
    std::memcpy(text, all.c_str(), all.size() + 1);
    auto block = block_of<Span>(trace->spans.size());
    std::memcpy(block, trace->spans.data(), trace->spans.size() * sizeof(Span));
    *names = text;
    *spans = block;
    *count = static_cast<int64_t>(trace->spans.size());
    *thread = static_cast<int>(at::RecordFunction::currentThreadId());
  });
}

// The number that the next node of this thread's graph will have.
HW_API int64_t hw_next_sequence() { return static_cast<int64_t>(at::sequence_number::peek()); }
