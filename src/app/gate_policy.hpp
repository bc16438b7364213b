// The gate's policy from the settings: reads the keys file, checks origins and proxies, makes the rate table.
#pragma once

#include "api/gate.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

namespace ragd::app {

/// `previous` (null at start) lends its rate table and salt where the limit's settings stayed the same, so that a
/// reload forgives nobody. Errors are the caller's one line: the settings are wrong.
[[nodiscard]] Result<api::GatePolicyPtr> make_gate_policy(const Settings& settings, const api::GatePolicyPtr& previous);

}  // namespace ragd::app
