#include <algorithm>
#include <cstdio>

#include "cli.h"
#include "commands.h"
#include "mehr/common/text.h"
#include "mehr/sim/topology_file.h"
#include "picture.h"

namespace mehr::sim_cli {
namespace {

using sim::Scenario;
using sim::Topology;

std::string span_words(sim::Duration span) {
  return common::human_time(sim::to_millis(span).count);
}

void show(const Topology& topology) {
  std::vector<std::size_t> degree(topology.nodes.size());
  std::map<std::string, std::size_t> links;
  for (const sim::LinkSpec& link : topology.links) {
    ++degree[link.a];
    ++degree[link.b];
    ++links[link.media];
  }
  std::size_t silent = 0;
  std::size_t moving = 0;
  for (const sim::NodeSpec& node : topology.nodes) {
    if (!node.announces) ++silent;
    if (!node.path.empty()) ++moving;
  }
  std::printf("nodes         %zu (%zu announce themselves, %zu move)\n", topology.nodes.size(),
              topology.nodes.size() - silent, moving);
  std::printf("links         %zu%s\n", topology.links.size(),
              topology.is_connected() ? "" : "; they leave parts unconnected");
  if (!degree.empty() && !topology.links.empty()) {
    const auto [least, most] = std::minmax_element(degree.begin(), degree.end());
    std::printf(
        "neighbours    %zu to %zu, %.1f on average\n", *least, *most,
        2.0 * static_cast<double>(topology.links.size()) / static_cast<double>(degree.size()));
  }
  for (const auto& [key, media] : topology.media) {
    const auto members = topology.members.find(key);
    std::printf("medium        %s: %s, %s%s%s, %zu links, loss %.3g %%", key.c_str(),
                sim::name_of(media.kind),
                common::human_rate(static_cast<double>(media.rate.count)).c_str(),
                media.shared ? ", shared" : "", media.half_duplex ? ", half duplex" : "",
                links[key], media.loss_rate * 100);
    if (members != topology.members.end()) std::printf(", %zu members", members->second.size());
    std::printf("\n");
  }
}

void show(const Scenario& scenario) {
  std::printf("scenario      %s: %s\n", scenario.name.c_str(), scenario.about.c_str());
  std::printf("under faults  %s, then %s to settle\n", span_words(scenario.duration).c_str(),
              span_words(scenario.settle).c_str());
  std::printf("limits        %s of virtual time, %s of real time\n",
              span_words(scenario.virtual_limit).c_str(), span_words(scenario.real_limit).c_str());
  for (const sim::ProgramSpec& program : scenario.programs) {
    std::printf("program       %s on %s", program.kind.c_str(), program.node.c_str());
    for (const auto& [key, value] : program.settings) {
      std::printf(", %s = %s", key.c_str(), common::printable(value).c_str());
    }
    std::printf("\n");
  }
  for (const sim::FaultSpec& spec : scenario.faults) {
    std::printf("fault         %s at %s", sim::name_of(spec.fault.kind),
                span_words(spec.fault.at).c_str());
    for (const std::string& name : {spec.node, spec.peer}) {
      if (!name.empty()) std::printf(" %s", name.c_str());
    }
    if (spec.fault.span > sim::Duration{0}) {
      std::printf(" for %s", span_words(spec.fault.span).c_str());
    }
    std::printf("\n");
  }
  if (scenario.drawn) {
    std::printf("fault         others are drawn over %s\n",
                span_words(scenario.drawn->over).c_str());
  }
}

int write_all(const Topology& topology, const ShowOptions& options) {
  if (const auto trouble = write_pictures(topology, options.svg, options.png)) {
    return complain(exit_code::kFailed, *trouble);
  }
  if (options.json.empty()) return exit_code::kGood;
  if (const auto trouble = write_file(options.json, sim::to_json(topology))) {
    return complain(exit_code::kFailed, *trouble);
  }
  return exit_code::kGood;
}

}  // namespace

int show_command(const ShowOptions& options) {
  if (options.source) {
    const sim::BuiltIn* found = find_built_in(options.file);
    if (found == nullptr || found->toml.empty()) {
      return complain(
          exit_code::kBadInput,
          options.file + " is no built-in scenario with a text; mehr-sim list shows them");
    }
    std::fwrite(found->toml.data(), 1, found->toml.size(), stdout);
    return exit_code::kGood;
  }
  if (options.file.ends_with(".json")) {
    const auto topology = sim::load_topology(options.file);
    if (!topology) return complain(exit_code::kBadInput, topology.error().message());
    std::printf("topology      %s\n", topology->name.c_str());
    show(*topology);
    return write_all(*topology, options);
  }
  std::optional<std::uint64_t> seed = options.seed;
  const auto scenario = find_scenario(options.file, seed);
  if (!scenario) return complain(exit_code::kBadInput, scenario.error().message());
  show(*scenario);
  show(scenario->topology);
  return write_all(scenario->topology, options);
}

}  // namespace mehr::sim_cli
