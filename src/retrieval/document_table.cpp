#include "retrieval/document_table.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace ragd::retrieval {

std::optional<DocumentTable> DocumentTable::map(FlatReader& bytes, std::uint32_t documents, std::uint64_t id_bytes,
                                                std::uint32_t chunks) {
  DocumentTable table;
  table.first_chunks_ = bytes.array<std::uint32_t>(documents + std::size_t{1});
  table.id_ends_ = bytes.array<std::uint32_t>(documents);
  table.ids_ = bytes.bytes(id_bytes);
  if (!table.check(chunks)) return std::nullopt;
  return table;
}

bool DocumentTable::check(std::uint32_t chunks) const {
  if (first_chunks_.front() != 0 || first_chunks_.back() != chunks) return false;
  if (!std::is_sorted(first_chunks_.begin(), first_chunks_.end())) return false;
  if (!std::is_sorted(id_ends_.begin(), id_ends_.end())) return false;
  if ((id_ends_.empty() ? 0 : id_ends_.back()) != ids_.size()) return false;
  for (std::size_t document = 1; document < documents(); ++document) {
    if (id(document - 1) >= id(document)) return false;
  }
  return true;
}

std::size_t DocumentTable::find(std::string_view wanted) const {
  std::size_t first = 0;
  std::size_t last = documents();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (id(middle) < wanted) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first < documents() && id(first) == wanted ? first : kNotHere;
}

std::uint32_t DocumentTable::document_of(std::size_t chunk) const {
  const auto next = std::upper_bound(first_chunks_.begin(), first_chunks_.end(), chunk);
  return static_cast<std::uint32_t>(next - first_chunks_.begin() - 1);
}

void DocumentTableDraft::add(std::string_view id, std::size_t chunks) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
  ids_ += id;
  const std::size_t end = first_chunks_.back() + chunks;
  if (end > kMost || ids_.size() > kMost || id_ends_.size() == kMost) {
    throw std::length_error("too many documents for one segment");
  }
  id_ends_.push_back(static_cast<std::uint32_t>(ids_.size()));
  first_chunks_.push_back(static_cast<std::uint32_t>(end));
}

void DocumentTableDraft::finish(std::string& out) {
  move_to(out, first_chunks_);
  move_to(out, id_ends_);
  move_to(out, ids_);
}

}  // namespace ragd::retrieval
