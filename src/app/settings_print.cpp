#include "app/settings_print.hpp"

#include "app/settings_table.hpp"

#include <cstddef>
#include <string_view>

namespace ragd::app {

namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Written by `ragd check-config --markdown` from src/app/settings_table.cpp: change it there. -->

Every setting has one name in three spellings: a key in a TOML file, an environment variable, a flag of `ragd serve`
and `ragd check-config`. Where several are given, the later of these wins: default, file, environment, flag.

- The file is named by `--config FILE` or `RAGD_CONFIG`; there is none by default.
- `RAGD_X_FILE=/path` reads the value of `RAGD_X` from that file, as containers hand over secrets. Setting both is an
  error. An empty variable counts as not set.
- Durations are written `250ms`, `60s`, `5m`, `1h`, `7d`; a bare number is seconds. Sizes are written `64MiB`, `1GiB`,
  `8MB`; a bare number is bytes. Lists are arrays of strings in TOML, and separated by commas elsewhere.
- Unknown names and bad values stop the program with exit code 2 and one line that says where, for example
  `ragd.toml:3:1: unknown key 'cache.tll' (did you mean 'cache.ttl'?)`.
- `ragd check-config` checks without starting anything; with `--print` it shows the value of every setting and where it
  came from, as a TOML file.
- SIGHUP reads file and environment files again. Settings marked "reloads" change at once; for the others the log says
  that a restart is needed. A bad file changes nothing.

The client verbs (`ask`, `search`, `ingest`, `healthcheck`) read `RAGD_URL`, `RAGD_API_KEY` and `RAGD_API_KEY_FILE`.
)";

void append_row(std::string& out, const SettingRow& row, const Settings& defaults) {
  out += "| `" + row.key + "`<br>`" + row.env() + "`<br>`" + row.flag() + "` | `" + shown(row, defaults) + "` | " +
         row.accepts + " | " + row.doc;
  for (const std::string& alias : row.env_aliases) out += " `" + alias + "` is read too.";
  if (!row.fallback_env.empty()) {
    out += " Where nothing else gives it and `" + row.fallback_with + "` is set, `" + row.fallback_env + "` does.";
  }
  out += row.reloadable ? " *Reloads.* |\n" : " |\n";
}

}  // namespace

std::string settings_as_toml(const LoadedSettings& loaded) {
  constexpr std::size_t kCommentColumn = 44;
  std::string out;
  std::string section;
  const auto& table = settings_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].section() != section) {
      section = table[i].section();
      out += "\n[" + section + "]\n";
    }
    std::string line = table[i].name() + " = " + shown(table[i], loaded.values);
    if (line.size() < kCommentColumn) line.resize(kCommentColumn, ' ');
    out += line + "  # " + loaded.origins[i].describe() + "\n";
  }
  return out;
}

std::string settings_as_markdown() {
  std::string out(kIntroduction);
  const Settings defaults;
  std::string section = "none yet";
  for (const SettingRow& row : settings_table()) {
    if (row.section() != section) {
      section = row.section();
      out += "\n## " + (section.empty() ? std::string("General") : "[" + section + "]") +
             "\n\n| Setting | Default | Values | Meaning |\n|---|---|---|---|\n";
    }
    append_row(out, row, defaults);
  }
  return out;
}

}  // namespace ragd::app
