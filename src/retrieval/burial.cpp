#include "retrieval/burial.hpp"

#include "base/varint.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ragd::retrieval {

namespace {

Error damaged() {
  return fail(Errc::internal, "a stored burial is damaged");
}

/// Ascending numbers as their differences.
bool get_ascending(std::string_view& bytes, std::uint64_t limit, bool first, std::uint32_t& number) {
  std::uint64_t step = 0;
  if (!base::get_varint(bytes, step) || (!first && step == 0) || step >= limit) return false;
  const std::uint64_t next = first ? step : number + step;
  if (next >= limit) return false;
  number = static_cast<std::uint32_t>(next);
  return true;
}

std::vector<WordDeaths> add_up(const std::vector<WordDeaths>& a, const std::vector<WordDeaths>& b) {
  std::vector<WordDeaths> sum;
  sum.reserve(a.size() + b.size());
  auto left = a.begin();
  auto right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->word < right->word)) {
      sum.push_back(*left++);
    } else if (left == a.end() || right->word < left->word) {
      sum.push_back(*right++);
    } else {
      sum.push_back({left->word, left->chunks + right->chunks});
      ++left;
      ++right;
    }
  }
  return sum;
}

std::uint32_t narrow(std::size_t number) {
  return static_cast<std::uint32_t>(number);
}

}  // namespace

Burial make_burial(const Segment& segment, const Segment& dead) {
  Burial burial;
  for (std::size_t document = 0; document < dead.documents(); ++document) {
    burial.documents.push_back(narrow(segment.find(dead.id(document))));
  }
  std::size_t at = 0;
  for (std::size_t word = 0; word < dead.words().size(); ++word) {
    at = segment.words().lower_bound(dead.words().term(word));
    burial.words.push_back({narrow(at), narrow(dead.words().postings(word).size())});
  }
  return burial;
}

Burial moved(const Burial& burial, const Segment& from, const Segment& to) {
  Burial there;
  for (const std::uint32_t document : burial.documents) {
    there.documents.push_back(narrow(to.find(from.id(document))));
  }
  for (const WordDeaths& deaths : burial.words) {
    there.words.push_back({narrow(to.words().lower_bound(from.words().term(deaths.word))), deaths.chunks});
  }
  return there;
}

Burial combined(const std::vector<const Burial*>& burials) {
  Burial all;
  std::map<std::uint32_t, std::uint32_t> words;
  for (const Burial* burial : burials) {
    all.documents.insert(all.documents.end(), burial->documents.begin(), burial->documents.end());
    for (const WordDeaths& deaths : burial->words) words[deaths.word] += deaths.chunks;
  }
  std::sort(all.documents.begin(), all.documents.end());
  for (const auto& [word, chunks] : words) all.words.push_back({word, chunks});
  return all;
}

std::string encode(const Burial& burial) {
  std::string bytes;
  base::put_varint(bytes, burial.documents.size());
  std::uint32_t last = 0;
  for (const std::uint32_t document : burial.documents) {
    base::put_varint(bytes, document - std::exchange(last, document));
  }
  base::put_varint(bytes, burial.words.size());
  last = 0;
  for (const WordDeaths& deaths : burial.words) {
    base::put_varint(bytes, deaths.word - std::exchange(last, deaths.word));
    base::put_varint(bytes, deaths.chunks);
  }
  return bytes;
}

Result<Burial> decode_burial(std::string_view bytes, const Segment& segment) {
  Burial burial;
  std::uint64_t count = 0;
  if (!base::get_varint(bytes, count) || count > segment.documents()) return damaged();
  std::uint32_t number = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!get_ascending(bytes, segment.documents(), i == 0, number)) return damaged();
    burial.documents.push_back(number);
  }
  if (!base::get_varint(bytes, count) || count > segment.words().size()) return damaged();
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t chunks = 0;
    if (!get_ascending(bytes, segment.words().size(), i == 0, number)) return damaged();
    if (!base::get_varint(bytes, chunks) || chunks > segment.words().postings(number).size()) return damaged();
    burial.words.push_back({number, narrow(chunks)});
  }
  if (!bytes.empty()) return damaged();
  return burial;
}

GravesPtr Graves::with(const GravesPtr& before, const Segment& segment, const Burial& burial) {
  auto graves = before ? std::make_shared<Graves>(*before) : std::make_shared<Graves>();
  if (!before) {
    graves->documents_ = Bitmap(segment.documents());
    graves->live_chunks_ = Bitmap(segment.chunks(), true);
  }
  for (const std::uint32_t document : burial.documents) {
    graves->documents_.set(document);
    graves->live_chunks_.reset(segment.first_chunk(document), segment.first_chunk(document + 1));
  }
  graves->add_layer(std::make_shared<const std::vector<WordDeaths>>(burial.words));
  return graves;
}

void Graves::add_layer(Layer fresh) {
  while (!layers_.empty() && layers_.back()->size() <= 2 * fresh->size()) {
    fresh = std::make_shared<const std::vector<WordDeaths>>(add_up(*layers_.back(), *fresh));
    layers_.pop_back();
  }
  layers_.push_back(std::move(fresh));
}

std::size_t Graves::deaths_of(std::size_t word) const {
  std::size_t deaths = 0;
  for (const Layer& layer : layers_) {
    const auto at = std::lower_bound(layer->begin(), layer->end(), word,
                                     [](const WordDeaths& entry, std::size_t wanted) { return entry.word < wanted; });
    if (at != layer->end() && at->word == word) deaths += at->chunks;
  }
  return deaths;
}

std::size_t Graves::bytes() const {
  std::size_t bytes = sizeof *this + documents_.bytes() + live_chunks_.bytes();
  for (const Layer& layer : layers_) bytes += layer->capacity() * sizeof(WordDeaths);
  return bytes;
}

}  // namespace ragd::retrieval
