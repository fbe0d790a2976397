// Topologies as picture files.
#pragma once

#include <optional>
#include <string>

#include "mehr/sim/topology.h"

namespace mehr::sim_cli {

/// Writes @p topology to each path that is not empty; a sentence when it cannot.
[[nodiscard]] std::optional<std::string> write_pictures(const sim::Topology& topology,
                                                        const std::string& svg_path,
                                                        const std::string& png_path);

}  // namespace mehr::sim_cli
