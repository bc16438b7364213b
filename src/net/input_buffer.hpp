// The bytes a connection has received and not yet used up, in one piece of memory.
//
// Belongs to one session. Views into it stay valid until make_room says that the bytes moved, or until they are
// consumed or erased. It never zeroes memory and never shrinks: a session's heads and small bodies are bounded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace ragd::net {

class InputBuffer {
 public:
  explicit InputBuffer(std::size_t capacity)
      : memory_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

  [[nodiscard]] std::string_view bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  /// Where the next read may write.
  [[nodiscard]] std::span<char> room() { return {memory_.get() + end_, capacity_ - end_}; }
  void commit(std::size_t count) { end_ += count; }

  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  /// Takes out `count` bytes from `offset` on; those before stay where they are.
  void erase(std::size_t offset, std::size_t count) {
    char* const hole = memory_.get() + begin_ + offset;
    std::memmove(hole, hole + count, end_ - begin_ - offset - count);
    end_ -= count;
  }

  /// At least `count` bytes of room; true: the bytes have moved, views into them are gone.
  bool make_room(std::size_t count) {
    if (capacity_ - end_ >= count) return false;
    const std::size_t used = end_ - begin_;
    if (capacity_ - used >= count) {
      std::memmove(memory_.get(), memory_.get() + begin_, used);
    } else {
      const std::size_t larger = std::max(capacity_ * 2, used + count);
      auto memory = std::make_unique_for_overwrite<char[]>(larger);
      std::memcpy(memory.get(), memory_.get() + begin_, used);
      memory_ = std::move(memory);
      capacity_ = larger;
    }
    begin_ = 0;
    end_ = used;
    return true;
  }

 private:
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace ragd::net
