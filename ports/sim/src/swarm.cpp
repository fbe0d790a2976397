// The scenario "swarm": a small world drawn whole from its seed, another one every time.
#include <algorithm>
#include <string>
#include <vector>

#include "mehr/sim/chance.h"
#include "mehr/sim/scenario.h"

namespace mehr::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

bool one_in(Chance& chance, std::uint64_t n) { return chance.below(n) == 0; }

double per_mille(Chance& chance, std::uint64_t most) {
  return static_cast<double>(chance.below(most + 1)) / 1000;
}

/// Faults of the medium itself, mild enough that handshakes get through.
Media flawed(Media media, Chance& chance) {
  media.loss_rate = per_mille(chance, 100);
  media.corruption_rate = one_in(chance, 2) ? per_mille(chance, 20) : 0;
  media.duplication_rate = one_in(chance, 2) ? per_mille(chance, 50) : 0;
  media.reordering_rate = one_in(chance, 2) ? per_mille(chance, 100) : 0;
  media.jitter += chance.between(Duration{0}, std::chrono::milliseconds(20));
  return media;
}

/// A line between two nodes over datagrams: a tunnel, a radio link with a beam.
Media tunnel() {
  Media out = Media::ethernet().named("tunnel").with_delay(std::chrono::milliseconds(15));
  out.shared = false;
  out.range_m = 0;
  return out;
}

Media draw_line_media(Chance& chance) {
  switch (chance.below(5)) {
    case 0:
      return flawed(Media::ble().with_range(0), chance);
    case 1:
      return flawed(Media::serial(), chance);
    case 2:
      return flawed(tunnel(), chance);
    default:
      return flawed(Media::tcp(), chance);
  }
}

/// The air without its law: a duty cycle would stretch a seed over days.
Media free_lora(Chance& chance) {
  Media out = Media::lora().spreading(7).duty_cycle(1);
  out.lora_radio.region = Region::unlimited;
  out.loss_rate = per_mille(chance, 30);
  return out;
}

Topology draw_shape(Chance& chance, std::uint64_t seed, const Media& media) {
  const auto size = [&](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::size_t>(chance.between(least, most));
  };
  switch (chance.below(8)) {
    case 0:
      return line(size(3, 12), media);
    case 1:
      return ring(size(3, 12), media);
    case 2: {
      const std::size_t width = size(2, 4);
      return grid(width, size(2, 4), media);
    }
    case 3: {
      const std::size_t hubs = size(2, 3);
      return star_of_stars(hubs, size(1, 6), media, media);
    }
    case 4:
      return random_geometric(size(4, 24), 3 + static_cast<double>(chance.below(3)), media, seed);
    case 5:
      return watts_strogatz(size(6, 24), 4, 0.2, media, seed);
    case 6:
      return kleinberg(size(2, 4), 1, media, seed);
    default:
      return scale_free(size(5, 24), 2, media, seed);
  }
}

/// A few nodes in the middle of the air, or lines and segments of every kind.
Topology draw_topology(std::uint64_t seed) {
  Chance chance(seed, "swarm/topology");
  const std::uint64_t kind = chance.below(12);
  if (kind == 0) return line(static_cast<std::size_t>(chance.between(3, 5)), free_lora(chance));
  if (kind <= 2) return draw_shape(chance, seed, flawed(Media::wifi(), chance));
  Topology out = draw_shape(chance, seed, draw_line_media(chance));
  if (!one_in(chance, 3)) return out;
  // Every link is of its own kind.
  for (LinkSpec& link : out.links) {
    const Media media = draw_line_media(chance);
    link.media = out.media.emplace(media.name, media).first->first;
  }
  return out;
}

void draw_nodes(std::uint64_t seed, Topology& topology) {
  Chance chance(seed, "swarm/nodes");
  for (NodeSpec& node : topology.nodes) {
    if (one_in(chance, 4)) node.skew_ppm = static_cast<double>(chance.below(401)) - 200;
    node.announces = !one_in(chance, 8);
  }
  topology.nodes.front().announces = true;
  topology.nodes.back().announces = true;
}

// Room for everybody: one link may introduce routes / max(4, links) destinations, and the whole
// world can lie behind one link.
Limits draw_limits(std::uint64_t seed, const Topology& topology) {
  const std::size_t nodes = topology.nodes.size();
  std::vector<std::size_t> degree(nodes);
  for (const LinkSpec& link : topology.links) {
    ++degree[link.a];
    ++degree[link.b];
  }
  const std::size_t links = *std::max_element(degree.begin(), degree.end()) + 1;
  const std::size_t needed = nodes * std::max<std::size_t>(links, 4);
  Chance chance(seed, "swarm/limits");
  Limits out = Limits::small();
  out.routes = static_cast<std::size_t>(chance.between(needed, needed * 2));
  out.candidates = static_cast<std::size_t>(chance.between(1, 4));
  out.packet_ids = static_cast<std::size_t>(chance.between(256, 4096));
  out.evicted_routes = static_cast<std::size_t>(chance.between(128, 512));
  out.links = static_cast<std::size_t>(chance.between(8, 64));
  out.half_open_links = static_cast<std::size_t>(chance.between(4, 16));
  out.peer_keys = static_cast<std::size_t>(chance.between(nodes + 1, 64));
  out.streams = static_cast<std::size_t>(chance.between(4, 16));
  return out;
}

FaultMix draw_mix(std::uint64_t seed, bool is_slow, std::size_t nodes) {
  Chance chance(seed, "swarm/faults");
  const auto up_to = [&](std::uint64_t most) {
    return static_cast<unsigned>(chance.below(most + 1));
  };
  FaultMix out;
  out.over = is_slow ? Duration(minutes(15)) : chance.between(minutes(1), minutes(6));
  out.cuts = up_to(8);
  out.one_ways = up_to(3);
  out.partitions = up_to(2);
  out.crashes = up_to(6);
  out.pauses = up_to(4);
  out.clock_jumps = up_to(2);
  out.disk_faults = up_to(4);
  out.byzantine = nodes >= 4 ? up_to(2) : 0;
  return out;
}

ProgramSpec make_spec(const char* kind, const NodeSpec& from, const NodeSpec& to) {
  ProgramSpec out;
  out.kind = kind;
  out.node = from.name;
  out.settings["to"] = to.name;
  return out;
}

/// Messages between announcing nodes, and in every other world a file.
std::vector<ProgramSpec> draw_programs(std::uint64_t seed, bool is_slow, const Topology& topology) {
  Chance chance(seed, "swarm/programs");
  std::vector<const NodeSpec*> speakers;
  for (const NodeSpec& node : topology.nodes) {
    if (node.announces) speakers.push_back(&node);
  }
  const auto pair = [&](const char* kind) {
    const auto from = static_cast<std::size_t>(chance.below(speakers.size()));
    const auto step = static_cast<std::size_t>(chance.between(1, speakers.size() - 1));
    return make_spec(kind, *speakers[from], *speakers[(from + step) % speakers.size()]);
  };
  std::vector<ProgramSpec> out;
  const std::uint64_t conversations = chance.between(1, 5);
  for (std::uint64_t i = 0; i < conversations; ++i) {
    ProgramSpec spec = pair("messages");
    spec.settings["every"] = std::to_string(chance.between(2, 20) * (is_slow ? 6 : 1)) + "s";
    spec.settings["count"] = std::to_string(chance.between(1, 20));
    spec.settings["size"] = std::to_string(chance.below(301));
    spec.settings["reliable"] = one_in(chance, 4) ? "false" : "true";
    spec.settings["repeat"] = is_slow ? "90s" : "10s";
    out.push_back(spec);
  }
  if (is_slow || !one_in(chance, 2)) return out;
  ProgramSpec spec = pair("file");
  spec.settings["size"] = std::to_string(chance.between(0, 60'000));
  out.push_back(spec);
  return out;
}

}  // namespace

Scenario swarm_scenario(std::uint64_t seed) {
  Scenario out;
  out.name = "swarm";
  out.about = "topology, media, faults and Limits drawn from the seed";
  out.file = "swarm";
  out.topology = draw_topology(seed);
  draw_nodes(seed, out.topology);
  bool is_slow = false;
  for (const auto& [key, media] : out.topology.media) is_slow |= media.kind == MediaKind::lora;
  out.options.limits = draw_limits(seed, out.topology);
  const FaultMix mix = draw_mix(seed, is_slow, out.topology.nodes.size());
  out.duration = mix.over;
  out.drawn = mix;
  out.programs = draw_programs(seed, is_slow, out.topology);
  out.settle = std::chrono::hours(4);
  out.virtual_limit = std::chrono::hours(12);
  out.real_limit = seconds(120);
  out.seed = seed;
  return out;
}

}  // namespace mehr::sim
