// `ragd snapshot` and `ragd restore`.
#include "base/json.hpp"
#include "cli/api.hpp"
#include "cli/verbs.hpp"
#include "store/document_store.hpp"
#include "store/snapshot_restore.hpp"
#include "store/snapshot_take.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace ragd::cli {

namespace {

std::string request_body(const std::string& name) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object();
  if (!name.empty()) json.key("name").string(name);
  json.end_object();
  return body;
}

int refuse(const Console& console, const char* verb, const Error& error) {
  console.err << "ragd " << verb << ": " << printable_line(error.detail) << "\n";
  return kExitFailed;
}

void print_taken(const Console& console, const std::string& name, std::uint64_t documents, std::uint64_t bytes) {
  console.out << "snapshot " << printable_line(name) << ": " << documents << " documents, " << bytes << " bytes\n";
}

Result<store::Snapshot> take_offline(const SnapshotOptions& options, const Console& console, const Clock& clock) {
  const std::string documents = options.data_dir + "/documents";
  std::error_code error;
  // Opening would make one.
  if (!std::filesystem::exists(documents, error)) {
    return fail(Errc::not_found, "data directory " + options.data_dir + " holds no documents");
  }
  const Result<std::unique_ptr<store::DocumentStore>> store = store::DocumentStore::open(documents);
  if (!store) return store.error();
  for (const std::string& note : (*store)->recovery_notes()) {
    console.err << "ragd snapshot: " << printable_line(note) << "\n";
  }
  return store::take_snapshot(**store, {store::snapshot_folder(options.data_dir), options.name, clock.wall_now()});
}

}  // namespace

int snapshot(const SnapshotOptions& options, Transport& transport, const Console& console) {
  const auto response = call(transport, {"POST", "/admin/snapshot", request_body(options.name)}, options.server.url);
  if (!response) return refuse(console, "snapshot", response.error());
  const auto taken = parse_body(*response, options.server.url);
  if (!taken) return refuse(console, "snapshot", taken.error());
  if (options.json) {
    console.out << response->body << "\n";
  } else {
    print_taken(console, text_field(taken->root(), "name"), count_field(taken->root(), "documents"),
                count_field(taken->root(), "bytes"));
  }
  return kExitDone;
}

int snapshot_offline(const SnapshotOptions& options, const Console& console, const Clock& clock) {
  const Result<store::Snapshot> taken = take_offline(options, console, clock);
  if (!taken) return refuse(console, "snapshot", taken.error());
  const store::SnapshotManifest& manifest = taken->manifest;
  if (!options.json) {
    print_taken(console, taken->name, manifest.documents(), manifest.bytes());
    return kExitDone;
  }
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("name").string(taken->name).key("documents").integer(manifest.documents());
  json.key("bytes").integer(manifest.bytes()).end_object();
  console.out << out << "\n";
  return kExitDone;
}

int restore(const RestoreOptions& options, const Console& console) {
  const Result<store::SnapshotManifest> restored =
      store::restore_snapshot({options.snapshot, options.data_dir, options.replace});
  if (!restored) return refuse(console, "restore", restored.error());
  console.out << "restored " << restored->documents() << " documents as of " << printable_line(restored->created)
              << " to " << printable_line(options.data_dir) << "\n";
  return kExitDone;
}

}  // namespace ragd::cli
