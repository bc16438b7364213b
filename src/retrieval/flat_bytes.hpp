// Arrays as parts of a flat run of bytes: written there, and seen there without a copy. Stateless, thread-safe.
// Little-endian machines only.
#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace ragd::retrieval {

static_assert(std::endian::native == std::endian::little);

/// Appends a vector's or string's elements and frees them: a large segment is not in memory twice.
template <class Container>
void move_to(std::string& out, Container& from) {
  static_assert(std::is_trivially_copyable_v<typename Container::value_type>);
  out.append(reinterpret_cast<const char*>(from.data()), from.size() * sizeof(typename Container::value_type));
  Container().swap(from);
}

/// Cuts parts off the front. Whoever asks knows that they are there, and aligned.
class FlatReader {
 public:
  explicit FlatReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::string_view bytes(std::size_t size) {
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }
  template <class T>
  [[nodiscard]] std::span<const T> array(std::size_t size) {
    return {reinterpret_cast<const T*>(bytes(size * sizeof(T)).data()), size};
  }

 private:
  std::string_view rest_;
};

}  // namespace ragd::retrieval
