#include "retrieval/embedding_worker.hpp"

#include "obs/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace ragd::retrieval {

namespace {

/// After as many failures in a row a batch is tried document by document.
constexpr int kFailuresToDoubtTexts = 2;

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
    const Step done = co_await step();
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
  Result<std::vector<WaitingDocument>> taken = co_await queue_.take(settings_.passages);
  if (!taken) {
    note(taken.error());
    co_return Step::failed;
  }
  if (taken->empty()) co_return Step::idle;
  const std::vector<WaitingDocument> batch = *std::move(taken);
  if (stopping_) co_return Step::idle;
  Result<std::vector<DocumentVectors>> embedded = co_await embed_all(batch);
  if (!embedded) {
    queue_.put_back(batch);
    if (!stopping_) note(embedded.error());
    co_return Step::failed;
  }
  const Result<void> landed = co_await queue_.land(*std::move(embedded));
  if (!landed) {
    note(landed.error());
    co_return Step::failed;
  }
  has_worked_ = true;
  if (std::exchange(failures_, 0) > 0) obs::log(LogLevel::info, "embedding goes on");
  co_return Step::worked;
}

/// In a coroutine of its own, which stop() can abort without touching the corpus's work.
Task<Result<Embedded>> EmbeddingWorker::embed(std::vector<std::string> texts) {
  const SteadyTime deadline = clock_.steady_now() + settings_.timeout;
  Task<Result<Embedded>> work = embedder_.embed(deadline, std::move(texts), EmbeddingUse::passage);
  auto token = boost::asio::bind_cancellation_slot(abort_.slot(), boost::asio::use_awaitable_t<Executor>());
  co_return co_await boost::asio::co_spawn(executor_, std::move(work), std::move(token));
}

Task<Result<std::vector<DocumentVectors>>> EmbeddingWorker::embed_all(const std::vector<WaitingDocument>& batch) {
  std::vector<std::string> texts;
  for (const WaitingDocument& document : batch) texts.insert(texts.end(), document.texts.begin(), document.texts.end());
  Result<Embedded> embedded = co_await embed(std::move(texts));
  if (!embedded) {
    // Some servers say "unavailable" of a text that is too long.
    const bool may_be_a_text = embedded.error().code == Errc::unprocessable || failures_ >= kFailuresToDoubtTexts;
    if (!may_be_a_text || stopping_) co_return embedded.error();
    co_return co_await embed_one_by_one(batch);
  }
  std::vector<DocumentVectors> documents;
  auto next = embedded->vectors.begin();
  for (const WaitingDocument& document : batch) {
    const auto end = next + static_cast<std::ptrdiff_t>(document.texts.size());
    documents.push_back(
        {document.tenant, document.id, document.stamp, {std::make_move_iterator(next), std::make_move_iterator(end)}});
    next = end;
  }
  co_return documents;
}

/// A document is refused only where others are not: else it may be the model's name that is wrong, or the server down.
Task<Result<std::vector<DocumentVectors>>> EmbeddingWorker::embed_one_by_one(
    const std::vector<WaitingDocument>& batch) {
  std::vector<DocumentVectors> documents;
  std::optional<Error> refusal;
  bool any = false;
  bool all_of_texts = true;
  for (const WaitingDocument& document : batch) {
    std::vector<std::string> texts = document.texts;
    Result<Embedded> embedded = co_await embed(std::move(texts));
    documents.push_back({document.tenant, document.id, document.stamp, {}});
    if (embedded) {
      documents.back().vectors = std::move(embedded->vectors);
      any = true;
    } else {
      refusal = embedded.error();
      all_of_texts = all_of_texts && refusal->code == Errc::unprocessable;
    }
    if (stopping_) co_return fail(Errc::canceled);
  }
  if (refusal && !any && !(all_of_texts && has_worked_)) co_return *refusal;
  for (const DocumentVectors& document : documents) {
    if (!document.vectors.empty()) continue;
    obs::log(LogLevel::warning, "a document is refused by the embedding server and stays without vectors",
             {{"document", std::string_view(document.id)}, {"error", std::string_view(refusal->detail)}});
  }
  co_return documents;
}

void EmbeddingWorker::note(const Error& error) {
  if (failures_++ > 0) return;
  obs::log(LogLevel::warning, "embedding has to wait", {{"error", std::string_view(error.detail)}});
}

}  // namespace ragd::retrieval
