// Documents to the server in batches, and the hashes of those it already has.
//
// For one thread; blocks. It waits where the server asks for patience (429, 503), within bounds, and halves a batch the
// server refuses for its size or contents until the documents at fault stand alone. Anything else ends the upload.
#pragma once

#include "cli/transport.hpp"
#include "cli/verbs.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::cli {

struct UploadItem {
  std::string name;  ///< what the person knows it by
  std::string json;  ///< the document as POST /documents takes it
};

struct UploadEvents {
  std::function<void(const std::string& name, const std::string& reason)> refused;
  std::function<void(const std::string& line)> waiting;
};

struct UploadCounts {
  std::size_t accepted = 0;
  std::size_t unchanged = 0;
  std::size_t chunks = 0;
};

class Uploader {
 public:
  Uploader(Transport& transport, std::string url, Sleeper sleep, UploadEvents events);

  /// Sends what has gathered when `item` does not fit beside it. An Error's detail is the line for the person.
  Result<void> add(UploadItem item);
  Result<void> flush();
  [[nodiscard]] const UploadCounts& counts() const { return counts_; }

 private:
  Result<void> send(std::span<const UploadItem> items);
  Result<void> count(const ClientResponse& response);

  Transport& transport_;
  std::string url_;
  Sleeper sleep_;
  UploadEvents events_;
  std::vector<UploadItem> batch_;
  std::size_t batch_bytes_ = 0;
  UploadCounts counts_;
};

/// metadata.file_sha256 by id of those of `ids` the server has, from its list of documents up to the last of them.
[[nodiscard]] Result<std::map<std::string, std::string>> stored_hashes(Transport& transport, const std::string& url,
                                                                       const std::set<std::string>& ids,
                                                                       const Sleeper& sleep);

/// Passages the server has and no vectors for yet.
[[nodiscard]] Result<std::uint64_t> waiting_for_vectors(Transport& transport, const std::string& url,
                                                        const Sleeper& sleep);

}  // namespace ragd::cli
