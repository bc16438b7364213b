#include "retrieval/dictionary_merge.hpp"

#include "retrieval/term_order.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace ragd::retrieval {

namespace {

/// Where a source stands: at the least term it has not given yet.
struct Head {
  const DictionarySource* source = nullptr;
  std::size_t position = 0;
  std::string_view term;

  [[nodiscard]] bool at_end() const { return position == source->dictionary->size(); }
};

/// Finds who stands at the least term. Most are told apart by their keys, without a branch to guess wrong.
class Heads {
 public:
  explicit Heads(std::span<const DictionarySource> sources) {
    for (const DictionarySource& source : sources) {
      if (source.dictionary->size() == 0) continue;
      heads_.push_back({&source, 0, source.dictionary->term(0)});
      keys_.push_back(source.dictionary->order_key(0));
    }
    found_.resize(heads_.size());
  }

  [[nodiscard]] bool empty() const { return heads_.empty(); }
  [[nodiscard]] const Head& operator[](std::uint32_t head) const { return heads_[head]; }

  [[nodiscard]] std::span<const std::uint32_t> at_least_term() {
    OrderKey least = keys_.front();
    for (const OrderKey key : keys_) least = std::min(least, key);
    std::size_t count = 0;
    for (std::uint32_t head = 0; head < keys_.size(); ++head) {
      found_[count] = head;
      count += keys_[head] == least ? std::size_t{1} : 0;
    }
    return all_same(count) ? std::span(found_).first(count) : narrowed(count);
  }

  /// Those found move on.
  void advance(std::span<const std::uint32_t> found) {
    bool ended = false;
    for (const std::uint32_t number : found) {
      Head& head = heads_[number];
      ++head.position;
      ended = ended || head.at_end();
      if (head.at_end()) continue;
      head.term = head.source->dictionary->term(head.position);
      keys_[number] = head.source->dictionary->order_key(head.position);
    }
    if (!ended) return;
    for (std::size_t head = heads_.size(); head-- > 0;) {
      if (!heads_[head].at_end()) continue;
      heads_.erase(heads_.begin() + static_cast<std::ptrdiff_t>(head));
      keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(head));
    }
  }

 private:
  [[nodiscard]] bool all_same(std::size_t count) const {
    const std::string_view first = heads_[found_[0]].term;
    for (std::size_t i = 1; i < count; ++i) {
      const std::string_view other = heads_[found_[i]].term;
      if (other.size() != first.size()) return false;
      if (first.size() > sizeof(OrderKey) && other != first) return false;
    }
    return true;
  }

  [[nodiscard]] std::span<const std::uint32_t> narrowed(std::size_t count) {
    std::string_view least = heads_[found_[0]].term;
    for (std::size_t i = 1; i < count; ++i) least = std::min(least, heads_[found_[i]].term);
    const auto end = std::remove_if(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(count),
                                    [&](std::uint32_t head) { return heads_[head].term != least; });
    return {found_.begin(), end};
  }

  std::vector<Head> heads_;
  std::vector<OrderKey> keys_;        ///< by head
  std::vector<std::uint32_t> found_;  ///< heads
};

/// Puts postings in order of their holders. They come as one ascending run a source, but merging runs would guess wrong
/// at every other step; marking the holders in a bitmap, with another one of its words, guesses nothing.
class Interleaver {
 public:
  explicit Interleaver(std::size_t holders)
      : marks_(holders / 64 + 1), marked_words_(marks_.size() / 64 + 1), frequencies_(holders) {}

  void sort(std::span<Posting> postings) {
    const auto ascending = [](const Posting& a, const Posting& b) { return a.holder < b.holder; };
    if (std::is_sorted(postings.begin(), postings.end(), ascending)) return;
    if (postings.size() < kFew) {
      std::sort(postings.begin(), postings.end(), ascending);
    } else {
      mark(postings);
      collect(postings);
    }
  }

 private:
  static constexpr std::size_t kFew = 16;

  void mark(std::span<const Posting> postings) {
    for (const Posting& posting : postings) {
      const std::size_t word = posting.holder / 64;
      marks_[word] |= std::uint64_t{1} << (posting.holder % 64);
      marked_words_[word / 64] |= std::uint64_t{1} << (word % 64);
      frequencies_[posting.holder] = posting.frequency;
    }
  }

  /// Leaves no marks.
  void collect(std::span<Posting> postings) {
    Posting* out = postings.data();
    for (std::size_t group = 0; group < marked_words_.size(); ++group) {
      for (; marked_words_[group] != 0; marked_words_[group] &= marked_words_[group] - 1) {
        const std::size_t word = group * 64 + static_cast<std::size_t>(std::countr_zero(marked_words_[group]));
        for (; marks_[word] != 0; marks_[word] &= marks_[word] - 1) {
          const std::size_t holder = word * 64 + static_cast<std::size_t>(std::countr_zero(marks_[word]));
          *out++ = {static_cast<std::uint32_t>(holder), frequencies_[holder]};
        }
      }
    }
  }

  std::vector<std::uint64_t> marks_;         ///< by holder
  std::vector<std::uint64_t> marked_words_;  ///< by word of marks_
  std::vector<std::uint16_t> frequencies_;   ///< by holder
};

class Merger {
 public:
  Merger(std::span<const DictionarySource> sources, std::size_t holders, DictionaryWriter& writer)
      : heads_(sources), interleaver_(holders), writer_(writer) {}

  void run() {
    while (!heads_.empty()) {
      const auto found = heads_.at_least_term();
      const std::string_view term = heads_[found.front()].term;
      size_ = 0;
      for (const std::uint32_t head : found) {
        append(*heads_[head].source, heads_[head].source->dictionary->postings(heads_[head].position));
      }
      heads_.advance(found);
      if (size_ == 0) continue;
      const auto postings = std::span(postings_).first(size_);
      interleaver_.sort(postings);
      writer_.add(term, postings);
    }
  }

 private:
  void append(const DictionarySource& source, const Postings& postings) {
    if (postings_.size() < size_ + postings.size()) postings_.resize(2 * (size_ + postings.size()));
    for (std::size_t block = 0; block < postings.block_count(); ++block) {
      postings.decode(block, decoded_);
      for (std::size_t i = 0; i < decoded_.size; ++i) {
        const std::uint32_t holder = source.renumbered[decoded_.holders[i]];
        postings_[size_] = {holder, decoded_.frequencies[i]};
        size_ += holder == kDead ? 0 : 1;
      }
    }
  }

  Heads heads_;
  std::vector<Posting> postings_;  ///< the first size_ of them
  std::size_t size_ = 0;
  DecodedBlock decoded_;
  Interleaver interleaver_;
  DictionaryWriter& writer_;
};

}  // namespace

void merge_dictionaries(std::span<const DictionarySource> sources, std::size_t holders, DictionaryWriter& writer) {
  Merger(sources, holders, writer).run();
}

}  // namespace ragd::retrieval
