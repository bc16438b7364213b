#include "retrieval/top_chunks.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ragd::retrieval {

namespace {

/// Chunks scored at a time: their sums stay in the first-level cache.
constexpr std::uint32_t kWindow = 2048;

/// Sums of the same parts in another order differ by less; bounds are compared with this much room.
constexpr double kRoom = 1e-9;

std::string_view id_of(const RankedChunk& ranked) {
  return ranked.segment->id(ranked.segment->document_of(ranked.chunk));
}

}  // namespace

bool ranks_before(const RankedChunk& a, const RankedChunk& b) {
  if (a.score != b.score) return a.score > b.score;
  const int order = id_of(a).compare(id_of(b));
  return order != 0 ? order < 0 : a.chunk < b.chunk;
}

/// One segment's search. In each window, terms are split into those that alone could lift a chunk among the best
/// ("essential"), which are walked, and the weakest, whose bounds there together could not: those are only looked up
/// for chunks the others found.
class TopChunks::Scan {
 public:
  Scan(TopChunks& top, const Segment& segment, const Bitmap* allowed, std::span<const WeightedPostings> terms)
      : top_(top), segment_(segment), allowed_(allowed) {
    cursors_.reserve(terms.size());
    for (const WeightedPostings& term : terms) {
      if (!term.postings.empty()) cursors_.emplace_back(term, top.wanted_.score, segment.lengths());
    }
    bounds_.resize(cursors_.size());
    for (std::size_t i = 0; i < cursors_.size(); ++i) by_bound_.push_back(i);
    bar_ = top_.least() * (1 - kRoom);
  }

  void run() {
    std::uint32_t first = 0;
    while ((first = next_window(first)) != TermCursor::kEnd) {
      first_ = first;
      last_ = static_cast<std::uint32_t>(std::min<std::size_t>(std::size_t{first} + kWindow, segment_.chunks()));
      if (split_terms()) score_window();
      first = last_;
    }
  }

 private:
  /// Where the next posting or allowed chunk may be; kEnd when there is none.
  std::uint32_t next_window(std::uint32_t first) {
    if (allowed_ != nullptr) {
      const std::size_t next = allowed_->next(first);
      if (next >= segment_.chunks()) return TermCursor::kEnd;
      first = static_cast<std::uint32_t>(next);
    }
    std::uint32_t nearest = TermCursor::kEnd;
    for (TermCursor& cursor : cursors_) nearest = std::min(nearest, cursor.skip_to(first));
    return nearest;
  }

  /// False when no chunk of the window can be wanted.
  bool split_terms() {
    for (std::size_t i = 0; i < cursors_.size(); ++i) bounds_[i] = cursors_[i].bound(last_);
    std::sort(by_bound_.begin(), by_bound_.end(),
              [this](std::size_t a, std::size_t b) { return bounds_[a] < bounds_[b]; });
    others_ = 0;
    for (essential_ = 0; essential_ < by_bound_.size(); ++essential_) {
      const double with = others_ + bounds_[by_bound_[essential_]];
      if (with >= bar_) return true;
      others_ = with;
    }
    return false;
  }

  void score_window() {
    touched_count_ = 0;
    for (std::size_t i = essential_; i < by_bound_.size(); ++i) {
      cursors_[by_bound_[i]].walk(last_, [this](std::uint32_t chunk, double part) {
        double& sum = sums_[chunk - first_];
        // Without a branch: half of them would be guessed wrong.
        touched_[touched_count_] = chunk;
        touched_count_ += sum == 0 ? 1 : 0;
        sum += part;
      });
    }
    for (std::size_t i = 0; i < touched_count_; ++i) {
      const std::uint32_t chunk = touched_[i];
      const double sum = std::exchange(sums_[chunk - first_], 0);
      if (sum + others_ >= bar_) consider(chunk, sum);
    }
  }

  void consider(std::uint32_t chunk, double sum) {
    if (allowed_ != nullptr && !allowed_->test(chunk)) return;
    if (!may_reach(chunk, sum)) return;
    const RankedChunk ranked{score(chunk) / top_.wanted_.attainable, &segment_, chunk};
    if (ranked.score < top_.wanted_.min_score || !top_.would_take(ranked)) return;
    top_.take(ranked);
    bar_ = top_.least() * (1 - kRoom);
  }

  /// Adds the other terms' parts to the sum, the strongest first, until it is clear that it stays below the bar.
  bool may_reach(std::uint32_t chunk, double sum) {
    double rest = others_;
    for (std::size_t i = essential_; i-- > 0;) {
      if (sum + rest < bar_) return false;
      rest -= bounds_[by_bound_[i]];
      sum += cursors_[by_bound_[i]].look_up(chunk);
    }
    return sum >= bar_;
  }

  [[nodiscard]] double score(std::uint32_t chunk) {
    double sum = 0;
    for (TermCursor& cursor : cursors_) sum += cursor.look_up(chunk);
    return sum;
  }

  TopChunks& top_;
  const Segment& segment_;
  const Bitmap* allowed_;
  std::vector<TermCursor> cursors_;    ///< in the order of the query
  std::vector<double> bounds_;         ///< of each in the window
  std::vector<std::size_t> by_bound_;  ///< cursors, the weakest first
  std::size_t essential_ = 0;          ///< where in by_bound_ the essential ones begin
  double others_ = 0;                  ///< the bounds of the rest, together
  double bar_ = 0;                     ///< a chunk whose sum stays below is not wanted
  std::uint32_t first_ = 0;            ///< of the window
  std::uint32_t last_ = 0;             ///< behind it
  std::size_t touched_count_ = 0;
  std::array<std::uint32_t, kWindow + 1> touched_{};  ///< chunks of the window with a sum; one place is scratch
  std::array<double, kWindow> sums_{};                ///< by chunk of the window; all zero between windows
};

void TopChunks::search(const Segment& segment, const Bitmap* allowed, std::span<const WeightedPostings> terms) {
  if (wanted_.count > 0) Scan(*this, segment, allowed, terms).run();
}

bool TopChunks::would_take(const RankedChunk& chunk) const {
  return heap_.size() < wanted_.count || ranks_before(chunk, heap_.front());
}

/// What a chunk must score to be wanted, before division by the attainable.
double TopChunks::least() const {
  const double worst = heap_.size() < wanted_.count ? 0 : heap_.front().score;
  return std::max(worst, wanted_.min_score) * wanted_.attainable;
}

void TopChunks::take(const RankedChunk& chunk) {
  if (heap_.size() == wanted_.count) {
    std::pop_heap(heap_.begin(), heap_.end(), ranks_before);
    heap_.pop_back();
  }
  heap_.push_back(chunk);
  std::push_heap(heap_.begin(), heap_.end(), ranks_before);
}

std::vector<RankedChunk> TopChunks::sorted() && {
  std::sort_heap(heap_.begin(), heap_.end(), ranks_before);
  return std::move(heap_);
}

}  // namespace ragd::retrieval
