// Everything of the door that depends on the operating system; src/Hwaso.Torch/Native/Platform.cs is its other half.
// A port to another system changes these two files.
#pragma once

#ifdef _WIN32
#error "the door has no port to this system yet: write export, allocator, symbols and environment of platform.h for it"
#endif

#include <dlfcn.h>

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

// The one kind of function that leaves the library; everything else is compiled with hidden visibility.
#define HW_API extern "C" __attribute__((visibility("default")))

namespace hwaso::platform {

// glibc returns large blocks to the kernel at every free, and each step would page them in anew: keep them.
inline void keep_large_blocks() {
#ifdef __GLIBC__
  if (!mallopt(M_MMAP_THRESHOLD, 1 << 30)) mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

// A function of any library that the process has loaded; null where none has it.
template <typename F>
F find_function(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
}

// Sets a variable of the environment unless it is set.
inline void set_environment(const char* name, const char* value) { setenv(name, value, /*overwrite=*/0); }

}  // namespace hwaso::platform
