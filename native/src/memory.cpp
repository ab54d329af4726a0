// Blocks of tensors on the processor, cut from large regions. malloc gives up a few bytes around each aligned block to other objects, so
// that the next tensor of the same size does not fit there once the block is free: a training step then needs twice the memory that it
// fills. Here nothing but tensors lies between tensors.
#include "memory.h"

#include "door.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <algorithm>
#include <cstring>
#include <exception>
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
      void* region;
      try {
        region = c10::alloc_cpu(kRegion);
      } catch (const std::exception&) {
        // There may be enough for the block alone; if not, the error names its size.
        return c10::alloc_cpu(bytes);
      }
      insert(static_cast<char*>(region), kRegion);
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

// Blocks of small tensors, of which a thread keeps some of each size for its next ones. malloc has no list of aligned blocks: it cuts each
// out of a larger one and joins it again, which takes 20 ns or 300, depending on what else the heap holds.
class SmallBlocks {
 public:
  static constexpr size_t kLargest = size_t{16} << 10;

  ~SmallBlocks() {
    ended = true;
    for (auto& list : lists_)
      while (list.count > 0) c10::free_cpu(list.blocks[--list.count]);
  }

  static c10::DataPtr take(size_t bytes) {
    int number = 0;
    while ((kSmallest << number) < bytes) ++number;
    auto* list = ended ? nullptr : &mine.lists_[number];
    auto* data = list && list->count > 0 ? list->blocks[--list->count] : c10::alloc_cpu(kSmallest << number);
    return {data, data, kGivers[number], c10::Device(c10::DeviceType::CPU)};
  }

 private:
  static constexpr size_t kSmallest = 64, kKeptBytes = size_t{128} << 10;
  static constexpr int kKept = 64, kLists = 9;
  static_assert(kSmallest << (kLists - 1) == kLargest, "one list for each size");

  struct List {
    void* blocks[kKept] = {};
    size_t count = 0;
  };

  // What frees a block knows its size, and puts it on the list of the thread that frees it.
  template <int kNumber>
  static void give(void* data) {
    constexpr size_t kept = std::min<size_t>(kKept, kKeptBytes / (kSmallest << kNumber));
    auto* list = ended ? nullptr : &mine.lists_[kNumber];
    if (list && list->count < kept) list->blocks[list->count++] = data;
    else c10::free_cpu(data);
  }

  static constexpr c10::DeleterFnPtr kGivers[kLists] = {
      &give<0>, &give<1>, &give<2>, &give<3>, &give<4>, &give<5>, &give<6>, &give<7>, &give<8>};

  List lists_[kLists];

  static thread_local SmallBlocks mine;
  // A thread's other objects may free tensors after its lists are gone.
  static thread_local bool ended;
};

thread_local SmallBlocks SmallBlocks::mine;
thread_local bool SmallBlocks::ended = false;

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
    if (bytes > 0 && bytes <= SmallBlocks::kLargest) return SmallBlocks::take(bytes);
    auto* data = blocks().take(bytes);
    return {data, data, &give, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void hwaso::use_tensor_memory() {
  static TensorMemory* memory = new TensorMemory();
  c10::SetCPUAllocator(memory);
}
