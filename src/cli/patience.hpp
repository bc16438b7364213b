// Asking a server that may be busy: it is asked again when it says so (429, 503), within bounds.
//
// For one thread; blocks.
#pragma once

#include "cli/transport.hpp"
#include "cli/verbs.hpp"

#include <ragd/error.hpp>

#include <functional>
#include <string>

namespace ragd::cli {

/// `waiting` hears a line for the person before each pause.
[[nodiscard]] Result<ClientResponse> send_patiently(Transport& transport, const ClientRequest& request,
                                                    const Sleeper& sleep,
                                                    const std::function<void(const std::string&)>& waiting);

}  // namespace ragd::cli
