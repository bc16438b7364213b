// A fixed stretch of zeroed memory whose pages cost nothing until they are touched.
//
// Throws std::bad_alloc when the address space is refused.
#pragma once

#include <cstddef>

namespace ragd::limit {

class ZeroPages {
 public:
  explicit ZeroPages(std::size_t bytes);
  ~ZeroPages();
  ZeroPages(const ZeroPages&) = delete;
  ZeroPages& operator=(const ZeroPages&) = delete;

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  void* data_;
};

}  // namespace ragd::limit
