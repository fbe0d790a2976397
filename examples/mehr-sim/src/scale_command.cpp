#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "children.h"
#include "cli.h"
#include "commands.h"
#include "mehr/sim/sim.h"
#include "scale_plot.h"

namespace mehr::sim_cli {
namespace {

using namespace std::chrono_literals;
constexpr sim::Duration kBound = 2h;  // of virtual time; no world that works needs it

sim::Topology make_world(const ScaleOptions& options, std::uint64_t nodes) {
  sim::Topology out = sim::random_geometric(static_cast<std::size_t>(nodes), options.mean_degree,
                                            sim::Media::tcp(), options.seed);
  // Those who announce are spread evenly over the places, which are drawn.
  const std::uint64_t wanted = std::min(options.announcing.value_or(nodes), nodes);
  for (std::uint64_t i = 0; i < nodes; ++i) {
    out.nodes[i].announces = i * wanted / nodes != (i + 1) * wanted / nodes;
  }
  return out;
}

// Tables that hold every announcer, everything else smaller than a radio board's: nothing is sent.
sim::SimOptions small_nodes() {
  sim::SimOptions out;
  out.room_for_all = true;
  out.limits.routes = 64;
  out.limits.evicted_routes = 16;
  out.limits.packet_ids = 64;
  out.limits.envelope_replays = 64;
  out.limits.peer_keys = 16;
  out.standard_invariants = false;
  out.taps = false;
  out.hazards = false;
  return out;
}

/// Grows one world until every way leads where it should; the numbers as text, or what went wrong.
std::string measure(const ScaleOptions& options, std::uint64_t nodes) {
  const auto begun = std::chrono::steady_clock::now();
  ScalePoint p;
  p.nodes = nodes;
  p.announcing = std::min(options.announcing.value_or(nodes), nodes);
  sim::Sim sim(options.seed, small_nodes());
  sim.build(make_world(options, nodes));
  const bool converged = sim.reaches(kBound, [&] { return sim.is_linked() && sim.is_converged(); });
  const auto wrong = sim.check_routes();
  if (!converged || wrong) return "failed " + wrong.value_or("not every route came");
  p.real_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  p.virtual_seconds = std::chrono::duration<double>(sim.now().time_since_epoch()).count();
  std::size_t peak = 0;
  for (sim::NodeIndex i = 0; i < sim.size(); ++i) {
    p.node_bytes += static_cast<double>(sim.node(i).memory().now) / static_cast<double>(nodes);
    peak = std::max(peak, sim.node(i).memory().peak);
  }
  std::ostringstream out;
  out << "good " << p.announcing << ' ' << sim.queue().steps() << ' ' << p.virtual_seconds << ' '
      << p.real_seconds << ' ' << p.node_bytes << ' ' << peak;
  return out.str();
}

std::optional<ScalePoint> read_point(const Children::Ended& ended) {
  std::istringstream in(ended.text);
  std::string word;
  ScalePoint p;
  p.nodes = ended.name;
  p.process_bytes = static_cast<double>(ended.used.ru_maxrss) * 1024;
  in >> word >> p.announcing >> p.events >> p.virtual_seconds >> p.real_seconds >> p.node_bytes >>
      p.node_peak;
  if (ended.status != 0 || word != "good" || !in) return std::nullopt;
  return p;
}

}  // namespace

int scale_command(const ScaleOptions& options) {
  std::printf("seed %s\n", seed_text(options.seed).c_str());
  if (!options.report.empty()) {
    if (const auto trouble = make_directory(options.report)) {
      return complain(exit_code::kBadInput, *trouble);
    }
  }
  std::vector<ScalePoint> points;
  for (const std::uint64_t nodes : options.nodes) {
    Children children;  // one after the other: they would share the cores
    if (!children.start(nodes, [&] { return measure(options, nodes); })) {
      return complain(exit_code::kFailed, "the system starts no more processes");
    }
    const auto ended = children.wait();
    const auto point = ended ? read_point(*ended) : std::nullopt;
    if (!point) {
      const std::string why = !ended               ? "interrupted"
                              : ended->status != 0 ? ended->how()
                                                   : ended->text;
      return complain(exit_code::kFailed, std::to_string(nodes) + " nodes: " + why);
    }
    points.push_back(*point);
    std::printf("%llu nodes: %.1f s, %.0f events/s, %.0f bytes per node\n",
                static_cast<unsigned long long>(nodes), point->real_seconds,
                point->events_per_second(), point->node_bytes);
    std::fflush(stdout);
  }
  std::printf("\n%s", scale_table(points).c_str());
  if (options.report.empty()) return exit_code::kGood;
  for (const auto& [name, content] :
       {std::pair{"/scale.md", scale_table(points)}, std::pair{"/scale.svg", scale_svg(points)}}) {
    if (const auto trouble = write_file(options.report + name, content)) {
      return complain(exit_code::kFailed, *trouble);
    }
  }
  return exit_code::kGood;
}

}  // namespace mehr::sim_cli
