// What one commit changes of one tenant, collected before anything is written. Plain data, not thread-safe.
#pragma once

#include "store/stored_document.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::store {

class Write {
 public:
  explicit Write(std::string tenant) : tenant_(std::move(tenant)) {}

  /// The document must outlive this. Each id at most once, put or erased.
  void put(const StoredDocument& document) { documents_.push_back(&document); }
  void erase(std::string id) { erased_.push_back(std::move(id)); }

  /// Index records are the caller's own: any name, any bytes. Written after those erased.
  void put_index(std::string name, std::string value) { index_.emplace_back(std::move(name), std::move(value)); }
  void erase_index(std::string name) { erased_index_.push_back(std::move(name)); }

  /// Though no document changes: what a search finds does.
  void bump_version() { bumps_version_ = true; }

  [[nodiscard]] const std::string& tenant() const { return tenant_; }
  [[nodiscard]] const std::vector<const StoredDocument*>& documents() const { return documents_; }
  [[nodiscard]] const std::vector<std::string>& erased() const { return erased_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& index() const { return index_; }
  [[nodiscard]] const std::vector<std::string>& erased_index() const { return erased_index_; }
  [[nodiscard]] bool bumps_version() const { return bumps_version_ || !documents_.empty() || !erased_.empty(); }

 private:
  std::string tenant_;
  std::vector<const StoredDocument*> documents_;
  std::vector<std::string> erased_;
  std::vector<std::pair<std::string, std::string>> index_;
  std::vector<std::string> erased_index_;
  bool bumps_version_ = false;
};

}  // namespace ragd::store
