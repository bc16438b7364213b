#include "cli/transfer_arguments.hpp"

#include <CLI/CLI.hpp>

namespace ragd::cli {

namespace {

constexpr const char* kExportMore =
    "One document a line: {\"id\",\"title\",\"source\",\"metadata\",\"text\"}, in order of id. The file appears when "
    "it "
    "is whole.\nDocuments written meanwhile may be in it or not; all others are.\n"
    "Example:\n"
    "  ragd export --output corpus.ndjson\n"
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong.";
constexpr const char* kImportMore =
    "Reads what `ragd export` writes; \"title\", \"source\" and \"metadata\" may be missing. A known id is replaced, "
    "the "
    "same document\nagain changes nothing, and nothing is deleted. Bad lines are named (file:line: why), the rest goes "
    "on.\n"
    "Examples:\n"
    "  ragd import corpus.ndjson\n"
    "  ragd export --url http://old:8000 | ragd import - --url http://new:8000\n"
    "Exit codes: 0 done, 1 some line failed, 2 the command line is wrong.";
constexpr const char* kSnapshotMore =
    "The snapshot lies below data_dir/snapshots on the server's machine, and shares what it can with the documents "
    "there.\nIt is taken while the server goes on; the key needs the scope admin. With --data-dir no server may run "
    "there.\n"
    "Examples:\n"
    "  ragd snapshot --name before-upgrade\n"
    "  ragd snapshot --data-dir data\n"
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong.";
constexpr const char* kRestoreMore =
    "No server may run on the data directory. Every file is checked against the snapshot's snapshot.json first. Killed "
    "at any moment\nit leaves either the old documents or the restored ones. Cached answers are dropped.\n"
    "Examples:\n"
    "  ragd restore data/snapshots/before-upgrade --data-dir data --replace\n"
    "  ragd restore /backup/before-upgrade --data-dir /srv/ragd\n"
    "Exit codes: 0 done, 1 failed, 2 the command line is wrong.";

}  // namespace

void add_export_flags(CLI::App& verb, ExportOptions& options) {
  verb.footer(kExportMore);
  verb.add_option("--output", options.output, "Where to write; - is standard output [-]")->type_name("FILE");
}

void add_import_flags(CLI::App& verb, ImportOptions& options) {
  verb.footer(kImportMore);
  verb.add_option("file", options.input, "What to read; - is standard input")->required()->type_name("");
}

void add_snapshot_flags(CLI::App& verb, SnapshotOptions& options) {
  verb.footer(kSnapshotMore);
  verb.add_option("--name", options.name, "1 to 64 of A-Z a-z 0-9 . _ - [the time]")->type_name("NAME");
  verb.add_option("--data-dir", options.data_dir, "Takes it there, without a server")->type_name("DIR");
  verb.add_flag("--json", options.json, "Prints the result as JSON");
}

void add_restore_flags(CLI::App& verb, RestoreOptions& options) {
  verb.footer(kRestoreMore);
  verb.add_option("snapshot", options.snapshot, "The snapshot's directory")->required()->type_name("");
  verb.add_option("--data-dir", options.data_dir, "Where to (or RAGD_DATA_DIR)")->type_name("DIR");
  verb.add_flag("--replace", options.replace, "Puts it in the place of the documents that are there");
}

}  // namespace ragd::cli
