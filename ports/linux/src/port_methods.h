// The ways to ask a router that this build knows. Private to the port mapper.
#pragma once

#include <memory>

#include "mehr/linux/port_mapper.h"

namespace mehr::linux_port {

/// How long a mapping is asked for, in seconds.
inline constexpr std::uint32_t kMappingSeconds = 3600;

/// Null when the library was not there at build time.
std::unique_ptr<PortMethod> make_nat_pmp();
std::unique_ptr<PortMethod> make_upnp();

}  // namespace mehr::linux_port
