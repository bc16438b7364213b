#include "limit/zero_pages.hpp"

#include <sys/mman.h>

#include <new>

namespace ragd::limit {

ZeroPages::ZeroPages(std::size_t bytes)
    : bytes_(bytes),
      data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (data_ == MAP_FAILED) throw std::bad_alloc();
  // Huge pages would make one new client cost two megabytes.
  madvise(data_, bytes_, MADV_NOHUGEPAGE);
}

ZeroPages::~ZeroPages() {
  munmap(data_, bytes_);
}

}  // namespace ragd::limit
