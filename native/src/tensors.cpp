// Properties of a tensor and the address of its numbers.
#include "door.h"

#include <cstring>

using namespace hwaso;

struct TensorInfo {
  int32_t type;
  int32_t device_type;
  int32_t device_index;
  int32_t dimensions;
  int64_t elements;
  int32_t element_bytes;
  int32_t requires_grad;
  int32_t is_leaf;
  int32_t is_contiguous;
  int32_t is_channels_last;
  int32_t is_dense_strided;
};

HW_API int hw_info(Handle handle, TensorInfo* info, int64_t* sizes, int64_t* strides, int room) {
  return guarded([&] {
    auto t = borrow(handle);
    info->type = static_cast<int32_t>(t.scalar_type());
    info->device_type = static_cast<int32_t>(t.device().type());
    info->device_index = t.device().index();
    info->dimensions = static_cast<int32_t>(t.dim());
    info->elements = t.numel();
    info->element_bytes = static_cast<int32_t>(t.element_size());
    info->requires_grad = t.requires_grad();
    info->is_leaf = t.is_leaf();
    info->is_dense_strided = t.layout() == at::kStrided;
    info->is_contiguous = info->is_dense_strided && t.is_contiguous();
    info->is_channels_last = info->is_dense_strided && t.dim() == 4 && t.is_contiguous(at::MemoryFormat::ChannelsLast);
    for (int k = 0; k < t.dim() && k < room; k++) {
      sizes[k] = t.size(k);
      if (strides) strides[k] = info->is_dense_strided ? t.stride(k) : 0;
    }
  });
}

HW_API int hw_data(Handle handle, void** data) {
  return guarded([&] { *data = borrow(handle).data_ptr(); });
}

// A second handle to the same tensor.
HW_API int hw_share(Handle handle, Handle* result) {
  return guarded([&] { *result = release(borrow(handle)); });
}

// The tensor takes over the numbers of another; its identity (in autograd, in optimisers) stays.
HW_API int hw_set_data(Handle handle, Handle data) {
  return guarded([&] { borrow(handle).set_data(borrow(data)); });
}

HW_API int hw_is_same(Handle a, Handle b) { return a == b; }
