// A data directory with two tenants' documents, snapshots of it, and another one to restore them to.
#pragma once

#include "store/snapshot_restore.hpp"
#include "store/snapshot_take.hpp"
#include "store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace ragd::store {

class SnapshotTest : public StoreTest {
 protected:
  [[nodiscard]] std::string data() const { return temporary() / "data"; }
  [[nodiscard]] std::string target() const { return temporary() / "target"; }
  [[nodiscard]] static std::string documents_of(const std::string& data_dir) { return data_dir + "/documents"; }
  [[nodiscard]] std::string folder() const { return snapshot_folder(data()); }
  [[nodiscard]] std::string where(const std::string& name) const { return folder() + "/" + name; }

  [[nodiscard]] SnapshotRequest request(std::string name) const {
    using namespace std::chrono;  // NOLINT(google-build-using-namespace)
    return {folder(), std::move(name), sys_days{2026y / January / 2} + 3h + 4min + 5s};
  }

  static void fill(DocumentStore& store) {
    ASSERT_TRUE(put(store, "default", {document("a", "one"), document("b", "two")}));
    ASSERT_TRUE(put(store, "other", {document("c", "three")}));
    ASSERT_TRUE(put_index(store, "default", "piece", noise(100'000, 1)));
  }

  /// Of the documents of fill(); its directory.
  [[nodiscard]] std::string taken(const std::string& name) const {
    const auto store = open(documents_of(data()));
    fill(*store);
    const auto snapshot = take_snapshot(*store, request(name));
    if (!snapshot) ADD_FAILURE() << snapshot.error().detail;
    return where(name);
  }

  [[nodiscard]] std::string why_not_restored(const std::string& snapshot, bool replace = false) const {
    const auto restored = restore_snapshot({snapshot, target(), replace});
    return restored ? "it was restored" : restored.error().detail;
  }

  static std::string text_of(DocumentStore& store, const std::string& tenant, const std::string& id) {
    const auto stored = store.view()->get(tenant, id);
    return stored ? stored->document.text : stored.error().detail;
  }

  /// The version of its tenant "default".
  static std::string expect_restored(const std::string& data_dir) {
    const auto store = open(documents_of(data_dir));
    if (!store) return {};
    EXPECT_TRUE(store->recovery_notes().empty());
    EXPECT_EQ(text_of(*store, "default", "a"), "one");
    EXPECT_EQ(store->view()->list("default", "", 10)->documents.size(), 2U);
    EXPECT_EQ(text_of(*store, "other", "c"), "three");
    EXPECT_TRUE((*index_of(*store->view(), "default"))["piece"] == noise(100'000, 1));
    return *store->version("default");
  }
};

inline std::string with_uuid_of(const std::string& version) {
  return version.substr(0, version.rfind('-'));
}

}  // namespace ragd::store
