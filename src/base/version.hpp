// What this build calls itself; the number is CMakeLists.txt's.
#pragma once

#include <string_view>

namespace ragd::base {

[[nodiscard]] std::string_view version();
/// The commit it was built from, or "unknown" outside a checkout.
[[nodiscard]] std::string_view revision();
/// The compiler that built it, as it names itself.
[[nodiscard]] std::string_view compiler();

}  // namespace ragd::base
