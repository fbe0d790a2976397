// Topologies from JSON files: a real community's network, as its operators know it.
//
// Place: ports/sim. The format is told in docs/simulation-formats.md: {"name", "media": {...},
// "nodes":
// [{"name", "x", "y" | "lat", "lon", "path", ...}], "links": [{"a", "b", "media"}], "members"}.
// Bounds: files up to 64 MiB, 100,000 nodes, 1,000,000 links. Unknown keys are errors, so that a
// misspelt one is not silently nothing. Failure: InputError with the line. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "mehr/sim/input_error.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

/// @p file names the text in errors.
Loaded<Topology> parse_topology(std::string_view json, const std::string& file);
Loaded<Topology> load_topology(const std::string& path);
/// The same format, for keeping a generated topology.
[[nodiscard]] std::string to_json(const Topology& topology);

}  // namespace mehr::sim
