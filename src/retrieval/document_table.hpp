// The documents of a segment as a part of its bytes: ids in ascending order, and where each document's chunks begin.
//
// The view is thread-safe and must not outlive the bytes. The draft belongs to one caller.
#pragma once

#include "retrieval/flat_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval {

class DocumentTable {
 public:
  DocumentTable() = default;

  /// Of the part of a segment with so many documents, whose ids are `id_bytes` long together.
  [[nodiscard]] static std::uint64_t size(std::uint32_t documents, std::uint64_t id_bytes) {
    return (std::uint64_t{documents} * 2 + 1) * sizeof(std::uint32_t) + id_bytes;
  }
  /// Cuts the part off the front, which is that long at least and begins at a multiple of four; null when what is there
  /// cannot be such a part.
  [[nodiscard]] static std::optional<DocumentTable> map(FlatReader& bytes, std::uint32_t documents,
                                                        std::uint64_t id_bytes, std::uint32_t chunks);

  [[nodiscard]] std::size_t documents() const { return id_ends_.size(); }
  static constexpr std::size_t kNotHere = static_cast<std::size_t>(-1);
  /// The position of the document with this id, or kNotHere.
  [[nodiscard]] std::size_t find(std::string_view id) const;
  [[nodiscard]] std::string_view id(std::size_t document) const {
    const std::uint32_t begin = document == 0 ? 0 : id_ends_[document - 1];
    return ids_.substr(begin, id_ends_[document] - begin);
  }
  [[nodiscard]] std::uint32_t first_chunk(std::size_t document) const {  ///< of documents(): the number of chunks
    return first_chunks_[document];
  }
  [[nodiscard]] std::uint32_t document_of(std::size_t chunk) const;

 private:
  [[nodiscard]] bool check(std::uint32_t chunks) const;

  std::span<const std::uint32_t> first_chunks_;  ///< by document, and one past the last
  std::span<const std::uint32_t> id_ends_;
  std::string_view ids_;
};

class DocumentTableDraft {
 public:
  /// In ascending order of id. Throws std::length_error where positions would not fit.
  void add(std::string_view id, std::size_t chunks);

  [[nodiscard]] std::uint32_t documents() const { return static_cast<std::uint32_t>(id_ends_.size()); }
  [[nodiscard]] std::uint32_t chunks() const { return first_chunks_.back(); }
  [[nodiscard]] std::uint64_t id_bytes() const { return ids_.size(); }

  /// Appends the part and gives the draft up.
  void finish(std::string& out);

 private:
  std::vector<std::uint32_t> first_chunks_ = {0};
  std::vector<std::uint32_t> id_ends_;
  std::string ids_;
};

}  // namespace ragd::retrieval
