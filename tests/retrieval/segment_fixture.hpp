// Documents for segments without a store or a chunker, one chunk a line, and what is in a segment as plain values.
#pragma once

#include "retrieval/metadata_values.hpp"
#include "retrieval/segment.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval {

inline store::StoredDocument document_of_lines(const std::string& id, const std::string& text,
                                               const std::string& title = {}, const std::string& metadata = "{}") {
  store::StoredDocument stored{{id, text, title, "", metadata}, {}};
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    stored.chunks.push_back({begin, end, ""});
    begin = end + 1;
  }
  return stored;
}

inline SegmentPtr segment_of(const std::vector<store::StoredDocument>& documents) {
  std::vector<IndexedDocument> indexed;
  indexed.reserve(documents.size());
  for (const store::StoredDocument& stored : documents) {
    indexed.push_back({&stored, *parse_metadata(stored.document.metadata_json)});
  }
  return Segment::build(std::move(indexed));
}

using PlainPostings = std::vector<std::pair<std::uint32_t, std::uint16_t>>;  ///< holder, frequency

inline PlainPostings plain(const Postings& postings) {
  PlainPostings all;
  DecodedBlock decoded;
  for (std::size_t block = 0; block < postings.block_count(); ++block) {
    postings.decode(block, decoded);
    for (std::size_t i = 0; i < decoded.size; ++i) all.emplace_back(decoded.holders[i], decoded.frequencies[i]);
  }
  return all;
}

/// Nothing when the term is not there.
inline PlainPostings plain(const Dictionary& dictionary, std::string_view term) {
  const auto position = dictionary.find(term);
  return position ? plain(dictionary.postings(*position)) : PlainPostings();
}

using PlainDictionary = std::map<std::string, PlainPostings>;

inline PlainDictionary plain(const Dictionary& dictionary) {
  PlainDictionary all;
  for (std::size_t position = 0; position < dictionary.size(); ++position) {
    all.emplace(dictionary.term(position), plain(dictionary.postings(position)));
  }
  return all;
}

/// Documents of a few made-up words, the n-th n times rarer than the first, with metadata now and then.
class RandomDocuments {
 public:
  RandomDocuments(unsigned seed, std::size_t words) : random_(seed) {
    std::vector<double> weights;
    for (std::size_t n = 1; n <= words; ++n) weights.push_back(1.0 / static_cast<double>(n));
    word_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  }

  std::size_t number(std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random_);
  }

  store::StoredDocument document(const std::string& id, std::size_t most_chunks) {
    std::string text;
    for (std::size_t chunk = number(0, most_chunks); chunk > 0; --chunk) text += words(number(1, 20)) + "\n";
    return document_of_lines(id, text, number(0, 2) == 0 ? words(2) : "", metadata());
  }

 private:
  std::string words(std::size_t count) {
    std::string text;
    for (; count > 0; --count) {
      const std::size_t word = word_(random_);
      text += (word % 3 == 0 ? "q" : "somewhatlong") + std::to_string(word) + "x ";
    }
    return text;
  }
  std::string metadata() {
    switch (number(0, 3)) {
      case 0:
        return R"({"lang":"en","year":)" + std::to_string(number(1990, 2030)) + "}";
      case 1:
        return R"({"lang":"de","tags":["a","b","a",)" + std::to_string(number(0, 9)) + "]}";
      case 2:
        return R"({"draft":true})";
      default:
        return "{}";
    }
  }

  std::mt19937 random_;
  std::discrete_distribution<std::size_t> word_;
};

}  // namespace ragd::retrieval
