#include "hops_world.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <numeric>
#include <optional>
#include <sstream>

#include "mehr/l0/packet.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/sim.h"
#include "mehr/sim/traffic.h"

namespace mehr::sim_cli {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kContext = context::kInteractive;
constexpr std::uint64_t kMark = 0x736D6F7073706F68;  // no other packet here begins like this
constexpr std::size_t kMarkAt = l0::kHeaderSize;
constexpr std::size_t kBody = 64;
constexpr unsigned kTries = 3;
constexpr std::uint64_t kOverhead = 24;  // of a link frame

sim::Topology make_world(const HopsOptions& options, std::uint64_t nodes) {
  sim::Topology out = sim::ring_of_ids(static_cast<std::size_t>(nodes), options.far,
                                       sim::Media::tcp(), options.seed);
  const std::uint64_t wanted = std::min(options.announcing, nodes);
  for (std::uint64_t i = 0; i < nodes; ++i) {
    out.nodes[i].announces = i * wanted / nodes != (i + 1) * wanted / nodes;
  }
  return out;
}

sim::SimOptions small_nodes(const HopsOptions& options) {
  sim::SimOptions out;
  out.limits.routes = options.routes;
  out.limits.envelope_replays = 64;
  out.limits.peer_keys = 32;
  out.standard_invariants = false;
  out.hazards = false;
  return out;
}

/// Counts what leaves nodes: the measured packets by their number, all else together.
class Watch final : public sim::Observer {
 public:
  Watch(sim::Recorder& recorder, std::size_t packets) : recorder_(recorder), steps_(packets) {
    recorder_.add(*this, sim::WhatSet::of({sim::What::packet_out, sim::What::control_out}));
  }
  ~Watch() override { recorder_.remove(*this); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void on_happening(const sim::Happening& h) override {
    if (h.what == sim::What::packet_out && h.bytes.size() == kMarkAt + kBody) {
      Reader body(h.bytes.subspan(kMarkAt));
      std::uint64_t mark = 0;
      std::uint32_t number = 0;
      body.get(mark);
      body.get(number);
      if (mark == kMark) {
        ++steps_[number];
        return;
      }
    }
    if (!counting) return;
    bytes += h.bytes.size() + kOverhead;
    if (h.what == sim::What::packet_out &&
        l0::PacketFlags{h.bytes[0]}.type() == l0::PacketType::announce) {
      ++announces;
    }
  }
  [[nodiscard]] std::uint32_t steps(std::size_t number) const { return steps_[number]; }

  bool counting = false;
  std::uint64_t bytes = 0;
  std::uint64_t announces = 0;

 private:
  sim::Recorder& recorder_;
  std::vector<std::uint32_t> steps_;
};

/// The packets of one world, each sent until it has arrived, three times at most.
class Post {
 public:
  Post(sim::Sim& sim, const HopsOptions& options) : sim_(sim), tries_(options.packets) {
    std::vector<sim::NodeIndex> announcers;
    for (sim::NodeIndex i = 0; i < sim.size(); ++i) {
      if (sim.node(i).spec().announces) announcers.push_back(i);
      sim.node(i).stack().network().on({kContext, 0},
                                       [this](const Message& message) { take(message.body); });
    }
    sim::Chance chance(options.seed, "hops", 0);
    for (std::size_t i = 0; i < options.packets; ++i) {
      const auto from = static_cast<sim::NodeIndex>(chance.below(sim.size()));
      sim::NodeIndex to = from;
      while (to == from) {
        // Every other one to a node that announces itself.
        to = i % 2 == 0 ? announcers[chance.below(announcers.size())]
                        : static_cast<sim::NodeIndex>(chance.below(sim.size()));
      }
      ends_.emplace_back(from, to);
    }
  }

  /// Sends what has not arrived, evenly over @p span, and waits for the last.
  void send(unsigned attempt, sim::Duration span) {
    std::vector<std::uint32_t> left;
    for (std::uint32_t i = 0; i < tries_.size(); ++i) {
      if (!tries_[i]) left.push_back(i);
    }
    for (const std::uint32_t i : left) {
      Bytes body(kBody);
      Writer w(body);
      w.put(kMark);
      w.put(static_cast<std::uint32_t>(attempt * tries_.size() + i));
      sim::Node& sender = sim_.node(ends_[i].first);
      const NodeId whom = sim_.node(ends_[i].second).id();
      static_cast<void>(sender.enter([&] {
        return sender.stack().network().send(whom, {kContext, 0}, body, {});
      }));
      sim_.run_for(span / static_cast<sim::Duration::rep>(left.size()));
    }
    sim_.run_for(30s);
  }
  /// By packet: with which sending it arrived, from 0 on; none: it did not.
  [[nodiscard]] const std::vector<std::optional<unsigned>>& tries() const { return tries_; }

 private:
  void take(ByteView body) {
    Reader head(body);
    std::uint64_t mark = 0;
    std::uint32_t number = 0;
    head.get(mark);
    head.get(number);
    if (mark != kMark) return;
    std::optional<unsigned>& tried = tries_[number % tries_.size()];
    if (!tried) tried = static_cast<unsigned>(number / tries_.size());
  }

  sim::Sim& sim_;
  std::vector<std::pair<sim::NodeIndex, sim::NodeIndex>> ends_;
  std::vector<std::optional<unsigned>> tries_;
};

void read_tables(sim::Sim& sim, HopsPoint& out) {
  std::uint64_t routes = 0, ring = 0, forwarded = 0;
  for (sim::NodeIndex i = 0; i < sim.size(); ++i) {
    const l1::Network& network = sim.node(i).stack().network();
    const std::uint64_t known = network.table().size();
    routes += known;
    out.routes_most = std::max(out.routes_most, known);
    ring += network.counters().ring_steps;
    forwarded += network.counters().forwarded + network.counters().sent;
  }
  out.routes_mean = static_cast<double>(routes) / static_cast<double>(sim.size());
  out.by_ring =
      static_cast<double>(ring) / static_cast<double>(std::max<std::uint64_t>(forwarded, 1));
}

}  // namespace

double HopsPoint::bound() const {
  const double log = std::log2(static_cast<double>(nodes));
  return log * log;
}

HopsPoint measure_hops(const HopsOptions& options, std::uint64_t nodes) {
  const auto begun = std::chrono::steady_clock::now();
  HopsPoint out;
  out.nodes = nodes;
  out.announcing = std::min(options.announcing, nodes);
  out.routes_limit = options.routes;
  sim::Sim sim(options.seed, small_nodes(options));
  sim.build(make_world(options, nodes));
  out.links = sim.topology().links.size();
  Watch watch(sim.recorder(), options.packets * kTries);
  // Links come up and say what they know; then a refresh and rounds as in any half hour.
  sim.run_for(5min);
  Post post(sim, options);
  const sim::Duration span = 30min;
  watch.counting = true;
  post.send(0, span);
  watch.counting = false;
  for (unsigned attempt = 1; attempt < kTries; ++attempt) post.send(attempt, 1min);

  std::vector<std::uint64_t> steps;
  for (std::size_t i = 0; i < options.packets; ++i) {
    const auto tried = post.tries()[i];
    if (!tried) continue;
    ++out.arrived;
    out.at_once += *tried == 0 ? 1U : 0U;
    steps.push_back(watch.steps(*tried * options.packets + i));
  }
  std::sort(steps.begin(), steps.end());
  out.sent = options.packets;
  if (!steps.empty()) {
    const std::uint64_t sum = std::accumulate(steps.begin(), steps.end(), std::uint64_t{0});
    out.mean = static_cast<double>(sum) / static_cast<double>(steps.size());
    out.p99 = steps[(steps.size() - 1) * 99 / 100];
    out.most = steps.back();
  }
  const double node_seconds =
      std::chrono::duration<double>(span + 30s).count() * static_cast<double>(nodes);
  out.announces = static_cast<double>(watch.announces) / node_seconds;
  out.bytes = static_cast<double>(watch.bytes) / node_seconds;
  read_tables(sim, out);
  out.real_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return out;
}

std::string write_hops(const HopsPoint& p) {
  std::ostringstream out;
  out << "hops " << p.nodes << ' ' << p.announcing << ' ' << p.links << ' ' << p.sent << ' '
      << p.at_once << ' ' << p.arrived << ' ' << p.mean << ' ' << p.p99 << ' ' << p.most << ' '
      << p.by_ring << ' ' << p.routes_mean << ' ' << p.routes_most << ' ' << p.routes_limit << ' '
      << p.announces << ' ' << p.bytes << ' ' << p.real_seconds;
  return out.str();
}

bool read_hops(const std::string& line, HopsPoint& p) {
  std::istringstream in(line);
  std::string word;
  in >> word >> p.nodes >> p.announcing >> p.links >> p.sent >> p.at_once >> p.arrived >> p.mean >>
      p.p99 >> p.most >> p.by_ring >> p.routes_mean >> p.routes_most >> p.routes_limit >>
      p.announces >> p.bytes >> p.real_seconds;
  return word == "hops" && !in.fail();
}

std::string hops_table(const std::vector<HopsPoint>& points) {
  std::ostringstream out;
  out << "| nodes | announce | links | arrived at once | in three tries | hops, mean | 99 % | most "
         "| "
         "log2(N)^2 | steps by ring | routes, mean / most / limit | announces/node/s | "
         "bytes/node/s | "
         "real s |\n|";
  for (int column = 0; column < 14; ++column) out << " --- |";
  out << '\n' << std::fixed << std::setprecision(1);
  for (const HopsPoint& p : points) {
    out << "| " << p.nodes << " | " << p.announcing << " | " << p.links << " | " << p.at_once
        << " of " << p.sent << " | " << p.arrived << " | " << p.mean << " | " << p.p99 << " | "
        << p.most << " | " << p.bound() << " | " << 100 * p.by_ring << " % | " << p.routes_mean
        << " / " << p.routes_most << " / " << p.routes_limit << " | " << std::setprecision(3)
        << p.announces << std::setprecision(1) << " | " << p.bytes << " | " << p.real_seconds
        << " |\n";
  }
  return out.str();
}

}  // namespace mehr::sim_cli
