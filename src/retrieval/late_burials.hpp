// What died in the sources of a merge since it began: the segment it makes has to bury it too.
//
// Belongs to the writer thread. In two steps, so that nothing can fail behind a commit: what was prepared is kept once
// it is committed, and forgotten by the next preparation if it was not.
#pragma once

#include "retrieval/burial.hpp"
#include "retrieval/merge_policy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace ragd::retrieval {

/// What one write buried, by segment number: a merge under way needs to know.
using Burials = std::map<std::uint64_t, Burial>;

class LateBurials {
 public:
  void prepare(const Merge& merge, const Burials& burials) {
    prepared_.clear();
    for (const SegmentView& source : merge.sources) {
      const auto its = burials.find(source.number);
      if (its != burials.end()) prepared_.emplace_back(source.number, std::make_unique<Burial>(its->second));
    }
    constexpr std::size_t kLeast = 16;
    if (kept_.capacity() < kept_.size() + prepared_.size()) {
      kept_.reserve(std::max(kLeast, 2 * (kept_.size() + prepared_.size())));
    }
  }
  void keep() noexcept {
    for (Late& late : prepared_) kept_.push_back(std::move(late));  // there is room
    prepared_.clear();
  }

  /// All of one source as one; empty where nothing died there.
  [[nodiscard]] Burial of(std::uint64_t source) const {
    std::vector<const Burial*> its;
    for (const auto& [number, burial] : kept_) {
      if (number == source) its.push_back(burial.get());
    }
    return combined(its);
  }

 private:
  using Late = std::pair<std::uint64_t, std::unique_ptr<Burial>>;

  std::vector<Late> prepared_;
  std::vector<Late> kept_;
};

}  // namespace ragd::retrieval
