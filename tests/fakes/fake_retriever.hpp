// A corpus of a few sentences per tenant. A document matches when it has one of the question's words; its version and
// its passages come from one look under one lock, as the contract asks.
#pragma once

#include "fakes/gate.hpp"
#include "fakes/steps.hpp"

#include <ragd/retriever.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace ragd::fakes {

inline std::set<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> words;
  for (std::string word; in >> word;) words.insert(word);
  return words;
}

class FakeRetriever final : public Retriever {
 public:
  explicit FakeRetriever(Steps* steps = nullptr) : steps_(steps) {}

  void write(const std::string& id, const std::string& text, const std::string& tenant = "default") {
    const std::lock_guard lock(mutex_);
    corpora_[tenant].documents[id] = text;
    ++corpora_[tenant].counter;
  }

  void erase(const std::string& id, const std::string& tenant = "default") {
    const std::lock_guard lock(mutex_);
    corpora_[tenant].documents.erase(id);
    ++corpora_[tenant].counter;
  }

  /// What a retrieve of the present corpus yields, without being one.
  [[nodiscard]] Retrieved look(const std::string& tenant, const RetrievalQuery& query) const {
    const std::lock_guard lock(mutex_);
    Retrieved found;
    found.version = version_of(tenant);
    const auto corpus = corpora_.find(tenant);
    if (corpus == corpora_.end()) return found;
    const std::set<std::string> wanted = words_of(query.text);
    for (const auto& [id, text] : corpus->second.documents) {
      std::size_t hits = 0;
      for (const std::string& word : words_of(text)) hits += wanted.count(word);
      if (hits == 0) continue;
      Passage passage;
      passage.document_id = id;
      passage.chunk_id = id + "#0";
      passage.text = text;
      passage.score = static_cast<double>(hits) / static_cast<double>(wanted.size());
      passage.end = text.size();
      found.passages.push_back(std::move(passage));
    }
    std::stable_sort(found.passages.begin(), found.passages.end(),
                     [](const Passage& a, const Passage& b) { return a.score > b.score; });
    if (found.passages.size() > query.top_k) found.passages.resize(query.top_k);
    return found;
  }

  Task<Result<Retrieved>> retrieve(const RequestContext& context, const RetrievalQuery& query) override {
    ++calls;
    last_deadline = context.deadline;
    co_await gate.pass();
    if (steps_ != nullptr) {
      co_await steps_->pass("retrieve");
    }
    if (failure) co_return *failure;
    Retrieved found = look(context.caller.tenant, query);
    found.degraded = degraded;
    if (steps_ != nullptr) {
      co_await steps_->pass("retrieved");
    }
    co_return found;
  }

  [[nodiscard]] Result<VersionPtr> version(const std::string& tenant) const override {
    if (steps_ != nullptr) steps_->reach("version");
    if (version_failure) return *version_failure;
    const std::lock_guard lock(mutex_);
    if (is_remote) return VersionPtr();
    return std::make_shared<const std::string>(version_of(tenant));
  }

  Task<Result<VersionPtr>> read_version(const RequestContext& context) override {
    ++version_reads;
    if (steps_ != nullptr) {
      co_await steps_->pass("read version");
    }
    if (version_failure) co_return *version_failure;
    const std::lock_guard lock(mutex_);
    co_return std::make_shared<const std::string>(version_of(context.caller.tenant));
  }

  [[nodiscard]] std::string settings_tag() const override { return tag; }
  Task<Result<void>> ping() override { co_return Result<void>(); }

  Gate gate;
  std::atomic<int> version_reads{0};
  bool is_remote = false;  ///< nobody but read_version knows the version
  bool degraded = false;
  std::atomic<int> calls{0};
  std::optional<Error> failure;
  std::optional<Error> version_failure;
  std::string tag = "fake-retriever";
  SteadyTime last_deadline;

 private:
  struct Corpus {
    std::map<std::string, std::string> documents;
    std::uint64_t counter = 0;
  };

  [[nodiscard]] std::string version_of(const std::string& tenant) const {
    const auto corpus = corpora_.find(tenant);
    return "store-" + std::to_string(corpus == corpora_.end() ? 0 : corpus->second.counter);
  }

  Steps* steps_;
  mutable std::mutex mutex_;
  std::map<std::string, Corpus> corpora_;
};

}  // namespace ragd::fakes
