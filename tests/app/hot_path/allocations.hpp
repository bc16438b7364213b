// Counts what one thread of this process allocates, by whatever function: operator new, malloc, calloc, realloc,
// aligned_alloc (Asio's frames and handlers), posix_memalign.
//
// In a build with sanitizers their allocator tells of each allocation; in one without, this binary defines the
// functions itself. Thread-safe. TSan tells nothing of aligned_alloc, so this is no part of its build.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ragd::allocations {

/// From now on the allocations of this thread are counted, from zero, and no others.
void watch(pid_t thread);

/// So many since `watch`.
[[nodiscard]] std::uint64_t count();

}  // namespace ragd::allocations
