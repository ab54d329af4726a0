// Mixed precision: the dispatcher's autocast keys, which choose each operator's type.
#include "door.h"

#include <ATen/autocast_mode.h>

using namespace hwaso;

namespace {

c10::DeviceType type_of(int device_type) { return static_cast<c10::DeviceType>(device_type); }

// One set of switches for every device type, or in older libtorch one for each: CMakeLists.txt asks the headers.
#ifdef HWASO_AUTOCAST_BY_DEVICE
bool enabled_on(int device_type) { return at::autocast::is_autocast_enabled(type_of(device_type)); }
at::ScalarType dtype_on(int device_type) { return at::autocast::get_autocast_dtype(type_of(device_type)); }
void set_on(int device_type, bool enabled, at::ScalarType dtype) {
  if (enabled) at::autocast::set_autocast_dtype(type_of(device_type), dtype);
  at::autocast::set_autocast_enabled(type_of(device_type), enabled);
}
#else
bool is_cpu(int device_type) { return type_of(device_type) == c10::DeviceType::CPU; }
bool enabled_on(int device_type) { return is_cpu(device_type) ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled(); }
at::ScalarType dtype_on(int device_type) {
  return is_cpu(device_type) ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
}
void set_on(int device_type, bool enabled, at::ScalarType dtype) {
  if (is_cpu(device_type)) {
    if (enabled) at::autocast::set_autocast_cpu_dtype(dtype);
    at::autocast::set_cpu_enabled(enabled);
  } else {
    if (enabled) at::autocast::set_autocast_gpu_dtype(dtype);
    at::autocast::set_enabled(enabled);
  }
}
#endif

}  // namespace

// The type that this thread's operators compute in on a device; -1 for the type of their arguments.
HW_API int hw_autocast(int device_type) { return enabled_on(device_type) ? static_cast<int>(dtype_on(device_type)) : -1; }

// scalar_type -1 switches it off. A weight is cast once as long as some level lasts.
HW_API int hw_autocast_enter(int device_type, int scalar_type) {
  return guarded([&] {
    set_on(device_type, scalar_type >= 0, static_cast<at::ScalarType>(scalar_type));
    at::autocast::increment_nesting();
  });
}

// before: the result of hw_autocast when the level began.
HW_API int hw_autocast_leave(int device_type, int before) {
  return guarded([&] {
    set_on(device_type, before >= 0, static_cast<at::ScalarType>(before));
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  });
}
