// Backward, gradients of leaves, and nodes whose backward is managed code.
#include "door.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <type_traits>
#include <vector>

using namespace hwaso;
using torch::autograd::variable_list;

namespace {

// How libtorch holds a node: a std::shared_ptr with a deleter of its own, or in newer ones a c10::intrusive_ptr. The headers tell.
using NodePointer = decltype(torch::autograd::Edge::function);

// libtorch's own deleter takes long chains of nodes apart without recursion; found by the argument's namespace where there is one.
template <typename Node>
auto destroy(Node* node, int) -> decltype(deleteNode(node)) {
  deleteNode(node);
}

template <typename Node>
void destroy(Node* node, long) {
  delete node;
}

template <typename Node, typename Pointer>
auto make_node() {
  if constexpr (std::is_convertible_v<std::shared_ptr<Node>, Pointer>) {
    return std::shared_ptr<Node>(new Node(), [](Node* node) { destroy(node, 0); });
  } else {
    return c10::make_intrusive<Node>();
  }
}

variable_list list_of(Handle* handles, int count) {
  variable_list list;
  list.reserve(count);
  for (int k = 0; k < count; k++) list.push_back(borrow(handles[k]));
  return list;
}

// Gradients in (handles that the callee owns), gradients out (handles that the caller owns); 1 after hw_set_error.
using BackwardFunction = int (*)(void* context, Handle* in, int in_count, Handle* out, int out_count);
using FreeFunction = void (*)(void* context);

struct ManagedNode final : torch::autograd::Node {
  BackwardFunction backward = nullptr;
  FreeFunction free_context = nullptr;
  void* context = nullptr;
  std::string label;

  variable_list apply(variable_list&& gradients) override {
    if (!context) throw std::runtime_error(label + ": its saved tensors were freed by an earlier backward; pass retainGraph");
    std::vector<Handle> in, out(num_outputs(), nullptr);
    for (auto& gradient : gradients) in.push_back(release(std::move(gradient)));
    if (backward(context, in.data(), static_cast<int>(in.size()), out.data(), static_cast<int>(out.size())) != 0) throw std::runtime_error(label + ": " + take_error());
    variable_list result;
    for (auto handle : out) {
      result.push_back(borrow(handle));
      if (handle) {
        live_handles.fetch_sub(1, std::memory_order_relaxed);
        TensorRef::reclaim(handle);
      }
    }
    return result;
  }

  void release_variables() override {
    if (context) free_context(context);
    context = nullptr;
  }

  std::string name() const override { return label; }

  ~ManagedNode() override { release_variables(); }

 private:
  static std::string take_error();
};

}  // namespace

HW_API const char* hw_error();

std::string ManagedNode::take_error() { return hw_error(); }

HW_API int hw_backward(Handle* roots, Handle* gradients, int count, int retain_graph, int create_graph) {
  return guarded([&] {
    torch::autograd::backward(list_of(roots, count), gradients ? list_of(gradients, count) : variable_list{}, retain_graph != 0, create_graph != 0);
  });
}

// results receives one handle for each input, null where nothing flows and allow_unused is set.
HW_API int hw_grad(Handle* outputs, Handle* gradients, int output_count, Handle* inputs, int input_count, int retain_graph, int create_graph,
                   int allow_unused, Handle* results) {
  return guarded([&] {
    auto result = torch::autograd::grad(list_of(outputs, output_count), list_of(inputs, input_count),
                                        gradients ? list_of(gradients, output_count) : variable_list{}, retain_graph != 0, create_graph != 0,
                                        allow_unused != 0);
    for (int k = 0; k < input_count; k++) results[k] = release(std::move(result[k]));
  });
}

HW_API int hw_set_requires_grad(Handle handle, int value) {
  return guarded([&] { borrow(handle).set_requires_grad(value != 0); });
}

HW_API int hw_gradient(Handle handle, Handle* result) {
  return guarded([&] { *result = release(borrow(handle).grad()); });
}

HW_API int hw_set_gradient(Handle handle, Handle gradient) {
  return guarded([&] { borrow(handle).mutable_grad() = borrow(gradient); });
}

HW_API int hw_grad_mode() { return c10::GradMode::is_enabled(); }

HW_API void hw_set_grad_mode(int enabled) { c10::GradMode::set_enabled(enabled != 0); }

// Attaches outputs (made without gradient) to a node whose backward is managed code; the node owns context from here on.
HW_API int hw_custom_node(const char* label, Handle* inputs, int input_count, Handle* outputs, int output_count, BackwardFunction backward,
                          FreeFunction free_context, void* context) {
  return guarded([&] {
    auto node = make_node<ManagedNode, NodePointer>();
    node->label = label;
    node->backward = backward;
    node->free_context = free_context;
    node->context = context;
    node->set_next_edges(torch::autograd::collect_next_edges(list_of(inputs, input_count)));
    for (int k = 0; k < output_count; k++) {
      auto output = borrow(outputs[k]);
      torch::autograd::set_history(output, node);
    }
  });
}
