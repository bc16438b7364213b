#include "app/hot_path/allocations.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <limits>

namespace ragd::allocations {

namespace {

std::atomic<pid_t> watched{0};
std::atomic<std::uint64_t> counted{0};

/// Itself allocates nothing: the thread's id lies in the thread's own static memory.
void note() {
  thread_local pid_t self = 0;
  if (self == 0) self = ::gettid();
  if (self == watched.load(std::memory_order_relaxed)) counted.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void watch(pid_t thread) {
  watched = thread;
  counted = 0;
}

std::uint64_t count() {
  return counted;
}

}  // namespace ragd::allocations

#ifdef RAGD_SANITIZED

// sanitizer/allocator_interface.h, which g++ does not bring along.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {

[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void* /*memory*/, std::size_t /*size*/) { ragd::allocations::note(); },
    [](const volatile void* /*memory*/) {});

}  // namespace

#else

// glibc's own functions under the names it keeps for this; its free takes what they give.
extern "C" {

void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* memory, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;

void* malloc(std::size_t size) noexcept {
  ragd::allocations::note();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ragd::allocations::note();
  return __libc_calloc(count, size);
}

void* realloc(void* memory, std::size_t size) noexcept {
  ragd::allocations::note();
  return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  ragd::allocations::note();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ragd::allocations::note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  ragd::allocations::note();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif
