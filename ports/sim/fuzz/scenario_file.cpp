// Scenario files: whatever is accepted names nodes that are there.
#include <algorithm>
#include <cstdint>
#include <string>

#include "loaded.h"
#include "mehr/sim/scenario.h"

using namespace mehr::sim;

namespace {

bool is_node(const Scenario& scenario, const std::string& name) {
  const auto& nodes = scenario.topology.nodes;
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const NodeSpec& node) { return node.name == name; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const std::string text(data, data + size);
  const auto scenario = parse_scenario(text, "fuzz.toml", 7);
  if (!scenario) {
    if (scenario.error().file == "fuzz.toml") require_clear(scenario.error(), text);
    return 0;
  }
  require(scenario->real_limit.count() > 0);
  for (const LinkSpec& link : scenario->topology.links) {
    require(link.a != link.b && link.a < scenario->topology.nodes.size() &&
            link.b < scenario->topology.nodes.size());
  }
  for (const ProgramSpec& program : scenario->programs) require(is_node(*scenario, program.node));
  for (const FaultSpec& fault : scenario->faults) {
    require(fault.node.empty() || is_node(*scenario, fault.node));
    require(fault.peer.empty() || is_node(*scenario, fault.peer));
    for (const std::string& name : fault.group) require(is_node(*scenario, name));
  }
  return 0;
}
