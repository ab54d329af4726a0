// Blocks of tensors on the processor, cut from large regions. malloc gives up a few bytes around each aligned block to other objects, so
// that the next tensor of the same size does not fit there once the block is free: a training step then needs twice the memory that it
// fills. Here nothing but tensors lies between tensors.
#include "memory.h"

#include "door.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace {

// Free ranges are as long as they can be: two never touch.
class Blocks {
 public:
  void* take(size_t bytes) {
    if (bytes < kSmallest || bytes > kRegion / 2) return c10::alloc_cpu(bytes);
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    std::lock_guard<std::mutex> lock(mutex_);
    // The shortest range that is long enough, and of those the first in memory.
    auto found = by_length_.lower_bound({bytes, nullptr});
    if (found == by_length_.end()) {
      insert(static_cast<char*>(c10::alloc_cpu(kRegion)), kRegion);
      found = by_length_.lower_bound({bytes, nullptr});
    }
    auto [length, place] = *found;
    erase(place, length);
    if (length > bytes) insert(place + bytes, length - bytes);
    used_.emplace(place, bytes);
    return place;
  }

  void give(void* data) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      auto block = used_.find(static_cast<char*>(data));
      if (block != used_.end()) {
        insert(block->first, block->second);
        used_.erase(block);
        return;
      }
    }
    c10::free_cpu(data);
  }

 private:
  static constexpr size_t kAlignment = 64, kSmallest = size_t{16} << 10, kRegion = size_t{64} << 20;

  void insert(char* place, size_t length) {
    auto next = by_place_.lower_bound(place);
    if (next != by_place_.begin()) {
      auto before = std::prev(next);
      if (before->first + before->second == place) {
        auto [start, more] = *before;
        erase(start, more);
        place = start;
        length += more;
      }
    }
    if (next != by_place_.end() && place + length == next->first) {
      auto more = next->second;
      erase(next->first, more);
      length += more;
    }
    by_place_.emplace(place, length);
    by_length_.emplace(length, place);
  }

  void erase(char* place, size_t length) {
    by_place_.erase(place);
    by_length_.erase({length, place});
  }

  std::mutex mutex_;
  std::map<char*, size_t> by_place_;
  std::set<std::pair<size_t, char*>> by_length_;
  std::unordered_map<char*, size_t> used_;
};

// Never destroyed: tensors may outlive every other object of the process.
Blocks& blocks() {
  static auto* made = new Blocks();
  return *made;
}

void give(void* data) {
  if (data) blocks().give(data);
}

class TensorMemory final : public c10::Allocator {
 public:
  // Some versions of libtorch declare it const, others do not: one of the two is theirs.
  c10::DataPtr allocate(size_t bytes) const { return block(bytes); }
  c10::DataPtr allocate(size_t bytes) { return block(bytes); }

  c10::DeleterFnPtr raw_deleter() const override { return &give; }

  // Newer versions want it.
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  static c10::DataPtr block(size_t bytes) {
    auto* data = blocks().take(bytes);
    return {data, data, &give, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void hwaso::use_tensor_memory() {
  static TensorMemory* memory = new TensorMemory();
  c10::SetCPUAllocator(memory);
}
