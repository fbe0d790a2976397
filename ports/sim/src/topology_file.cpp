#include "mehr/sim/topology_file.h"

#include <nlohmann/json.hpp>

#include "input_units.h"
#include "json_lines.h"
#include "media_file.h"
#include "scenario_keys.h"
#include "topology_file_reader.h"

namespace mehr::sim {
namespace {

using Json = nlohmann::ordered_json;

// Names come from anywhere; what is no UTF-8 in them is replaced.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const NodeSpec& node) {
  Json out;
  out["name"] = node.name;
  out["x"] = node.at.x;
  out["y"] = node.at.y;
  for (const Waypoint& corner : node.path) {
    out["path"].push_back(
        {{"at", duration_text(corner.when - Instant{})}, {"x", corner.at.x}, {"y", corner.at.y}});
  }
  if (!node.announces) out["announces"] = false;
  if (node.skew_ppm != 0) out["skew_ppm"] = node.skew_ppm;
  if (node.limits) out["limits"] = to_json(*node.limits);
  return out;
}

Json json_of(const LinkSpec& link, const std::vector<NodeSpec>& nodes) {
  return {{"a", nodes[link.a].name}, {"b", nodes[link.b].name}, {"media", link.media}};
}

// One entry a line: such files are read, compared and edited by people.
void add_lines(std::string& out, const char* key, char open, const std::vector<std::string>& lines,
               char close) {
  out += ",\n  \"";
  out += key;
  out += "\": ";
  out += open;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += i == 0 ? "\n    " : ",\n    ";
    out += lines[i];
  }
  if (!lines.empty()) out += "\n  ";
  out += close;
}

}  // namespace

Loaded<Topology> parse_topology(std::string_view json, const std::string& file) {
  return loaded(file, [&] {
    if (json.size() > kTopologyBytes) refuse(0, "a topology has at most 64 MiB");
    return read_topology(parse_json(json), {});
  });
}

Loaded<Topology> load_topology(const std::string& path) {
  const auto text = loaded(path, [&] { return read_input_file(path, kTopologyBytes); });
  if (!text) return tl::unexpected(text.error());
  return parse_topology(*text, path);
}

std::string to_json(const Topology& topology) {
  std::vector<std::string> media;
  std::vector<std::string> nodes;
  std::vector<std::string> links;
  std::vector<std::string> members;
  for (const auto& [key, medium] : topology.media) {
    media.push_back(dumped(key) + ": " + dumped(to_json(medium, key)));
  }
  for (const NodeSpec& node : topology.nodes) nodes.push_back(dumped(json_of(node)));
  for (const LinkSpec& link : topology.links) {
    links.push_back(dumped(json_of(link, topology.nodes)));
  }
  for (const auto& [key, indices] : topology.members) {
    Json names = Json::array();
    for (const NodeIndex index : indices) names.push_back(topology.nodes[index].name);
    members.push_back(dumped(key) + ": " + dumped(names));
  }
  std::string out = "{\n  \"name\": " + dumped(topology.name);
  add_lines(out, "media", '{', media, '}');
  add_lines(out, "nodes", '[', nodes, ']');
  add_lines(out, "links", '[', links, ']');
  if (!members.empty()) add_lines(out, "members", '{', members, '}');
  return out + "\n}\n";
}

}  // namespace mehr::sim
