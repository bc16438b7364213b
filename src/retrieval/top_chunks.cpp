#include "retrieval/top_chunks.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/metadata_filter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Chunks scored at a time: their sums stay in the first-level cache.
constexpr std::uint32_t kWindow = 2048;

/// Sums of the same parts in another order differ by less; bounds are compared with this much room.
constexpr double kRoom = 1e-9;

const std::string& id_of(const RankedChunk& ranked) {
  return ranked.segment->document(ranked.segment->document_of(ranked.chunk)).document.id;
}

/// Within one document chunks are numbered in order, and one document's live chunks lie in one segment.
bool better(const RankedChunk& a, const RankedChunk& b) {
  if (a.score != b.score) return a.score > b.score;
  const int order = id_of(a).compare(id_of(b));
  return order != 0 ? order < 0 : a.chunk < b.chunk;
}

/// A term's postings and the part of them that lies in the present window.
struct Cursor {
  Postings postings;
  double weight = 0;
  double bound = 0;  ///< no chunk of the segment gets more from this term
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] bool at_end() const { return begin == postings.chunks.size(); }

  /// Moves to the window [first, last).
  void enter(std::uint32_t first, std::uint32_t last) {
    const auto chunks = postings.chunks;
    const auto from = std::lower_bound(chunks.begin() + static_cast<std::ptrdiff_t>(begin), chunks.end(), first);
    begin = static_cast<std::size_t>(from - chunks.begin());
    const auto limit = from + std::min<std::ptrdiff_t>(last - first, chunks.end() - from);
    end = static_cast<std::size_t>(std::lower_bound(from, limit, last) - chunks.begin());
  }

  /// How often the chunk, one of the window, holds the term. A search without branches: half of them would be guessed
  /// wrong.
  [[nodiscard]] std::uint16_t frequency(std::uint32_t chunk) const {
    if (begin == end) return 0;
    const std::uint32_t* at = postings.chunks.data() + begin;
    for (std::size_t left = end - begin; left > 1;) {
      const std::size_t half = left / 2;
      at += at[half] <= chunk ? half : 0;
      left -= half;
    }
    return *at == chunk ? postings.frequencies[static_cast<std::size_t>(at - postings.chunks.data())]
                        : std::uint16_t{0};
  }
};

}  // namespace

/// One segment's search. Terms are split into those that alone could lift a chunk among the best ("essential"), which
/// are walked, and the weakest, whose bounds together could not: those are only looked up for chunks the others found.
class TopChunks::Scan {
 public:
  Scan(TopChunks& top, const SegmentView& view, std::span<const WeightedPostings> terms)
      : top_(top), view_(view), segment_(*view.segment) {
    const double drift = std::max(1.0, top.wanted_.average_length / segment_.average_length());
    for (const WeightedPostings& term : terms) {
      if (term.postings.chunks.empty()) continue;
      const double part = std::min(1.0, term.postings.bound * drift);
      cursors_.push_back({term.postings, term.weight, term.weight * (kK1 + 1) * part, 0, 0});
    }
    for (std::size_t i = 0; i < cursors_.size(); ++i) by_bound_.push_back(i);
    std::sort(by_bound_.begin(), by_bound_.end(),
              [this](std::size_t a, std::size_t b) { return cursors_[a].bound < cursors_[b].bound; });
  }

  void run() {
    while (next_window()) {
      for (std::size_t i = essential_; i < by_bound_.size(); ++i) add_up(cursors_[by_bound_[i]]);
      for (std::size_t i = essential_; i < by_bound_.size(); ++i) weed_out(cursors_[by_bound_[i]]);
    }
  }

 private:
  /// Raises the bar and finds the next window that holds a posting of an essential term.
  bool next_window() {
    raise_bar();
    bool found = false;
    for (std::size_t i = essential_; i < by_bound_.size(); ++i) {
      Cursor& cursor = cursors_[by_bound_[i]];
      cursor.begin = cursor.end;
      if (cursor.at_end()) continue;
      const std::uint32_t chunk = cursor.postings.chunks[cursor.begin];
      first_ = found ? std::min(first_, chunk) : chunk;
      found = true;
    }
    looked_up_ = false;
    return found;
  }

  void raise_bar() {
    bar_ = top_.least() * (1 - kRoom);
    while (essential_ < by_bound_.size()) {
      const double with = others_ + cursors_[by_bound_[essential_]].bound;
      if (with >= bar_) break;
      others_ = with;
      ++essential_;
    }
  }

  void add_up(Cursor& cursor) {
    const auto chunks = cursor.postings.chunks;
    const double weight = cursor.weight * (kK1 + 1);
    const double base = kK1 * (1 - kB);
    const double slope = kK1 * kB / top_.wanted_.average_length;
    std::size_t at = cursor.begin;
    for (; at < chunks.size() && chunks[at] - first_ < kWindow; ++at) {
      const double frequency = cursor.postings.frequencies[at];
      sums_[chunks[at] - first_] += weight * frequency / (frequency + base + slope * segment_.length_of(chunks[at]));
    }
    cursor.end = at;
  }

  /// Takes the cursor's chunks out of the window's sums, and on to those that may be among the best.
  void weed_out(const Cursor& cursor) {
    for (std::size_t at = cursor.begin; at < cursor.end; ++at) {
      const std::uint32_t chunk = cursor.postings.chunks[at];
      const double sum = std::exchange(sums_[chunk - first_], 0);
      if (sum > 0 && sum + others_ >= bar_) consider(chunk, sum);
    }
  }

  void consider(std::uint32_t chunk, double sum) {
    const std::uint32_t position = segment_.document_of(chunk);
    if (view_.is_dead(position)) return;
    if (!may_reach(chunk, sum)) return;
    if (const Filter& filter = top_.wanted_.filter; !filter.empty()) {
      if (!matches(filter, segment_.document(position).metadata)) return;
    }
    const RankedChunk ranked{score(chunk) / top_.wanted_.attainable, &segment_, chunk};
    if (ranked.score < top_.wanted_.min_score || !top_.would_take(ranked)) return;
    top_.take(ranked);
    bar_ = top_.least() * (1 - kRoom);
  }

  /// Adds the other terms' parts to the sum, the strongest first, until it is clear that it stays below the bar.
  bool may_reach(std::uint32_t chunk, double sum) {
    look_up();
    double rest = others_;
    for (std::size_t i = essential_; i-- > 0;) {
      if (sum + rest < bar_) return false;
      const Cursor& cursor = cursors_[by_bound_[i]];
      rest -= cursor.bound;
      sum += part(cursor, chunk);
    }
    return sum >= bar_;
  }

  /// Puts the cursors of the other terms where the window is.
  void look_up() {
    if (looked_up_) return;
    looked_up_ = true;
    for (std::size_t i = 0; i < essential_; ++i) cursors_[by_bound_[i]].enter(first_, first_ + kWindow);
  }

  [[nodiscard]] double part(const Cursor& cursor, std::uint32_t chunk) const {
    const double frequency = cursor.frequency(chunk);
    if (frequency == 0) return 0;
    return term_score(cursor.weight, frequency, segment_.length_of(chunk) / top_.wanted_.average_length);
  }

  [[nodiscard]] double score(std::uint32_t chunk) const {
    double sum = 0;
    for (const Cursor& cursor : cursors_) sum += part(cursor, chunk);
    return sum;
  }

  TopChunks& top_;
  const SegmentView& view_;
  const Segment& segment_;
  std::vector<Cursor> cursors_;         ///< in the order of the query
  std::vector<std::size_t> by_bound_;   ///< cursors, the weakest first
  std::size_t essential_ = 0;           ///< where in by_bound_ the essential ones begin
  double others_ = 0;                   ///< the bounds of the rest, together
  double bar_ = 0;                      ///< a chunk whose sum stays below is not wanted
  std::uint32_t first_ = 0;             ///< of the window
  bool looked_up_ = false;              ///< the other cursors are in the window
  std::array<double, kWindow> sums_{};  ///< by chunk of the window; all zero between windows
};

void TopChunks::search(const SegmentView& view, std::span<const WeightedPostings> terms) {
  if (wanted_.count > 0) Scan(*this, view, terms).run();
}

bool TopChunks::would_take(const RankedChunk& chunk) const {
  return heap_.size() < wanted_.count || better(chunk, heap_.front());
}

/// What a chunk must score to be wanted, before division by the attainable.
double TopChunks::least() const {
  const double worst = heap_.size() < wanted_.count ? 0 : heap_.front().score;
  return std::max(worst, wanted_.min_score) * wanted_.attainable;
}

void TopChunks::take(const RankedChunk& chunk) {
  if (heap_.size() == wanted_.count) {
    std::pop_heap(heap_.begin(), heap_.end(), better);
    heap_.pop_back();
  }
  heap_.push_back(chunk);
  std::push_heap(heap_.begin(), heap_.end(), better);
}

std::vector<RankedChunk> TopChunks::sorted() && {
  std::sort_heap(heap_.begin(), heap_.end(), better);
  return std::move(heap_);
}

}  // namespace ragd::retrieval
