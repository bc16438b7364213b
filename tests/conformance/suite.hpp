// The fixture of all conformance tests: a fresh store of the backend under test, and replicas of it.
#pragma once

#include "conformance/backend.hpp"
#include "conformance/embedded_backend.hpp"
#include "conformance/pgvector_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ragd::conformance {

inline std::vector<BackendKind> all_backends() {
  return {embedded_backend(), pgvector_backend()};
}

inline std::string name_of(const testing::TestParamInfo<BackendKind>& info) {
  return info.param.name;
}

using Ids = std::vector<std::string>;

class Suite : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    if (const std::string missing = GetParam().missing(); !missing.empty()) GTEST_SKIP() << missing;
    store_ = GetParam().make();
    opening_.settings = with_duplicates();
    open();
  }

  /// As a restart does.
  void open() {
    replica.reset();
    replica = store_->open(opening_);
  }
  [[nodiscard]] std::unique_ptr<Replica> another() { return store_->open(opening_); }

  std::unique_ptr<Store> store_;
  Opening opening_;
  std::unique_ptr<Replica> replica;
};

}  // namespace ragd::conformance
