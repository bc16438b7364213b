#include "base/json.hpp"
#include "base/unicode.hpp"
#include "cli/api.hpp"
#include "cli/verbs.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>

namespace ragd::cli {

namespace {

constexpr std::size_t kSnippetBytes = 240;

std::string body_of(const SearchOptions& options) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object().key("query").string(options.query);
  if (options.top_k) json.key("top_k").integer(*options.top_k);
  json.end_object();
  return body;
}

std::string snippet_of(const std::string& text) {
  const std::string line = base::collapse_whitespace(text);
  const std::string_view prefix = base::utf8_prefix(line, kSnippetBytes);
  return printable_line(prefix) + (prefix.size() < line.size() ? "..." : "");
}

void print_result(std::size_t rank, const simdjson::dom::element& result, std::ostream& out) {
  std::array<char, 48> head{};
  std::snprintf(head.data(), head.size(), "%2zu. %.3f  ", rank, number_field(result, "score"));
  const std::string title = text_field(result, "title");
  const std::string source = text_field(result, "source");
  const std::string name = source.empty() ? text_field(result, "document_id") : source;
  out << head.data() << printable_line(title.empty() ? name : title);
  if (!title.empty() && title != name) out << " - " << printable_line(name);
  out << "\n           " << snippet_of(text_field(result, "text")) << "\n";
}

}  // namespace

int search(const SearchOptions& options, Transport& transport, const Console& console) {
  const auto response = call(transport, {"POST", "/search", body_of(options)}, options.server.url);
  const auto document =
      response ? parse_body(*response, options.server.url) : Result<base::JsonDocument>(response.error());
  if (!document) {
    console.err << "ragd search: " << printable_line(document.error().detail) << "\n";
    return kExitFailed;
  }
  std::size_t rank = 0;
  const auto results = array_field(document->root(), "results");
  if (options.json) console.out << response->body << "\n";
  for (const auto result : results) {
    ++rank;
    if (!options.json) print_result(rank, result, console.out);
  }
  if (rank == 0 && !options.json) console.out << "nothing found\n";
  return rank == 0 ? kExitNothingFound : kExitDone;
}

}  // namespace ragd::cli
