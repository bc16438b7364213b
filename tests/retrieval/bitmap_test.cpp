#include "retrieval/bitmap.hpp"

#include "retrieval/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace ragd::retrieval {
namespace {

void expect_same(const Bitmap& bitmap, const std::vector<bool>& model) {
  ASSERT_EQ(bitmap.size(), model.size());
  std::size_t next = model.size();
  for (std::size_t at = model.size(); at-- > 0;) {
    ASSERT_EQ(bitmap.test(at), model[at]) << at;
    if (model[at]) next = at;
    ASSERT_EQ(bitmap.next(at), next) << at;
  }
  ASSERT_EQ(bitmap.next(model.size()), model.size());
  ASSERT_EQ(bitmap.count(), static_cast<std::size_t>(std::count(model.begin(), model.end(), true)));
}

TEST(Bitmap, BeginsEmptyOrFull) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 128U, 200U}) {
    expect_same(Bitmap(size), std::vector<bool>(size, false));
    expect_same(Bitmap(size, true), std::vector<bool>(size, true));
  }
}

TEST(Bitmap, IsASetOfNumbersWhateverIsDoneToIt) {
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    const std::uint32_t size = 1 + random.below(300);
    const bool full = round % 2 == 0;
    Bitmap bitmap(size, full);
    std::vector<bool> model(size, full);
    for (int step = 0; step < 30; ++step) {
      const std::uint32_t first = random.below(size + 1);
      const std::uint32_t last = first + random.below(size + 1 - first);
      const bool on = random.below(2) == 0;
      if (first < size && random.below(3) == 0) {
        on ? bitmap.set(first) : bitmap.reset(first);
        model[first] = on;
      } else {
        on ? bitmap.set(first, last) : bitmap.reset(first, last);
        for (std::size_t at = first; at < last; ++at) model[at] = on;
      }
      expect_same(bitmap, model);
    }
  }
}

TEST(Bitmap, KeepsWhatIsInBoth) {
  Random random(2);
  for (const std::size_t size : {1U, 64U, 100U, 257U}) {
    Bitmap a(size);
    Bitmap b(size);
    std::vector<bool> both(size);
    for (std::size_t at = 0; at < size; ++at) {
      const bool in_a = random.below(2) == 0;
      const bool in_b = random.below(2) == 0;
      if (in_a) a.set(at);
      if (in_b) b.set(at);
      both[at] = in_a && in_b;
    }
    expect_same(a &= b, both);
  }
}

}  // namespace
}  // namespace ragd::retrieval
