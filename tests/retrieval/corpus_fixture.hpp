// A store, its pools and the corpus over them, on a directory of its own for every test.
#pragma once

#include "fakes/temporary_folder.hpp"
#include "retrieval/embedded_corpus.hpp"
#include "retrieval/embedding_texts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval {

/// Runs one task to its end on an io_context of its own.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context io;
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(task), [&result](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    result = std::move(value);
  });
  io.run();
  return *std::move(result);
}

inline Document document(const std::string& id, const std::string& text, const std::string& metadata = "{}") {
  return {id, text, "Title " + id, "source/" + id, metadata};
}

inline RequestContext as(const std::string& tenant) {
  RequestContext context;
  context.caller.tenant = tenant;
  return context;
}

/// A writer that runs out of memory between the commit and the publication, as often as it is told to.
class Forgetful : public CorpusWriter {
 public:
  using CorpusWriter::CorpusWriter;
  std::atomic<int> failures{0};

 protected:
  [[nodiscard]] store::ViewPtr look() override {
    if (failures > 0) {
      --failures;
      throw std::bad_alloc();
    }
    return CorpusWriter::look();
  }
};

/// Many tests write the same sentence under many ids.
inline RetrievalSettings with_duplicates() {
  RetrievalSettings settings;
  settings.collapse_duplicates = false;
  return settings;
}

/// A store, its pools and the corpus over them; made anew it is a restart.
struct Server {
  explicit Server(const std::string& directory, RetrievalSettings settings = with_duplicates(),
                  QueryEmbedder* queries = nullptr)
      : store(*store::DocumentStore::open(directory)),
        writer(*store, writer_pool, merge_pool, published, queries == nullptr ? 0 : vectors_tag(queries->tag())),
        corpus(*store, pool, writer_pool, writer, published, settings, queries) {
    EXPECT_TRUE(writer.restore());
  }
  ~Server() {
    pool.join();
    writer_pool.join();
    merge_pool.join();
  }

  Result<PutOutcome> put(std::vector<Document> batch, const std::string& tenant = "default") {
    const RequestContext context = as(tenant);
    return run(corpus.put(context, std::move(batch)));
  }
  Result<std::string> erase(const std::string& id, const std::string& tenant = "default") {
    const RequestContext context = as(tenant);
    return run(corpus.erase(context, id));
  }
  Retrieved retrieve(const std::string& text, const std::string& tenant = "default", const Filter& filter = {}) {
    const RequestContext context = as(tenant);
    const RetrievalQuery query{text, 50, filter};
    return *run(corpus.retrieve(context, query));
  }
  std::vector<std::string> found(const std::string& text, const std::string& tenant = "default") {
    std::vector<std::string> ids;
    for (const Passage& passage : retrieve(text, tenant).passages) ids.push_back(passage.document_id);
    return ids;
  }
  std::string version(const std::string& tenant = "default") { return **corpus.version(tenant); }

  boost::asio::thread_pool pool{2};
  boost::asio::thread_pool writer_pool{1};
  boost::asio::thread_pool merge_pool{1};
  std::unique_ptr<store::DocumentStore> store;
  PublishedCatalogue published;
  Forgetful writer;
  EmbeddedCorpus corpus;
};

using Ids = std::vector<std::string>;

class EmbeddedCorpusTest : public testing::Test {
 protected:
  [[nodiscard]] std::string directory() const { return temporary_ / "documents"; }

 private:
  fakes::TemporaryFolder temporary_;
};

}  // namespace ragd::retrieval
