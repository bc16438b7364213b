// The documents of a corpus that have no vectors yet, handed out to be embedded, and the way back for their vectors.
//
// What waits is written down nowhere: it is whatever is stored without vectors of the embedder's present tag, so a
// restart or a new model loses nothing. One EmbeddingWorker a process asks, from one core; processes that share a
// corpus hand out different documents as far as they can. Every call is safe to repeat.
#pragma once

#include <ragd/embedder.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace ragd::retrieval {

/// A document as it was when it was handed out.
struct WaitingDocument {
  std::string tenant;
  std::string id;
  std::string stamp;               ///< the corpus's own mark of this state of the document
  std::vector<std::string> texts;  ///< to embed, chunk after chunk
};

struct DocumentVectors {
  std::string tenant;
  std::string id;
  std::string stamp;            ///< as it was handed out
  std::vector<Vector> vectors;  ///< one a text; none: the model refuses this document, which then stays without
};

class EmbeddingQueue {
 public:
  virtual ~EmbeddingQueue() = default;

  /// Documents with `passages` texts together, or one with more; none handed out and not back. Empty: none waits.
  virtual Task<Result<std::vector<WaitingDocument>>> take(std::size_t passages) = 0;

  /// When this returns, the vectors are durable, the next retrieve finds by them, and the tenants' versions have moved
  /// on. What has been replaced or deleted since it was handed out is left out, which is no error. After an Error all
  /// of it waits again.
  virtual Task<Result<void>> land(std::vector<DocumentVectors> batch) = 0;

  /// They were not embedded and wait again.
  virtual void put_back(const std::vector<WaitingDocument>& batch) = 0;

  /// Passages that wait or are handed out, as far as is known; 0: everything has vectors that will get some.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  [[nodiscard]] virtual std::size_t waiting(const std::string& tenant) const = 0;
};

/// What is embedded of a chunk: its place in the document says as much as its text.
[[nodiscard]] inline std::string text_to_embed(const std::string& title, const std::string& heading,
                                               const std::string& text) {
  std::string all;
  for (const std::string* part : {&title, &heading}) {
    if (!part->empty()) all += *part + "\n";
  }
  return all + text;
}

}  // namespace ragd::retrieval
