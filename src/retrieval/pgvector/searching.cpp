#include "retrieval/pgvector/searching.hpp"

#include "retrieval/pgvector/filter_sql.hpp"
#include "retrieval/pgvector/schema.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

// pgvector's limits for an HNSW index.
constexpr std::size_t kMostDimensions = 2'000;
constexpr std::size_t kMostHalves = 4'000;

/// From each side, for fusion: a chunk that is good on both sides need not be among the very best of either.
constexpr std::size_t kFused = 100;

/// A chunk's place in its corpus; sorts as ties are broken.
using Key = std::pair<std::string, std::uint64_t>;

struct Ranked {
  Key key;
  double score = 0;
};

/// The version, and how much of the corpus has vectors of the model, 0 to 1.
Statement version_of(const Inquiry& inquiry) {
  Statement select(
      "SELECT coalesce(c.uuid, m.uuid) || '-' || coalesce(c.counter, 0), "
      "coalesce(v.chunks::float8 / nullif(c.chunks, 0), 0) FROM ragd.meta m LEFT JOIN ragd.corpus c ON c.tenant = ");
  select.bind(inquiry.tenant) << " LEFT JOIN ragd.coverage v ON v.tenant = c.tenant AND v.model = ";
  select.bind(std::to_string(inquiry.model)) << "::int";
  return select;
}

std::string lexemes_of(const Inquiry& inquiry) {
  ArrayText array;
  for (const QueryWord& word : inquiry.words) array.add(word.lexeme);
  return std::move(array).str();
}

/// "weights": each word of the question with its inverse document frequency, in order.
void append_weights(Statement& statement, const Inquiry& inquiry) {
  statement << "corpus AS MATERIALIZED (SELECT chunks::float8 AS chunks, "
               "length::float8 / greatest(chunks, 1) AS average FROM ragd.corpus WHERE tenant = ";
  statement.bind(inquiry.tenant)
      << "), weights AS MATERIALIZED (SELECT q.place, q.lexeme, "
         "ln(1 + (c.chunks - coalesce(w.chunks, 0) + 0.5) / (coalesce(w.chunks, 0) + 0.5)) AS weight "
         "FROM corpus c CROSS JOIN unnest(";
  statement.bind(lexemes_of(inquiry)) << "::text[]) WITH ORDINALITY AS q(lexeme, place) "
                                         "LEFT JOIN ragd.words w ON w.tenant = ";
  statement.bind(inquiry.tenant) << " AND w.word = q.lexeme)";
}

Statement weights_of(const Inquiry& inquiry) {
  Statement select("WITH ");
  append_weights(select, inquiry);
  select << " SELECT weight FROM weights ORDER BY place";
  return select;
}

Statement rank_by_words(const Inquiry& inquiry, std::size_t count) {
  ArrayText queries;
  ArrayText times;
  for (const QueryWord& word : inquiry.words) {
    queries.add(quoted(word.lexeme));
    times.add(static_cast<std::uint64_t>(word.times));
  }
  Statement rank("WITH ");
  append_weights(rank, inquiry);
  rank << ", words AS MATERIALIZED (SELECT q.query::tsquery AS query, q.times * w.weight AS weight FROM weights w JOIN "
          "unnest(";
  rank.bind(std::move(queries).str()) << "::text[], ";
  rank.bind(std::move(times).str()) << "::float8[]) WITH ORDINALITY AS q(query, times, place) USING (place)), "
                                       "attainable AS MATERIALIZED (SELECT sum(weight) AS sum FROM words) "
                                       "SELECT * FROM (SELECT k.document_id, k.ordinal, ("
                                       "SELECT sum(w.weight * f.times / (f.times + ";
  rank.bind(number_text(inquiry.k1)) << "::float8 * (1 - ";
  rank.bind(number_text(inquiry.b)) << "::float8 + ";
  rank.bind(number_text(inquiry.b))
      << "::float8 * k.length / c.average))) FROM words w, "
         "LATERAL (SELECT ts_rank_cd('{1,1,1,1}', k.words, w.query, 0)::float8 AS times) f WHERE f.times > 0"
         ") / a.sum AS score FROM corpus c, attainable a, ragd.chunks k WHERE k.tenant = ";
  rank.bind(inquiry.tenant) << " AND k.words @@ ";
  rank.bind(any_of(inquiry.words)) << "::tsquery";
  append_filter(rank, inquiry.filter, "k");
  rank << ") AS ranked WHERE score >= ";
  rank.bind(number_text(inquiry.min_score)) << "::float8 ORDER BY score DESC, document_id, ordinal LIMIT ";
  rank.bind(std::to_string(count)) << "::bigint";
  return rank;
}

Statement rank_by_vector(const Inquiry& inquiry, std::size_t count) {
  const std::size_t dimension = inquiry.vector->size();
  Statement rank("SELECT e.document_id, e.ordinal, 1 - (" + as_indexed("e.embedding", dimension) + " <=> ");
  const std::string text = vector_text(*inquiry.vector);
  rank.bind(text) << as_indexed("", dimension) << ") FROM ragd.embeddings e WHERE e.tenant = ";
  // The model's number stands in the SQL, since the planner must see that the model's own index will do.
  rank.bind(inquiry.tenant) << " AND e.model = " << std::to_string(inquiry.model);
  append_filter(rank, inquiry.filter, "e");
  rank << " ORDER BY " << as_indexed("e.embedding", dimension) << " <=> ";
  rank.bind(text) << as_indexed("", dimension) << " LIMIT ";
  rank.bind(std::to_string(count)) << "::bigint";
  return rank;
}

std::vector<Ranked> ranking_of(const Rows& rows, double min_score) {
  std::vector<Ranked> ranking;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double score = rows.real(i, 2);
    if (score >= min_score) ranking.push_back({{rows.text(i, 0), rows.integer(i, 1)}, score});
  }
  // The index gives what is equally near in no order.
  std::sort(ranking.begin(), ranking.end(), [](const Ranked& one, const Ranked& other) {
    return one.score != other.score ? one.score > other.score : one.key < other.key;
  });
  return ranking;
}

std::vector<Ranked> fused(const std::vector<Ranked>& by_words, const std::vector<Ranked>& by_vector, Fusion how,
                          double weight, std::size_t count) {
  std::map<Key, std::size_t> numbers;
  for (const std::vector<Ranked>* const side : {&by_words, &by_vector}) {
    for (const Ranked& ranked : *side) numbers.emplace(ranked.key, 0);
  }
  std::vector<const Key*> keys;
  for (auto& [key, number] : numbers) {
    number = keys.size();
    keys.push_back(&key);
  }
  const auto numbered = [&numbers](const std::vector<Ranked>& side) {
    std::vector<Candidate> candidates;
    candidates.reserve(side.size());
    for (const Ranked& ranked : side) candidates.push_back({numbers.at(ranked.key), ranked.score});
    return candidates;
  };
  std::vector<Ranked> ranking;
  for (const FusedChunk& chunk : fuse(numbered(by_words), numbered(by_vector), how, weight, count)) {
    ranking.push_back({*keys[chunk.chunk], chunk.score});
  }
  return ranking;
}

Statement read_passages(const std::string& tenant, const std::vector<Ranked>& ranking) {
  ArrayText ids;
  ArrayText ordinals;
  for (const Ranked& ranked : ranking) {
    ids.add(ranked.key.first);
    ordinals.add(ranked.key.second);
  }
  Statement read("SELECT d.title, d.source, d.metadata, k.heading, k.text, k.begins, k.ends FROM unnest(");
  read.bind(std::move(ids).str()) << "::text[], ";
  read.bind(std::move(ordinals).str()) << "::int[]) WITH ORDINALITY AS r(id, ordinal, place) "
                                          "JOIN ragd.chunks k ON k.tenant = ";
  read.bind(tenant) << " AND k.document_id = r.id AND k.ordinal = r.ordinal "
                       "JOIN ragd.documents d ON d.tenant = k.tenant AND d.id = k.document_id ORDER BY r.place";
  return read;
}

std::vector<Passage> passages_of(const Rows& rows, const std::vector<Ranked>& ranking) {
  std::vector<Passage> passages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Ranked& ranked = ranking.at(i);
    Passage& passage = passages.emplace_back();
    passage.document_id = ranked.key.first;
    passage.chunk_id = ranked.key.first + "#" + std::to_string(ranked.key.second);
    passage.title = rows.text(i, 0);
    passage.source = rows.text(i, 1);
    passage.metadata_json = rows.text(i, 2);
    passage.heading = rows.text(i, 3);
    passage.text = rows.text(i, 4);
    passage.score = ranked.score;
    passage.start = rows.integer(i, 5);
    passage.end = rows.integer(i, 6);
  }
  return passages;
}

std::vector<QueryTerm> terms_of(const Inquiry& inquiry, const Rows& weights) {
  std::vector<QueryTerm> terms;
  for (std::size_t i = 0; i < inquiry.words.size(); ++i) {
    terms.push_back({inquiry.words[i].stem, weights.empty() ? 0 : weights.real(i, 0)});
  }
  return terms;
}

}  // namespace

bool has_index(std::size_t dimension) {
  return dimension <= kMostHalves;
}

std::string as_indexed(const std::string& text, std::size_t dimension) {
  const char* const type = dimension > kMostDimensions && has_index(dimension) ? "::halfvec(" : "::vector(";
  return text + type + std::to_string(dimension) + ")";
}

Task<Result<Retrieved>> search(Connection& connection, const Inquiry& inquiry, SteadyTime deadline) {
  const bool by_words = !inquiry.words.empty();
  const bool by_vector = inquiry.vector != nullptr && inquiry.model != 0 && inquiry.vector_weight > 0;
  const std::size_t count = chunks_to_rank(inquiry.policy);
  const std::size_t each = by_vector ? std::max(count, kFused) : count;
  std::vector<Statement> statements{Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), limit_time(deadline),
                                    version_of(inquiry)};
  if (by_words) {
    statements.push_back(weights_of(inquiry));
    statements.push_back(rank_by_words(inquiry, each));
  }
  if (by_vector) statements.push_back(rank_by_vector(inquiry, each));
  Result<AllRows> found = co_await connection.run(std::move(statements), deadline);
  if (!found) co_return found.error();

  Retrieved retrieved;
  retrieved.version = found->at(2).text(0, 0);
  std::vector<Ranked> ranking;
  if (by_words) {
    retrieved.terms = terms_of(inquiry, found->at(3));
    ranking = ranking_of(found->at(4), inquiry.min_score);
  }
  if (by_vector) {
    const std::vector<Ranked> nearest = ranking_of(found->back(), inquiry.min_score);
    // As much as there are vectors: the first thousand of a million must not push the rest aside.
    const double weight = inquiry.vector_weight * found->at(2).real(0, 1);
    ranking = fused(ranking, nearest, inquiry.fusion, weight, count);
  }

  std::vector<Statement> last;
  if (!ranking.empty()) last.push_back(read_passages(inquiry.tenant, ranking));
  last.emplace_back("COMMIT");
  found = co_await connection.run(std::move(last), deadline);
  if (!found) co_return found.error();
  if (!ranking.empty()) {
    retrieved.passages = choose_passages(passages_of(found->at(0), ranking), inquiry.policy);
  }
  co_return retrieved;
}

}  // namespace ragd::retrieval::pgvector
