// Readers beside the one writer: a view never shows half a commit, and never changes.
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ragd::store {
namespace {

using ViewConcurrencyTest = StoreTest;

constexpr int kRounds = 300;

/// As many chunks as the round wants, each of them its number: what a torn view shows is never a document of any round.
StoredDocument of_round(const std::string& id, int round) {
  const std::string word = std::to_string(round);
  StoredDocument stored = document(id, "");
  stored.chunks.clear();
  for (int chunk = 0; chunk <= round % 7; ++chunk) {
    std::string& text = stored.document.text;
    stored.chunks.push_back({text.size(), text.size() + word.size(), ""});
    text += word + " ";
  }
  return stored;
}

Result<void> commit_round(DocumentStore& store, int round) {
  const StoredDocument a = of_round("a", round);
  const StoredDocument b = of_round("b", round);
  Write write("default");
  write.put(a);
  write.put(b);
  write.put_index("round", std::to_string(round));
  write.put_index("piece", std::string(40'000, static_cast<char>('a' + round % 26)));
  return store.commit(write);
}

/// The round the whole view is of; -1 when its parts are of several.
int round_of(const View& view) {
  const auto index = index_of(view, "default");
  if (!index) return -1;
  const int round = std::stoi(index->at("round"));
  if (index->at("piece") != std::string(40'000, static_cast<char>('a' + round % 26))) return -1;
  for (const char* id : {"a", "b"}) {
    const auto stored = view.get("default", id);
    if (!stored || stored->document.text != of_round(id, round).document.text) return -1;
    const std::vector<PassageRef> last = {{id, static_cast<std::uint32_t>(round % 7)}};
    const auto passage = view.passages("default", last, ReadFrom::disk);
    if (!passage || (**passage)[0].text != std::to_string(round)) return -1;
  }
  return round;
}

TEST_F(ViewConcurrencyTest, AViewNeverShowsHalfACommit) {
  const auto store = open();
  ASSERT_TRUE(commit_round(*store, 0));
  std::atomic<int> committed{0};
  std::atomic<int> failures{0};
  const auto read = [&] {
    int newest = 0;
    while (newest < kRounds) {
      const int acknowledged = committed.load();
      const ViewPtr view = store->view();
      const int round = round_of(*view);
      // Not older than what was acknowledged before it was taken, nor than the view before it.
      if (round < acknowledged || round < newest || round_of(*view) != round) {
        ++failures;
        return;
      }
      newest = round;
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (int round = 1; round <= kRounds; ++round) {
    if (!commit_round(*store, round)) ++failures;
    committed = round;
  }
  first.join();
  second.join();
  EXPECT_EQ(failures.load(), 0);
}

TEST_F(ViewConcurrencyTest, ACheckpointTakenBetweenCommitsIsOfOneOfThem) {
  const auto store = open();
  ASSERT_TRUE(commit_round(*store, 0));
  std::atomic<int> committed{0};
  std::atomic<bool> enough{false};
  std::atomic<int> failures{0};
  std::thread writer([&] {
    for (int round = 1; !enough; ++round) {
      if (!commit_round(*store, round)) ++failures;
      committed = round;
    }
  });
  for (int copies = 0; copies < 5; ++copies) {
    const int before = committed.load();
    const std::string copy = other() + std::to_string(copies);
    const auto made = store->checkpoint(copy);
    EXPECT_TRUE(made) << made.error().detail;
    const int after = committed.load() + 1;
    const auto opened = open(copy);
    EXPECT_TRUE(opened && opened->recovery_notes().empty());
    const int round = opened ? round_of(*opened->view()) : -1;
    EXPECT_TRUE(before <= round && round <= after) << before << " " << round << " " << after;
  }
  enough = true;
  writer.join();
  EXPECT_EQ(failures.load(), 0);
}

}  // namespace
}  // namespace ragd::store
