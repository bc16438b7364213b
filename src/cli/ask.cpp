#include "base/json.hpp"
#include "cli/api.hpp"
#include "cli/verbs.hpp"

#include <array>
#include <cstdio>
#include <string>

namespace ragd::cli {

namespace {

std::string body_of(const AskOptions& options) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object().key("question").string(options.question);
  if (options.top_k) json.key("top_k").integer(*options.top_k);
  json.end_object();
  return body;
}

std::string two_digits(double value) {
  std::array<char, 32> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

void print_citation(const simdjson::dom::element& citation, std::ostream& out) {
  const std::string title = text_field(citation, "title");
  const std::string source = text_field(citation, "source");
  const std::string name = source.empty() ? text_field(citation, "document_id") : source;
  out << "[" << count_field(citation, "id") << "] " << printable_line(title.empty() ? name : title);
  if (!title.empty() && title != name) out << " - " << printable_line(name);
  out << " (" << two_digits(number_field(citation, "score")) << ")\n";
}

/// "cached: no (miss), extractive, degraded, 12 ms"
void print_footer(const simdjson::dom::element& answer, std::chrono::milliseconds took, std::ostream& out) {
  simdjson::dom::element cache;
  out << "cached: " << (bool_field(answer, "cached") ? "yes" : "no");
  if (answer["cache"].get(cache) == simdjson::SUCCESS)
    out << " (" << printable_line(text_field(cache, "status")) << ")";
  if (const std::string source = text_field(answer, "answer_source"); !source.empty())
    out << ", " << printable_line(source);
  if (bool_field(answer, "degraded")) out << ", degraded";
  out << ", " << took.count() << " ms\n";
}

}  // namespace

int ask(const AskOptions& options, Transport& transport, const Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  const auto response = call(transport, {"POST", "/query", body_of(options)}, options.server.url);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  const auto document =
      response ? parse_body(*response, options.server.url) : Result<base::JsonDocument>(response.error());
  if (!document) {
    console.err << "ragd ask: " << printable_line(document.error().detail) << "\n";
    return kExitFailed;
  }
  const simdjson::dom::element answer = document->root();
  const auto citations = array_field(answer, "citations");
  if (options.json) {
    console.out << response->body << "\n";
  } else {
    console.out << printable(text_field(answer, "answer")) << "\n\n";
    for (const auto citation : citations) print_citation(citation, console.out);
    print_footer(answer, took, console.out);
  }
  return citations.begin() == citations.end() ? kExitNothingFound : kExitDone;
}

}  // namespace ragd::cli
