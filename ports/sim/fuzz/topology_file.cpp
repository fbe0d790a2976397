// Topology files: whatever is accepted is sound and survives being written and read again.
#include "mehr/sim/topology_file.h"

#include <cstdint>
#include <string>

#include "loaded.h"

using namespace mehr::sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto topology = parse_topology(text, "fuzz.json");
  if (!topology) {
    require_clear(topology.error(), text);
    return 0;
  }
  for (const LinkSpec& link : topology->links) {
    require(link.a != link.b);
    require(link.a < topology->nodes.size() && link.b < topology->nodes.size());
    require(topology->media.count(link.media) == 1);
  }
  (void)topology->is_connected();
  const std::string kept = to_json(*topology);
  const auto again = parse_topology(kept, "kept.json");
  require(again && to_json(*again) == kept);
  return 0;
}
