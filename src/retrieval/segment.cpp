#include "retrieval/segment.hpp"

#include "base/hash.hpp"
#include "retrieval/flat_bytes.hpp"
#include "retrieval/segment_draft.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace ragd::retrieval {

namespace {

/// Of the format, too.
constexpr std::array<char, 8> kMagic = {'r', 'a', 'g', 'd', 's', 'e', 'g', '2'};

}  // namespace

/// What stands in front. Behind it: words, values, vectors, first chunks, ends of ids, lengths, ids; so each is
/// aligned.
struct Segment::Header {
  std::array<char, 8> magic = kMagic;
  std::uint64_t hash = 0;  ///< of all that follows it
  std::uint64_t total_length = 0;
  std::uint64_t words_bytes = 0;
  std::uint64_t values_bytes = 0;
  std::uint64_t vectors_bytes = 0;
  std::uint32_t documents = 0;
  std::uint32_t chunks = 0;
  std::uint64_t id_bytes = 0;

  static constexpr std::size_t kHashed = 16;  ///< where that begins

  /// Of the segment; nonsense where a part is larger than any string.
  [[nodiscard]] std::uint64_t size() const {
    return sizeof(Header) + words_bytes + values_bytes + vectors_bytes +
           (std::uint64_t{documents} * 2 + 1) * sizeof(std::uint32_t) + std::uint64_t{chunks} * sizeof(std::uint16_t) +
           id_bytes;
  }
  [[nodiscard]] bool fits(std::string_view bytes) const {
    return words_bytes < bytes.size() && words_bytes % 8 == 0 && values_bytes < bytes.size() && values_bytes % 8 == 0 &&
           vectors_bytes < bytes.size() && vectors_bytes % 4 == 0 && id_bytes < bytes.size() && size() == bytes.size();
  }
  [[nodiscard]] std::string_view words(std::string_view bytes) const {
    return bytes.substr(sizeof(Header), words_bytes);
  }
  [[nodiscard]] std::string_view values(std::string_view bytes) const {
    return bytes.substr(sizeof(Header) + words_bytes, values_bytes);
  }
  [[nodiscard]] std::string_view vectors(std::string_view bytes) const {
    return bytes.substr(sizeof(Header) + words_bytes + values_bytes, vectors_bytes);
  }
};

Result<SegmentPtr> Segment::from_bytes(std::string bytes, std::uint64_t wanted) {
  const std::shared_ptr<Segment> segment(new Segment(std::move(bytes)));
  const std::string_view all = segment->bytes_;
  Header header;
  if (all.size() < sizeof header) return fail(Errc::internal, "a segment is cut short");
  std::memcpy(&header, all.data(), sizeof header);
  if (header.magic != kMagic) return fail(Errc::internal, "a segment is of another format");
  if (header.hash != base::hash64(all.substr(Header::kHashed))) return fail(Errc::internal, "a segment is damaged");
  if (!header.fits(all)) return fail(Errc::internal, "a segment's sizes make no sense");
  const auto words = Dictionary::map(header.words(all), header.chunks);
  const auto values = Dictionary::map(header.values(all), header.documents);
  if (!words || !values) return fail(Errc::internal, "a segment's dictionary makes no sense");
  segment->map(header, *words, *values);
  if (!segment->check()) return fail(Errc::internal, "a segment's documents make no sense");
  const auto vectors = SegmentVectors::map(header.vectors(all), segment->first_chunks_);
  if (!vectors) return fail(Errc::internal, "a segment's vectors make no sense");
  if (wanted == kAnyVectors || wanted == vectors->tag()) segment->vectors_ = *vectors;
  return SegmentPtr(segment);
}

SegmentPtr Segment::from_draft(SegmentDraft& draft, DictionaryWriter& words, DictionaryWriter& values,
                               const MergeOptions& options) {
  Header header;
  header.total_length = std::accumulate(draft.lengths.begin(), draft.lengths.end(), std::uint64_t{0});
  header.words_bytes = words.bytes();
  header.values_bytes = values.bytes();
  header.documents = static_cast<std::uint32_t>(draft.id_ends.size());
  header.chunks = static_cast<std::uint32_t>(draft.lengths.size());
  header.id_bytes = draft.ids.size();

  std::string bytes;
  bytes.reserve(header.size() + draft.vectors.size());
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  words.finish(bytes);
  values.finish(bytes);
  const std::size_t vectors_at = bytes.size();
  if (!draft.vectors.finish(bytes, options.graph_rows, options.stop)) return nullptr;
  header.vectors_bytes = bytes.size() - vectors_at;
  move_to(bytes, draft.first_chunks);
  move_to(bytes, draft.id_ends);
  move_to(bytes, draft.lengths);
  move_to(bytes, draft.ids);
  std::memcpy(bytes.data(), &header, sizeof header);  // all of it but the hash is hashed
  header.hash = base::hash64(std::string_view(bytes).substr(Header::kHashed));
  std::memcpy(bytes.data(), &header, sizeof header);

  const std::shared_ptr<Segment> segment(new Segment(std::move(bytes)));
  const std::string_view all = segment->bytes_;
  segment->map(header, Dictionary::trusted(header.words(all)), Dictionary::trusted(header.values(all)));
  segment->vectors_ = SegmentVectors::map(header.vectors(all), segment->first_chunks_).value();
  return segment;
}

void Segment::map(const Header& header, const Dictionary& words, const Dictionary& values) {
  words_ = words;
  values_ = values;
  total_length_ = header.total_length;
  FlatReader parts(
      std::string_view(bytes_).substr(sizeof header + header.words_bytes + header.values_bytes + header.vectors_bytes));
  first_chunks_ = parts.array<std::uint32_t>(header.documents + std::size_t{1});
  id_ends_ = parts.array<std::uint32_t>(header.documents);
  lengths_ = parts.array<std::uint16_t>(header.chunks);
  ids_ = parts.bytes(header.id_bytes);
}

bool Segment::check() const {
  if (first_chunks_.front() != 0 || first_chunks_.back() != chunks()) return false;
  if (!std::is_sorted(first_chunks_.begin(), first_chunks_.end())) return false;
  if (!std::is_sorted(id_ends_.begin(), id_ends_.end())) return false;
  if ((id_ends_.empty() ? 0 : id_ends_.back()) != ids_.size()) return false;
  for (std::size_t document = 1; document < documents(); ++document) {
    if (id(document - 1) >= id(document)) return false;
  }
  return std::accumulate(lengths_.begin(), lengths_.end(), std::uint64_t{0}) == total_length_;
}

std::size_t Segment::find(std::string_view wanted) const {
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

std::string_view Segment::id(std::size_t document) const {
  const std::uint32_t begin = document == 0 ? 0 : id_ends_[document - 1];
  return ids_.substr(begin, id_ends_[document] - begin);
}

std::uint32_t Segment::document_of(std::size_t chunk) const {
  const auto next = std::upper_bound(first_chunks_.begin(), first_chunks_.end(), chunk);
  return static_cast<std::uint32_t>(next - first_chunks_.begin() - 1);
}

}  // namespace ragd::retrieval
