// The flags of `ragd export`, `import`, `snapshot` and `restore`. Part of arguments.cpp in a room of its own.
#pragma once

#include "cli/verbs.hpp"

#include <map>
#include <string>

namespace CLI {
class App;
}

namespace ragd::cli {

struct TransferOptions {
  ExportOptions export_;
  ImportOptions import_;
  SnapshotOptions snapshot;
  RestoreOptions restore;
};

/// Each gives `verb` its flags but for --url and --api-key. They fill `options` when it is parsed: both must live till
/// then.
void add_export_flags(CLI::App& verb, ExportOptions& options);
void add_import_flags(CLI::App& verb, ImportOptions& options);
void add_snapshot_flags(CLI::App& verb, SnapshotOptions& options);
void add_restore_flags(CLI::App& verb, RestoreOptions& options);

}  // namespace ragd::cli
