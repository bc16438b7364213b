#include "conformance/suite.hpp"

#include <atomic>
#include <thread>

namespace ragd::conformance {
namespace {

using testing::EndsWith;
using testing::IsEmpty;

class ReplicasOf : public Suite {
 protected:
  void SetUp() override {
    if (!GetParam().is_shared) GTEST_SKIP() << "one process at a time has it";
    Suite::SetUp();
  }
};

INSTANTIATE_TEST_SUITE_P(Every, ReplicasOf, testing::ValuesIn(all_backends()), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReplicasOf);

TEST_P(ReplicasOf, SeeEachOthersWritesAtOnce) {
  const auto other = another();
  for (int i = 0; i < 10; ++i) {
    const std::string text = "zebra " + std::to_string(i);
    const auto put = replica->put({document("a", text)});
    EXPECT_EQ(other->version(), put->version);
    EXPECT_EQ(other->search("zebra")->passages.at(0).text, text);
    const auto erased = other->erase("a");
    EXPECT_EQ(*erased, replica->version());
    EXPECT_THAT(replica->found("zebra"), IsEmpty());
  }
}

TEST_P(ReplicasOf, TakeTurnsWritingAndLoseNoBump) {
  constexpr int kEach = 15;
  const auto write = [this](const std::string& name) {
    const auto mine = another();
    for (int i = 0; i < kEach; ++i) {
      // One document both write, and one of its own.
      const auto put =
          mine->put({document("shared", name + std::to_string(i)), document(name + std::to_string(i), "zebra")});
      ASSERT_TRUE(put) << put.error().detail;
    }
  };
  std::thread one([&] { write("one"); });
  std::thread two([&] { write("two"); });
  one.join();
  two.join();
  EXPECT_THAT(replica->version(), EndsWith("-" + std::to_string(2 * kEach)));
  EXPECT_EQ(replica->found("zebra").size(), 2U * kEach);
}

TEST_P(ReplicasOf, ShowWholeBatchesWhileOthersWrite) {
  std::atomic<bool> writing = true;
  std::thread reader([&] {
    const auto mine = another();
    while (writing.load()) {
      const auto found = mine->search("zebra");
      ASSERT_TRUE(found) << found.error().detail;
      if (found->passages.empty()) continue;
      ASSERT_EQ(found->passages.size(), 2U);
      ASSERT_EQ(found->passages[0].text, found->passages[1].text);
      ASSERT_THAT(found->version, EndsWith("-" + found->passages[0].text.substr(6)));
    }
  });
  for (int i = 1; i <= 40; ++i) {
    const std::string text = "zebra " + std::to_string(i);
    ASSERT_TRUE(replica->put({document("a", text), document("b", text)}));
  }
  writing = false;
  reader.join();
}

TEST_P(ReplicasOf, ShareOutWhatWaitsForVectors) {
  if (!GetParam().has_queue) GTEST_SKIP() << "it embeds no passages";
  fakes::FakeEmbedder embedder;
  opening_.embedder = &embedder;
  const auto one = another();
  const auto two = another();
  ASSERT_TRUE(one->put({document("a", "first"), document("b", "second")}));
  const auto first = one->run(one->queue()->take(1));
  const auto second = two->run(two->queue()->take(10));
  ASSERT_EQ(first->size(), 1U);
  ASSERT_EQ(second->size(), 1U);
  EXPECT_NE(first->at(0).id, second->at(0).id);
}

TEST_P(ReplicasOf, LeaveEmbeddingToTheModelThatWasStartedLast) {
  if (!GetParam().has_queue) GTEST_SKIP() << "it embeds no passages";
  fakes::FakeEmbedder embedder;
  opening_.embedder = &embedder;
  const auto old = another();
  fakes::FakeEmbedder fresh(32, "fresh");
  opening_.embedder = &fresh;
  const auto current = another();
  ASSERT_TRUE(old->put({document("a", "first")}));
  EXPECT_THAT(*old->run(old->queue()->take(10)), IsEmpty());
  EXPECT_EQ(current->run(current->queue()->take(10))->size(), 1U);
}

}  // namespace
}  // namespace ragd::conformance
