#include "base/host_port.hpp"
#include "cli/api.hpp"
#include "cli/verbs.hpp"

namespace ragd::cli {

namespace {

/// The parts that /health/ready calls unfit: "llm, cache".
std::string failed_checks(const simdjson::dom::element& health) {
  simdjson::dom::object checks;
  std::string names;
  if (health["checks"].get(checks) != simdjson::SUCCESS) return names;
  for (const auto check : checks) {
    bool fit = true;
    if (check.value.get(fit) != simdjson::SUCCESS || fit) continue;
    names.append(names.empty() ? "" : ", ").append(check.key);
  }
  return names;
}

}  // namespace

int healthcheck(const HealthcheckOptions& options, Transport& transport, const Console& console) {
  const std::string& url = options.server.url;
  const auto response = transport.send({"GET", options.ready ? "/health/ready" : "/health", ""});
  if (!response) {
    console.err << "ragd healthcheck: " << printable_line(response.error().detail) << "\n";
    return kExitFailed;
  }
  const auto document = parse_body(*response, url);
  const bool readable = document.has_value();
  if (options.json && readable) console.out << response->body << "\n";
  if (response->status == 200 && readable) {
    if (!options.json) console.out << printable_line(text_field(document->root(), "status")) << "\n";
    return kExitDone;
  }
  const std::string failed = readable ? failed_checks(document->root()) : "";
  console.err << "ragd healthcheck: "
              << (response->status == 503 && readable
                      ? url + " is not ready" + (failed.empty() ? "" : ": " + printable_line(failed))
                  : response->status == 200 ? document.error().detail
                                            : printable_line(explain(*response, url)))
              << "\n";
  return kExitFailed;
}

std::string local_url(std::string_view listen) {
  auto address = base::parse_host_port(listen);
  if (!address) return "http://127.0.0.1:8000";
  if (address->host == "0.0.0.0") address->host = "127.0.0.1";
  if (address->host == "::") address->host = "::1";
  return "http://" + base::format_host_port(*address);
}

}  // namespace ragd::cli
