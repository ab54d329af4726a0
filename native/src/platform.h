// Everything of the door that depends on the operating system; src/Hwaso.Torch/Native/Platform.cs is its other half.
// A port to another system changes these two files.
#pragma once

#ifdef _WIN32
#error "the door has no port to this system yet: write export, allocator, symbols and environment of platform.h for it"
#endif

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
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

// Asks for pages of 2 MiB for memory that was not touched yet: on virtual machines the first touch of a page takes up to 15 µs, and finding
// one of many small pages takes long. Without large pages all works as before.
inline void ask_for_large_pages(void* from, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t size = uintptr_t{2} << 20;
  auto first = (reinterpret_cast<uintptr_t>(from) + size - 1) & ~(size - 1);
  auto end = (reinterpret_cast<uintptr_t>(from) + bytes) & ~(size - 1);
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
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
