// Where a verb writes: answers to `out`, errors and progress to `err`. For one thread.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace ragd::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
};

/// Text of strangers for a terminal: controls become U+FFFD (line feed and tab stay), so that no document can move the
/// cursor, retitle the window or rewrite what was printed.
[[nodiscard]] std::string printable(std::string_view text);

/// The same for what must stay on one line (paths, ids, titles, messages): line feed and tab are replaced too, so that
/// no file name can forge a line of ours.
[[nodiscard]] std::string printable_line(std::string_view text);

}  // namespace ragd::cli
