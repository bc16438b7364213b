#include "retrieval/index_records.hpp"

#include "base/varint.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ragd::retrieval {

namespace {

constexpr std::string_view kManifest = "m";
constexpr char kPiece = 's';
constexpr char kBurial = 'g';
constexpr std::size_t kNumberBytes = 8;

void put_number(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> static_cast<unsigned>(shift));
}

std::uint64_t number_at(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) number = number << 8U | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::string name_of(char kind, std::uint64_t segment, std::uint64_t part) {
  std::string name(1, kind);
  put_number(name, segment);
  put_number(name, part);
  return name;
}

/// The segment a name is about; null: not such a name.
std::optional<std::uint64_t> segment_of(std::string_view name, char kind) {
  if (name.size() != 1 + 2 * kNumberBytes || name.front() != kind) return std::nullopt;
  return number_at(name.substr(1));
}

struct Manifest {
  std::string tag;
  std::vector<std::uint64_t> numbers;
};

std::optional<Manifest> parse_manifest(std::string_view bytes) {
  Manifest manifest;
  std::uint64_t size = 0;
  if (!base::get_varint(bytes, size) || size > bytes.size()) return std::nullopt;
  manifest.tag = bytes.substr(0, size);
  bytes.remove_prefix(size);
  std::uint64_t count = 0;
  if (!base::get_varint(bytes, count) || count > bytes.size()) return std::nullopt;
  for (std::uint64_t number = 0; count > 0; --count) {
    if (!base::get_varint(bytes, number)) return std::nullopt;
    manifest.numbers.push_back(number);
  }
  return manifest;
}

/// Collects a tenant's records, which come in order of name: burials, the manifest, pieces.
class Loader {
 public:
  Loader(std::string_view tag, std::uint64_t vectors) : tag_(tag), vectors_(vectors) {}

  void take(std::string_view name, std::string_view value) {
    names_.emplace_back(name);
    if (name == kManifest) {
      manifest_ = parse_manifest(value);
    } else if (const auto buried = segment_of(name, kBurial)) {
      burials_[*buried].emplace_back(value);
      greatest_ = std::max(greatest_, *buried);
    } else if (const auto segment = segment_of(name, kPiece)) {
      greatest_ = std::max(greatest_, *segment);
      if (is_named(*segment)) pieces_[*segment] += value;
    }
  }

  LoadedIndex finish() {
    LoadedIndex index;
    index.next_number = greatest_ + 1;
    index.unusable = fill(index.segments);
    if (index.unusable) index.segments.clear();
    for (std::string& name : names_) {
      const auto segment = name.front() == kPiece ? segment_of(name, kPiece) : segment_of(name, kBurial);
      const bool used = name == kManifest || (segment && is_named(*segment));
      if (index.unusable || !used) index.litter.push_back(std::move(name));
    }
    return index;
  }

 private:
  [[nodiscard]] bool is_named(std::uint64_t number) const {
    return manifest_ &&
           std::find(manifest_->numbers.begin(), manifest_->numbers.end(), number) != manifest_->numbers.end();
  }

  /// Why it can't.
  std::optional<std::string> fill(std::vector<SegmentView>& segments) {
    if (!manifest_) return "it has no manifest";
    if (manifest_->tag != tag_) return "it was made by another version";
    for (const std::uint64_t number : manifest_->numbers) {
      auto segment = Segment::from_bytes(std::move(pieces_[number]), vectors_);
      if (!segment) return segment.error().detail;
      SegmentView view(number, *std::move(segment));
      std::vector<Burial> burials;
      for (const std::string& bytes : burials_[number]) {
        auto burial = decode_burial(bytes, *view.segment);
        if (!burial) return burial.error().detail;
        burials.push_back(*std::move(burial));
      }
      std::vector<const Burial*> all;
      all.reserve(burials.size());
      for (const Burial& burial : burials) all.push_back(&burial);
      if (!burials.empty()) view = view.after(combined(all));
      view.burials = burials.size();
      segments.push_back(std::move(view));
    }
    return std::nullopt;
  }

  std::string_view tag_;
  std::uint64_t vectors_;
  std::vector<std::string> names_;
  std::optional<Manifest> manifest_;
  std::map<std::uint64_t, std::string> pieces_;
  std::map<std::uint64_t, std::vector<std::string>> burials_;
  std::uint64_t greatest_ = 0;
};

}  // namespace

std::size_t piece_count(const Segment& segment) {
  return (segment.bytes().size() + kPieceBytes - 1) / kPieceBytes;
}

std::string manifest_name() {
  return std::string(kManifest);
}

void put_manifest(store::Write& write, std::string_view tag, std::span<const SegmentView> segments) {
  std::string bytes;
  base::put_varint(bytes, tag.size());
  bytes += tag;
  base::put_varint(bytes, segments.size());
  for (const SegmentView& view : segments) base::put_varint(bytes, view.number);
  write.put_index(manifest_name(), std::move(bytes));
}

void put_pieces(store::Write& write, std::uint64_t number, const Segment& segment, std::size_t first,
                std::size_t most) {
  const std::size_t last = std::min(piece_count(segment), first + most);
  for (std::size_t piece = first; piece < last; ++piece) {
    write.put_index(name_of(kPiece, number, piece),
                    std::string(segment.bytes().substr(piece * kPieceBytes, kPieceBytes)));
  }
}

void put_burial(store::Write& write, const SegmentView& buried_in, const Burial& burial) {
  write.put_index(name_of(kBurial, buried_in.number, buried_in.burials - 1), encode(burial));
}

void erase_segment(store::Write& write, const SegmentView& view) {
  for (std::size_t piece = piece_count(*view.segment); piece-- > 0;) {
    write.erase_index(name_of(kPiece, view.number, piece));
  }
  for (std::size_t burial = view.burials; burial-- > 0;) write.erase_index(name_of(kBurial, view.number, burial));
}

Result<LoadedIndex> load_index(const store::View& view, const std::string& tenant, std::string_view tag,
                               std::uint64_t vectors) {
  Loader loader(tag, vectors);
  const Result<void> read = view.for_each_index(tenant, "", [&](std::string_view name, std::string_view value) {
    loader.take(name, value);
    return Result<void>();
  });
  if (!read) return read.error();
  return loader.finish();
}

}  // namespace ragd::retrieval
