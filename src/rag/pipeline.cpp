#include "rag/pipeline.hpp"

#include "rag/answer_body.hpp"
#include "rag/cache_key.hpp"
#include "rag/fields.hpp"
#include "rag/fingerprint.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ragd::rag {

namespace {

std::int64_t to_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Who may share a computation: the same question of the same corpus, as far as purges have come, read the same way.
std::string flight_key(const Work& work) {
  std::string key;
  append_number(key, work.reads_cache ? 1 : 0);
  append_number(key, work.epoch);
  append_field(key, *work.version);
  append_field(key, work.plan.key.bytes);
  return key;
}

Reply make_reply(const Computed& computed, CacheStatus status, std::int64_t now_ms) {
  const CachedAnswer& answer = *computed.answer;
  Reply reply;
  reply.answer = computed.answer;
  reply.status = status;
  reply.cached = status == CacheStatus::hit || status == CacheStatus::stale || status == CacheStatus::revalidated;
  const std::int64_t as_of = std::max(now_ms, answer.stored_at_ms);
  reply.age_ms = as_of - answer.stored_at_ms;
  reply.ttl_ms = std::max<std::int64_t>(0, answer.expires_at_ms - as_of);
  reply.version = computed.version;
  reply.no_answer = answer.no_answer;
  reply.times = computed.times;
  return reply;
}

/// For everyone who waited; only the leader was there when a cached answer was found to hold still.
CacheStatus status_of(const Landing& landing) {
  if (!landing.result) return landing.leader ? CacheStatus::miss : CacheStatus::coalesced;
  const CacheStatus status = landing.result->status;
  return landing.leader || status == CacheStatus::hit ? status : CacheStatus::coalesced;
}

}  // namespace

Pipeline::Pipeline(const PipelineSettings& settings, Retriever& retriever, Llm& llm, ResponseCache& cache,
                   Permits& permits, obs::Metrics& metrics, const Clock& clock,
                   const std::vector<boost::asio::io_context*>& cores)
    : top_k_(settings.top_k),
      fold_case_(settings.fold_case == Toggle::on ||
                 (settings.fold_case == Toggle::automatic && llm.source() == "extractive")),
      key_of_answerers_(key_of_answerers(retriever.settings_tag(), llm.settings_tag(), llm.model())),
      ttl_ms_(settings.ttl.count()),
      retriever_(retriever),
      llm_(llm),
      cache_(cache),
      permits_(permits),
      metrics_(metrics),
      clock_(clock),
      flights_(cores, settings.request_timeout, clock,
               [this](std::shared_ptr<const Work> work) { return compute(std::move(work)); }) {}

void Pipeline::make_plan(const RequestContext& context, const Question& question, Plan& plan) const {
  normalise(question.text, plan.query.text);
  plan.query.top_k = question.top_k == 0 ? top_k_ : question.top_k;
  plan.query.filter = question.filter;
  make_cache_key(
      {context.caller.tenant, plan.query.text, fold_case_, plan.query.top_k, plan.query.filter, key_of_answerers_},
      plan.key);
}

std::optional<Reply> Pipeline::recall(const RequestContext& context, const Question& question, const Plan& plan,
                                      SteadyTime begun) {
  if (question.cache != CacheMode::use) return std::nullopt;
  const std::int64_t now_ms = to_ms(context.wall_now);
  // The version first: what is found after it may be newer than the version, never older.
  const Result<VersionPtr> version = retriever_.version(context.caller.tenant);
  if (!version || !*version) return std::nullopt;
  CachedAnswerPtr held = cache_.peek(plan.key, now_ms);
  if (!held || held->version != **version) return std::nullopt;
  Computed computed{std::move(held), *version, CacheStatus::hit, {}};
  note_stage(obs::Stage::cache_lookup, begun, computed.times);
  count(CacheStatus::hit);
  return make_reply(computed, CacheStatus::hit, now_ms);
}

Task<Result<Reply>> Pipeline::ask(const RequestContext& context, const Question& question, const Plan& plan) {
  auto work = std::make_shared<Work>();
  work->context = context;
  work->plan = plan;
  work->reads_cache = question.cache == CacheMode::use;
  work->writes_cache = question.cache != CacheMode::bypass;
  Asked asked;
  if (question.cache == CacheMode::bypass) {
    asked = co_await ask_alone(std::move(work), CacheStatus::bypass);
  } else {
    asked = co_await ask_through_cache(std::move(work));
  }
  if (asked.reply) count(asked.status);  // a refusal says nothing of how well the cache does
  co_return std::move(asked.reply);
}

Task<Result<Retrieved>> Pipeline::search(const RequestContext& context, RetrievalQuery query) {
  const std::optional<Permit> permit = permits_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "no permit for a search");
  std::string normal;
  normalise(query.text, normal);
  query.text = std::move(normal);
  if (query.top_k == 0) query.top_k = top_k_;
  StageTimes times{};
  co_return co_await retrieve(context, query, times);
}

Task<Pipeline::Asked> Pipeline::ask_through_cache(std::shared_ptr<Work> work) {
  const std::int64_t now_ms = to_ms(work->context.wall_now);
  constexpr int kMaxFlights = 2;  // the second for who still has time after the first ran out of its own
  for (int flight = 1;; ++flight) {
    work->epoch = cache_.epoch();
    Result<VersionPtr> version = co_await current_version(work->context);
    if (!version) {
      // Nothing says whether a cached answer holds, or whether two questions mean the same corpus.
      work->reads_cache = false;
      co_return co_await ask_alone(std::move(work), CacheStatus::miss);
    }
    work->version = std::move(*version);
    StageTimes times{};
    if (work->reads_cache) {
      const Work& wanted = *work;
      work->seen = co_await look_up(wanted, times);
      if (work->seen && work->seen->version == *work->version) {
        const Computed held{work->seen, work->version, CacheStatus::hit, times};
        co_return Asked{make_reply(held, CacheStatus::hit, now_ms), CacheStatus::hit};
      }
    }
    if (clock_.steady_now() >= work->context.deadline) {
      co_return Asked{fail(Errc::deadline_exceeded, "no time left to look for an answer"), CacheStatus::miss};
    }
    auto flown = std::make_shared<Work>(*work);
    std::string key = flight_key(*work);
    Landing landing = co_await flights_.fly(std::move(key), std::move(flown));
    const CacheStatus status = status_of(landing);
    if (!landing.result) {
      const bool has_time = clock_.steady_now() < work->context.deadline;
      if (landing.flight_timed_out && has_time && flight < kMaxFlights) continue;
      co_return Asked{landing.result.error(), status};
    }
    Computed& computed = *landing.result;
    if (!landing.leader) computed.times = {};  // the others waited; they took part in no stage
    computed.times[static_cast<std::size_t>(obs::Stage::cache_lookup)] =
        times[static_cast<std::size_t>(obs::Stage::cache_lookup)];
    co_return Asked{make_reply(computed, status, now_ms), status};
  }
}

Task<Result<VersionPtr>> Pipeline::current_version(const RequestContext& context) {
  Result<VersionPtr> known = retriever_.version(context.caller.tenant);
  if (!known || *known) co_return known;
  co_return co_await retriever_.read_version(context);
}

Task<Pipeline::Asked> Pipeline::ask_alone(std::shared_ptr<const Work> work, CacheStatus status) {
  const std::int64_t now_ms = to_ms(work->context.wall_now);
  const Result<Computed> computed = co_await compute(std::move(work));
  if (!computed) co_return Asked{computed.error(), status};
  co_return Asked{make_reply(*computed, status, now_ms), status};
}

Task<CachedAnswerPtr> Pipeline::look_up(const Work& work, StageTimes& times) {
  const SteadyTime begun = std::chrono::steady_clock::now();
  const std::int64_t now_ms = to_ms(work.context.wall_now);
  // A fault was counted by the cache and costs a miss.
  Result<CachedAnswerPtr> got = co_await cache_.get(work.plan.key, now_ms);
  note_stage(obs::Stage::cache_lookup, begun, times);
  co_return got ? std::move(*got) : nullptr;
}

Task<Result<Computed>> Pipeline::compute(std::shared_ptr<const Work> work) {
  Computed computed;
  CachedAnswerPtr seen = work->seen;
  if (work->reads_cache) {
    // The same question may have been answered between this one's look into the cache and its flight.
    CachedAnswerPtr held = cache_.peek(work->plan.key, to_ms(work->context.wall_now));
    if (held && held->version == *work->version) {
      computed.answer = std::move(held);
      computed.version = work->version;
      computed.status = CacheStatus::hit;
      co_return computed;
    }
    if (held) seen = std::move(held);
  }
  const std::optional<Permit> permit = permits_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "no permit for a question");

  Result<Retrieved> retrieved = co_await retrieve(work->context, work->plan.query, computed.times);
  if (!retrieved) co_return retrieved.error();
  computed.version = std::make_shared<const std::string>(retrieved->version);
  // What a degraded search found says nothing of what a whole one would find.
  if (seen && !retrieved->degraded && seen->fingerprint == fingerprint_of(retrieved->passages)) {
    CachedAnswerPtr candidate = seen;
    std::string version = retrieved->version;
    Result<CachedAnswerPtr> adopted =
        co_await cache_.adopt(work->plan.key, std::move(candidate), std::move(version), work->epoch);
    computed.answer = adopted ? std::move(*adopted) : std::move(seen);
    computed.status = CacheStatus::revalidated;
    co_return computed;
  }
  if (clock_.steady_now() >= work->context.deadline) {
    co_return fail(Errc::deadline_exceeded, "retrieval took all the time there was");
  }
  const Work& wanted = *work;
  Result<CachedAnswerPtr> answer = co_await generate(wanted, std::move(*retrieved), computed.times);
  if (!answer) co_return answer.error();
  computed.answer = std::move(*answer);
  CachedAnswerPtr stored = computed.answer;
  co_await store(wanted, std::move(stored), computed.times);
  co_return computed;
}

Task<Result<Retrieved>> Pipeline::retrieve(const RequestContext& context, const RetrievalQuery& query,
                                           StageTimes& times) {
  const SteadyTime begun = std::chrono::steady_clock::now();
  Result<Retrieved> retrieved = co_await retriever_.retrieve(context, query);
  note_stage(obs::Stage::retrieve, begun, times);
  if (retrieved) {
    metrics_.retrieved_documents.observe(static_cast<double>(retrieved->passages.size()));
    if (!retrieved->passages.empty()) metrics_.retrieval_top_score.observe(retrieved->passages.front().score);
  }
  co_return retrieved;
}

Task<Result<CachedAnswerPtr>> Pipeline::generate(const Work& work, Retrieved retrieved, StageTimes& times) {
  const GenerateRequest request{work.plan.query.text, std::move(retrieved.passages), std::move(retrieved.terms)};
  Generated generated;  // without passages: no text, which is the honest answer
  if (!request.passages.empty()) {
    const SteadyTime begun = std::chrono::steady_clock::now();
    Result<Generated> result = co_await llm_.generate(work.context, request);
    note_stage(obs::Stage::generate, begun, times);
    if (!result) co_return result.error();
    generated = std::move(*result);
  }
  Result<CachedAnswer> answer =
      compose_answer(generated, request.passages, {llm_.source(), llm_.model(), retrieved.degraded});
  if (!answer) co_return answer.error();
  metrics_.citations_per_answer.observe(answer->no_answer ? 0.0 : static_cast<double>(generated.cited.size()));
  answer->tenant = work.context.caller.tenant;
  answer->version = std::move(retrieved.version);
  answer->fingerprint = fingerprint_of(request.passages);
  answer->stored_at_ms = to_ms(clock_.wall_now());
  const bool is_storable = work.writes_cache && generated.complete && !retrieved.degraded;
  answer->expires_at_ms = answer->stored_at_ms + (is_storable ? ttl_ms_.load(std::memory_order_relaxed) : 0);
  co_return std::make_shared<const CachedAnswer>(std::move(*answer));
}

Task<void> Pipeline::store(const Work& work, CachedAnswerPtr answer, StageTimes& times) {
  const bool expires_at_once = answer->expires_at_ms <= answer->stored_at_ms;
  if (expires_at_once) co_return;
  const CachedAnswer& fresh = *answer;
  const bool displaced = co_await is_displaced(work, fresh);
  if (displaced) co_return;
  const SteadyTime begun = std::chrono::steady_clock::now();
  const Result<void> stored = co_await cache_.put(work.plan.key, std::move(answer), work.epoch);
  note_stage(obs::Stage::cache_store, begun, times);
  // A fault was counted by the cache; the answer is good without it.
  static_cast<void>(stored);
}

/// A slow answer must not take the place of one that a younger flight found for the present corpus.
Task<bool> Pipeline::is_displaced(const Work& work, const CachedAnswer& answer) {
  const CachedAnswerPtr held = cache_.peek(work.plan.key, answer.stored_at_ms);
  if (!held || held->version == answer.version) co_return false;
  const Result<VersionPtr> current = co_await current_version(work.context);
  co_return current && held->version == **current;
}

void Pipeline::note_stage(obs::Stage stage, SteadyTime since, StageTimes& times) {
  const auto took = std::chrono::steady_clock::now() - since;
  times[static_cast<std::size_t>(stage)] += took;
  metrics_.stage_duration.observe(stage, std::chrono::duration<double>(took).count());
}

void Pipeline::count(CacheStatus status) {
  metrics_.cache_requests.add(status);
  switch (status) {
    case CacheStatus::hit:
    case CacheStatus::stale:
    case CacheStatus::revalidated:
      metrics_.cache_hits.add();
      break;
    case CacheStatus::coalesced:
      metrics_.coalesced_queries.add();
      metrics_.cache_misses.add();
      break;
    case CacheStatus::miss:
      metrics_.cache_misses.add();
      break;
    case CacheStatus::bypass:
      break;
  }
}

}  // namespace ragd::rag
