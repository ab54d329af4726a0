// Several processes that train as one: PyTorch's c10d. The store is where they meet, a group is what adds tensors over all of them, an
// exchange averages gradients while the backward pass still computes others.
#include "door.h"

#include <cstdlib>
#include <cstring>

using namespace hwaso;

#ifdef HWASO_GLOO
#define USE_C10D_GLOO
#ifdef HWASO_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

namespace {

using Milliseconds = std::chrono::milliseconds;
using WorkPointer = c10::intrusive_ptr<c10d::Work>;
using Tensors = std::vector<at::Tensor>;

struct Store {
  c10::intrusive_ptr<c10d::TCPStore> store;
};

// Newer versions ask for libuv by default, and Debian's was built without it. Plain sockets are there in all of them.
template <typename Options>
auto without_libuv(Options& options, int) -> decltype(options.useLibUV = false, void()) {
  options.useLibUV = false;
}

template <typename Options>
void without_libuv(Options&, long) {}

// Both kinds of group have the same functions, but from libtorch 2 on not the same base class.
struct Group {
  std::function<WorkPointer(Tensors&, const c10d::AllreduceOptions&)> all_reduce;
  std::function<WorkPointer(Tensors&, const c10d::BroadcastOptions&)> broadcast;
  std::function<WorkPointer(std::vector<Tensors>&, Tensors&)> all_gather;
  int size = 1;
};

template <typename Kind>
void bind(Group& group, c10::intrusive_ptr<Kind> kind) {
  group.all_reduce = [kind](Tensors& tensors, const c10d::AllreduceOptions& options) { return kind->allreduce(tensors, options); };
  group.broadcast = [kind](Tensors& tensors, const c10d::BroadcastOptions& options) { return kind->broadcast(tensors, options); };
  group.all_gather = [kind](std::vector<Tensors>& out, Tensors& in) { return kind->allgather(out, in); };
}

// Gradients of consecutive parameters in one buffer, with one more number each: in how many processes it has a gradient.
struct Bucket {
  std::vector<size_t> members;
  std::vector<int64_t> places;
  int64_t elements = 0;
  at::Tensor buffer;
  WorkPointer work;
  size_t missing = 0;
  // Microseconds from the beginning of the exchange: when it was sent, and when its sum was there. A thread of Gloo's sets the latter.
  int64_t sent_us = 0;
  std::shared_ptr<std::atomic<int64_t>> summed_us = std::make_shared<std::atomic<int64_t>>(0);
};

struct ExchangeState {
  Group group;
  Tensors parameters;
  std::vector<Bucket> buckets;
  std::vector<size_t> bucket_of, place_in;
  std::vector<bool> arrived;
  size_t next = 0;
  bool armed = false;
  std::chrono::steady_clock::time_point begun;
  std::mutex mutex;

  static int64_t since(std::chrono::steady_clock::time_point from) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - from).count();
  }

  // The part of a buffer that holds a parameter's gradient, in the memory order of the gradient itself where that is dense: then a copy is
  // one run of memory. The order is the same in all processes, as the networks are.
  static at::Tensor view(const Bucket& bucket, size_t member, const at::Tensor& like) {
    auto part = bucket.buffer.narrow(0, bucket.places[member], like.numel());
    return like.is_non_overlapping_and_dense() ? part.as_strided(like.sizes(), like.strides(), part.storage_offset()) : part.view(like.sizes());
  }

  at::Tensor flag(const Bucket& bucket, size_t member) { return bucket.buffer.narrow(0, bucket.elements + static_cast<int64_t>(member), 1); }

  void begin() {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto& bucket : buckets) {
      bucket.work = {};
      bucket.missing = bucket.members.size();
    }
    arrived.assign(parameters.size(), false);
    next = 0;
    armed = true;
    begun = std::chrono::steady_clock::now();
  }

  void launch(Bucket& bucket) {
    at::NoGradGuard off;
    if (!bucket.buffer.defined())
      bucket.buffer = at::empty({bucket.elements + static_cast<int64_t>(bucket.members.size())}, parameters[bucket.members[0]].options().requires_grad(false));
    for (size_t member = 0; member < bucket.members.size(); member++) {
      const auto& parameter = parameters[bucket.members[member]];
      const auto& gradient = parameter.grad();
      if (gradient.defined()) {
        view(bucket, member, parameter).copy_(gradient);
        flag(bucket, member).fill_(1);
      } else {
        view(bucket, member, parameter).zero_();
        flag(bucket, member).zero_();
      }
    }
    Tensors tensors{bucket.buffer};
    bucket.sent_us = since(begun);
    bucket.work = group.all_reduce(tensors, c10d::AllreduceOptions());
    // A GPU's future is complete when the work is in its queue, so only a processor's says when the sum is there.
    if (bucket.buffer.is_cpu())
      bucket.work->getFuture()->addCallback([summed = bucket.summed_us, from = begun](auto&) { summed->store(since(from)); });
  }

  // A parameter has its whole gradient. Buckets start in their fixed order, so that all processes add the same ones at the same time.
  void ready(size_t parameter) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!armed || arrived[parameter]) return;
    arrived[parameter] = true;
    buckets[bucket_of[parameter]].missing--;
    while (next < buckets.size() && buckets[next].missing == 0) launch(buckets[next++]);
  }

  void finish(int64_t* waited_us) {
    std::lock_guard<std::mutex> lock(mutex);
    at::NoGradGuard off;
    armed = false;
    while (next < buckets.size()) launch(buckets[next++]);
    auto from = std::chrono::steady_clock::now();
    for (auto& bucket : buckets) {
      bucket.work->wait();
      bucket.work = {};
      if (!bucket.buffer.is_cpu()) bucket.summed_us->store(since(begun));
    }
    *waited_us = since(from);
    for (auto& bucket : buckets) {
      bucket.buffer.narrow(0, 0, bucket.elements).mul_(1.0 / group.size);
      auto flags = bucket.buffer.narrow(0, bucket.elements, static_cast<int64_t>(bucket.members.size())).to(at::kCPU, at::kFloat);
      for (size_t member = 0; member < bucket.members.size(); member++) {
        auto& parameter = parameters[bucket.members[member]];
        // No process used it: it has no gradient, as in one process.
        if (flags.data_ptr<float>()[member] == 0) continue;
        auto averaged = view(bucket, member, parameter);
        auto& gradient = parameter.mutable_grad();
        if (gradient.defined())
          gradient.copy_(averaged);
        else
          gradient = averaged.clone(at::MemoryFormat::Preserve);
      }
    }
  }
};

struct ReadyHook final : torch::autograd::FunctionPostHook {
  std::weak_ptr<ExchangeState> state;
  size_t parameter;

  ReadyHook(std::weak_ptr<ExchangeState> state, size_t parameter) : state(std::move(state)), parameter(parameter) {}

  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs, const torch::autograd::variable_list&) override {
    if (auto exchange = state.lock()) exchange->ready(parameter);
    return outputs;
  }
};

struct Exchange {
  std::shared_ptr<ExchangeState> state;
  // A parameter holds its accumulator weakly, and a hook lives with the accumulator.
  std::vector<decltype(torch::autograd::Edge::function)> accumulators;
};

}  // namespace

// What this door can exchange tensors with: 1 for Gloo, 2 for NCCL, added.
HW_API int hw_process_backends() {
#ifdef HWASO_NCCL
  return 3;
#else
  return 1;
#endif
}

// Opens the store where processes meet; one of them is its server. A client waits for the server as long as the timeout says.
HW_API int hw_store_open(const char* host, int port, int is_server, int timeout_ms, Store** store) {
  return guarded([&] {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = is_server != 0;
    options.waitWorkers = false;
    options.timeout = Milliseconds(timeout_ms);
    without_libuv(options, 0);
    *store = new Store{c10::make_intrusive<c10d::TCPStore>(host, options)};
  });
}

HW_API int hw_store_port(Store* store) { return store->store->getPort(); }

HW_API int hw_store_set(Store* store, const char* key, const uint8_t* bytes, int count) {
  return guarded([&] { store->store->set(key, std::vector<uint8_t>(bytes, bytes + count)); });
}

HW_API int hw_store_add(Store* store, const char* key, int64_t amount, int64_t* sum) {
  return guarded([&] { *sum = store->store->add(key, amount); });
}

HW_API int hw_store_has(Store* store, const char* key, int* answer) {
  return guarded([&] { *answer = store->store->check({key}); });
}

// The bytes of a key that is there already (hw_store_has); the caller frees them with hw_free.
HW_API int hw_store_get(Store* store, const char* key, uint8_t** bytes, int* count) {
  return guarded([&] {
    auto value = store->store->get(key);
    *bytes = static_cast<uint8_t*>(std::malloc(value.size() + 1));
    if (!*bytes) throw std::bad_alloc();
    std::memcpy(*bytes, value.data(), value.size());
    *count = static_cast<int>(value.size());
  });
}

HW_API void hw_store_free(Store* store) { delete store; }

// name: another for each group of the same processes. backend: 1 for Gloo, 2 for NCCL. interface: the network interface; empty to choose.
HW_API int hw_group_new(Store* store, const char* name, int backend, int rank, int size, int timeout_ms, const char* interface, Group** group) {
  return guarded([&] {
    auto made = std::make_unique<Group>();
    made->size = size;
    auto place = c10::make_intrusive<c10d::PrefixStore>(name, store->store);
    place->setTimeout(Milliseconds(timeout_ms));
    if (backend == 1) {
      auto options = c10d::ProcessGroupGloo::Options::create(Milliseconds(timeout_ms));
      options->devices.push_back(*interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                            : c10d::ProcessGroupGloo::createDefaultDevice());
      bind(*made, c10::make_intrusive<c10d::ProcessGroupGloo>(place, rank, size, options));
    } else {
#ifdef HWASO_NCCL
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = Milliseconds(timeout_ms);
      bind(*made, c10::make_intrusive<c10d::ProcessGroupNCCL>(place, rank, size, options));
#else
      throw std::runtime_error("the door was built without NCCL");
#endif
    }
    *group = made.release();
  });
}

// operation: 0 sum, 3 least, 4 greatest (c10d's numbers). Changes the tensors, and returns when all processes have called it.
HW_API int hw_group_all_reduce(Group* group, Handle* handles, int count, int operation) {
  return guarded([&] {
    c10d::AllreduceOptions options;
    options.reduceOp = static_cast<c10d::ReduceOp::RedOpType>(operation);
    for (int k = 0; k < count; k++) {
      at::NoGradGuard off;
      Tensors tensors{borrow(handles[k])};
      group->all_reduce(tensors, options)->wait();
    }
  });
}

HW_API int hw_group_broadcast(Group* group, Handle handle, int root) {
  return guarded([&] {
    at::NoGradGuard off;
    c10d::BroadcastOptions options;
    options.rootRank = root;
    Tensors tensors{borrow(handle)};
    group->broadcast(tensors, options)->wait();
  });
}

// results receives one tensor for each process, in order, of the shape that all of them give.
HW_API int hw_group_all_gather(Group* group, Handle handle, Handle* results) {
  return guarded([&] {
    at::NoGradGuard off;
    Tensors in{borrow(handle)};
    std::vector<Tensors> out(1);
    for (int k = 0; k < group->size; k++) out[0].push_back(at::empty_like(in[0], at::MemoryFormat::Contiguous));
    group->all_gather(out, in)->wait();
    for (int k = 0; k < group->size; k++) results[k] = release(std::move(out[0][k]));
  });
}

HW_API void hw_group_free(Group* group) { delete group; }

// Parameters of one type in the order in which a forward pass uses them; their gradients appear in about the reverse order.
HW_API int hw_exchange_new(Group* group, Handle* parameters, int count, int64_t first_bytes, int64_t bucket_bytes, Exchange** exchange) {
  return guarded([&] {
    auto made = std::make_unique<Exchange>();
    made->state = std::make_shared<ExchangeState>();
    auto& state = *made->state;
    state.group = *group;
    state.bucket_of.resize(count);
    for (int k = 0; k < count; k++) state.parameters.push_back(borrow(parameters[k]));
    int64_t room = 0;
    for (int k = count - 1; k >= 0; k--) {
      const auto& parameter = state.parameters[k];
      TORCH_CHECK(parameter.scalar_type() == state.parameters[0].scalar_type() && at::isFloatingType(parameter.scalar_type()),
                  "parameters of ", parameter.scalar_type(), " and of ", state.parameters[0].scalar_type(), ": one floating-point type was wanted");
      auto bytes = static_cast<int64_t>(parameter.nbytes());
      if (state.buckets.empty() || bytes > room) {
        room = state.buckets.empty() ? first_bytes : bucket_bytes;
        state.buckets.emplace_back();
      }
      room -= bytes;
      auto& bucket = state.buckets.back();
      state.bucket_of[k] = state.buckets.size() - 1;
      bucket.members.push_back(k);
      bucket.places.push_back(bucket.elements);
      bucket.elements += parameter.numel();
    }
    for (int k = 0; k < count; k++) {
      auto accumulator = torch::autograd::impl::grad_accumulator(state.parameters[k]);
      accumulator->add_post_hook(std::make_unique<ReadyHook>(made->state, k));
      made->accumulators.push_back(std::move(accumulator));
    }
    *exchange = made.release();
  });
}

// From here on, the next backward pass sends each bucket as soon as it is full.
HW_API int hw_exchange_begin(Exchange* exchange) {
  return guarded([&] { exchange->state->begin(); });
}

// Waits until every gradient is the mean over all processes. waited_us: how long it waited for others after its own backward pass.
HW_API int hw_exchange_finish(Exchange* exchange, int64_t* waited_us) {
  return guarded([&] { exchange->state->finish(waited_us); });
}

HW_API int hw_exchange_buckets(Exchange* exchange) { return static_cast<int>(exchange->state->buckets.size()); }

// Three numbers for each bucket of the last exchange, in the order of sending: its bytes, when it was sent, and when its sum was there, both
// in microseconds since hw_exchange_begin.
HW_API int hw_exchange_times(Exchange* exchange, int64_t* times) {
  return guarded([&] {
    for (const auto& bucket : exchange->state->buckets) {
      *times++ = bucket.buffer.defined() ? static_cast<int64_t>(bucket.buffer.nbytes()) : 0;
      *times++ = bucket.sent_us;
      *times++ = bucket.summed_us->load();
    }
  });
}

HW_API void hw_exchange_free(Exchange* exchange) { delete exchange; }

#else  // A libtorch without c10d, or without the headers of Gloo.

namespace {
int refused() {
  set_error("this libtorch's headers have no Gloo (on Debian: apt-get install libgloo-dev, then build again)");
  return 1;
}
}  // namespace

HW_API int hw_process_backends() { return 0; }
HW_API int hw_store_open(const char*, int, int, int, void**) { return refused(); }
HW_API int hw_store_port(void*) { return 0; }
HW_API int hw_store_set(void*, const char*, const uint8_t*, int) { return refused(); }
HW_API int hw_store_add(void*, const char*, int64_t, int64_t*) { return refused(); }
HW_API int hw_store_has(void*, const char*, int*) { return refused(); }
HW_API int hw_store_get(void*, const char*, uint8_t**, int*) { return refused(); }
HW_API void hw_store_free(void*) {}
HW_API int hw_group_new(void*, const char*, int, int, int, int, const char*, void**) { return refused(); }
HW_API int hw_group_all_reduce(void*, Handle*, int, int) { return refused(); }
HW_API int hw_group_broadcast(void*, Handle, int) { return refused(); }
HW_API int hw_group_all_gather(void*, Handle, Handle*) { return refused(); }
HW_API void hw_group_free(void*) {}
HW_API int hw_exchange_new(void*, Handle*, int, int64_t, int64_t, void**) { return refused(); }
HW_API int hw_exchange_begin(void*) { return refused(); }
HW_API int hw_exchange_finish(void*, int64_t*) { return refused(); }
HW_API int hw_exchange_buckets(void*) { return 0; }
HW_API int hw_exchange_times(void*, int64_t*) { return refused(); }
HW_API void hw_exchange_free(void*) {}

#endif
