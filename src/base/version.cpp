#include "base/version.hpp"

namespace ragd::base {

std::string_view version() {
  return RAGD_VERSION;
}

std::string_view revision() {
  return RAGD_REVISION;
}

std::string_view compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace ragd::base
