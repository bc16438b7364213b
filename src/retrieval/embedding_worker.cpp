#include "retrieval/embedding_worker.hpp"

#include "obs/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

/// After as many failures in a row a batch is tried document by document.
constexpr int kFailuresToDoubtTexts = 2;
constexpr int kDoubtsToRefuse = 3;
constexpr std::size_t kMostDoubts = 1'000;

}  // namespace

EmbeddingWorker::EmbeddingWorker(const Executor& executor, EmbeddingQueue& queue, Embedder& embedder,
                                 const Clock& clock, const EmbeddingWorkerSettings& settings)
    : executor_(executor),
      queue_(queue),
      embedder_(embedder),
      clock_(clock),
      settings_(settings),
      timer_(executor),
      pause_(settings.least_pause) {}

void EmbeddingWorker::start() {
  auto on_end = [this](const std::exception_ptr& thrown) {
    if (!thrown || stopping_) return;
    obs::log(LogLevel::error, "embedding has ended by a bug, until the next start");
  };
  boost::asio::co_spawn(executor_, run(), std::move(on_end));
}

void EmbeddingWorker::stop() {
  stopping_ = true;
  timer_.cancel();
  abort_.emit(boost::asio::cancellation_type::terminal);
}

Task<void> EmbeddingWorker::run() {
  while (!stopping_) {
    Step done = Step::failed;
    try {
      done = co_await step();
    } catch (const std::exception& bug) {
      queue_.put_back(taken_);
      if (!stopping_) note(fail(Errc::internal, bug.what()));
    }
    const std::chrono::milliseconds pause = pause_after(done);
    if (pause.count() == 0 || stopping_) continue;
    timer_.expires_after(pause);
    const boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> token;
    co_await timer_.async_wait(token);  // canceled: stopping
  }
}

std::chrono::milliseconds EmbeddingWorker::pause_after(Step step) {
  if (step == Step::failed) return std::exchange(pause_, std::min(pause_ * 2, settings_.most_pause));
  pause_ = settings_.least_pause;
  return step == Step::idle ? settings_.idle : std::chrono::milliseconds(0);
}

Task<EmbeddingWorker::Step> EmbeddingWorker::step() {
  taken_.clear();
  Result<std::vector<WaitingDocument>> taken = co_await queue_.take(settings_.passages);
  if (!taken) {
    note(taken.error());
    co_return Step::failed;
  }
  if (taken->empty()) co_return Step::idle;
  taken_ = *std::move(taken);
  Result<Embedding> embedded = co_await embed_all();
  if (!embedded) {
    queue_.put_back(taken_);
    if (!stopping_) note(embedded.error());
    co_return Step::failed;
  }
  queue_.put_back(embedded->undecided);
  const Result<void> landed = co_await queue_.land(std::move(embedded->documents));
  if (!landed) {
    note(landed.error());
    co_return Step::failed;
  }
  if (std::exchange(failures_, 0) > 0) obs::log(LogLevel::info, "embedding goes on");
  co_return Step::worked;
}

/// A request at a time, so that each has its own deadline however long a document is.
Task<Result<std::vector<Vector>>> EmbeddingWorker::embed(const std::vector<std::string>& texts) {
  std::vector<Vector> vectors;
  for (std::size_t begin = 0; begin < texts.size(); begin += settings_.passages) {
    const std::size_t end = std::min(texts.size(), begin + settings_.passages);
    std::vector<std::string> slice(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                   texts.begin() + static_cast<std::ptrdiff_t>(end));
    Result<Embedded> embedded = co_await embed_slice(std::move(slice));
    if (stopping_) co_return fail(Errc::canceled, "stopping");
    if (!embedded) co_return embedded.error();
    std::move(embedded->vectors.begin(), embedded->vectors.end(), std::back_inserter(vectors));
  }
  co_return vectors;
}

/// In a coroutine of its own, which stop() can abort without touching the corpus's work.
Task<Result<Embedded>> EmbeddingWorker::embed_slice(std::vector<std::string> texts) {
  const SteadyTime deadline = clock_.steady_now() + settings_.timeout;
  Task<Result<Embedded>> work = embedder_.embed(deadline, std::move(texts), EmbeddingUse::passage);
  auto token = boost::asio::bind_cancellation_slot(abort_.slot(), boost::asio::use_awaitable_t<Executor>());
  co_return co_await boost::asio::co_spawn(executor_, std::move(work), std::move(token));
}

Task<Result<EmbeddingWorker::Embedding>> EmbeddingWorker::embed_all() {
  std::vector<std::string> texts;
  for (const WaitingDocument& document : taken_)
    texts.insert(texts.end(), document.texts.begin(), document.texts.end());
  Result<std::vector<Vector>> vectors = co_await embed(texts);
  if (!vectors) {
    // Some servers say "unavailable" of a text that is too long.
    const bool may_be_a_text = vectors.error().code == Errc::unprocessable || failures_ >= kFailuresToDoubtTexts;
    if (!may_be_a_text || stopping_) co_return vectors.error();
    co_return co_await embed_one_by_one();
  }
  Embedding embedding;
  auto next = vectors->begin();
  for (const WaitingDocument& document : taken_) {
    const auto end = next + static_cast<std::ptrdiff_t>(document.texts.size());
    embedding.documents.push_back(
        {document.tenant, document.id, document.stamp, {std::make_move_iterator(next), std::make_move_iterator(end)}});
    next = end;
  }
  co_return embedding;
}

/// A document is only refused where the server is well: else it may be down, or the model's name be wrong.
Task<Result<EmbeddingWorker::Embedding>> EmbeddingWorker::embed_one_by_one() {
  Embedding embedding;
  std::vector<std::pair<const WaitingDocument*, Error>> failed;
  for (const WaitingDocument& document : taken_) {
    Result<std::vector<Vector>> vectors = co_await embed(document.texts);
    if (stopping_) co_return fail(Errc::canceled, "stopping");
    if (!vectors) {
      failed.emplace_back(&document, vectors.error());
      continue;
    }
    doubts_.erase({document.tenant, document.id});
    embedding.documents.push_back({document.tenant, document.id, document.stamp, *std::move(vectors)});
  }
  bool is_well = !embedding.documents.empty();
  if (!is_well) {
    const std::vector<std::string> harmless{"ragd"};
    const Result<std::vector<Vector>> probe = co_await embed(harmless);
    is_well = probe.has_value();
  }
  for (const auto& [document, error] : failed) {
    if (is_well && is_the_texts_fault(*document, error)) {
      obs::log(LogLevel::warning, "a document is refused by the embedding server and stays without vectors",
               {{"document", std::string_view(document->id)}, {"error", std::string_view(error.detail)}});
      embedding.documents.push_back({document->tenant, document->id, document->stamp, {}});
    } else {
      embedding.undecided.push_back(*document);
    }
  }
  if (embedding.documents.empty()) co_return failed.back().second;
  co_return embedding;
}

/// Of a text that failed where others did not. What is not plainly refused must do so several times: a limit may have
/// been reached, or the server have come back in between.
bool EmbeddingWorker::is_the_texts_fault(const WaitingDocument& document, const Error& error) {
  if (error.code == Errc::unprocessable) return true;
  if (doubts_.size() >= kMostDoubts) doubts_.clear();
  const std::pair<std::string, std::string> name(document.tenant, document.id);
  if (++doubts_[name] < kDoubtsToRefuse) return false;
  doubts_.erase(name);
  return true;
}

void EmbeddingWorker::note(const Error& error) {
  if (failures_++ > 0) return;
  obs::log(LogLevel::warning, "embedding has to wait", {{"error", std::string_view(error.detail)}});
}

}  // namespace ragd::retrieval
