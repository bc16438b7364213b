# Warnings are errors, and the sanitizers of the preset apply to every target of ours.
add_library(ragd_warnings INTERFACE)
target_compile_options(ragd_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wnull-dereference -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Optimised g++ 12 warns about null, overlapping and maybe-uninitialised paths inside libstdc++ and Boost that cannot
  # happen (GCC bug 105329 among them), and takes the operator delete of Asio's coroutine frames, which it inlines in part, for the wrong one.
  target_compile_options(ragd_warnings INTERFACE
    -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict -Wno-mismatched-new-delete)
endif()

if(RAGD_SANITIZE)
  add_compile_options(-fsanitize=${RAGD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RAGD_SANITIZE})
  if(RAGD_SANITIZE MATCHES "undefined")
    # To look at a vtable it opens a pipe, and without a free descriptor takes every object for a bad one.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(RAGD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # TSan does not see the fences around Asio's handlers; the mutexes of its queues order the same memory.
    add_compile_options(-Wno-tsan)
  endif()
endif()
