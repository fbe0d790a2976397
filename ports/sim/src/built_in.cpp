// The scenarios that come with the library: the files of ports/sim/scenarios, and the one that is
// drawn whole from its seed.
#include "built_in.h"

#include "mehr/sim/scenario.h"

namespace mehr::sim {
namespace {

constexpr BuiltIn kScenarios[] = {
#include "built_in_scenarios.inc"
    {"swarm", "A small world drawn whole from its seed: shape, media, faults, Limits and programs.",
     ""},
};

struct File {
  std::string_view name;
  std::string_view text;
};
constexpr File kTopologies[] = {
#include "built_in_topologies.inc"
};

constexpr std::string_view kDirectory = "built-in/";

}  // namespace

std::span<const BuiltIn> built_in_scenarios() { return kScenarios; }

std::optional<std::string_view> built_in_file(std::string_view path) {
  if (!path.starts_with(kDirectory)) return std::nullopt;
  path.remove_prefix(kDirectory.size());
  for (const File& file : kTopologies) {
    if (file.name == path) return file.text;
  }
  return std::nullopt;
}

}  // namespace mehr::sim
