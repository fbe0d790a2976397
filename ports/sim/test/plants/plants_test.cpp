// Every known defect that can be planted is found, and found by what is there to find it.
//
// Each plant has the smallest world in which it shows. With the plant the run must end as the table
// says: by the named invariant, or because something that should come about did not. Without it the
// same run is good, so that it is the defect that was seen.
#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "mehr/sim/byzantine.h"
#include "mehr/sim/hazards.h"
#include "mehr/sim/scenario.h"
#include "mehr/sim_programs/make_program.h"

namespace mehr::sim::test {

namespace {

using namespace std::chrono_literals;
using End = RunResult::End;

constexpr std::uint64_t kSeed = 7;

/// What a plant is caught by.
struct Caught {
  std::function<Scenario()> world;
  std::string_view by;  ///< part of the invariant's name; empty: a goal that is not met
};

Media fast() { return Media::tcp().with_delay(2ms); }
/// A line of datagrams between two.
Media datagrams() {
  Media media = Media::tcp().named("datagrams").with_delay(2ms);
  media.kind = MediaKind::datagram;
  media.mtu = Mtu{1500};
  return media;
}

Scenario world(Topology topology, Duration duration) {
  Scenario s;
  s.name = "plant";
  s.topology = std::move(topology);
  s.options.hazards = false;  // the defect alone
  s.duration = duration;
  s.settle = 10min;
  s.real_limit = std::chrono::seconds(60);
  return s;
}

void add_messages(Scenario& s, const std::string& from, const std::string& to,
                  const std::string& count, const std::string& every) {
  ProgramSpec spec;
  spec.kind = "messages";
  spec.node = from;
  spec.settings = {{"to", to}, {"count", count}, {"every", every}, {"size", "64"}};
  s.programs.push_back(spec);
}

void add_file(Scenario& s, const std::string& size) {
  ProgramSpec spec;
  spec.kind = "file";
  spec.node = "n0";
  spec.settings = {{"to", "n1"}, {"size", size}};
  s.programs.push_back(spec);
}

void add_fault(Scenario& s, FaultKind kind, const std::string& node, Duration at, Duration span,
               const std::string& text = {}) {
  FaultSpec spec;
  spec.fault.kind = kind;
  spec.fault.at = at;
  spec.fault.span = span;
  spec.fault.text = text;
  spec.node = node;
  s.faults.push_back(spec);
}

// ---- Worlds
// --------------------------------------------------------------------------------------

Scenario talk(const Media& media, std::size_t nodes, const std::string& every = "500ms") {
  Scenario s = world(line(nodes, media), 1min);
  const std::string last = "n" + std::to_string(nodes - 1);
  add_messages(s, "n0", last, "100", every);
  add_messages(s, last, "n0", "100", every);
  return s;
}

Scenario transfer(const Media& media) {
  Scenario s = world(line(2, media), 1min);
  add_file(s, "200KB");
  return s;
}

/// n0 - n1 - n2 - n3, with a liar at n1.
Scenario liar(const std::string& behaviour) {
  Scenario s = world(line(4, fast()), 2min);
  add_messages(s, "n0", "n3", "100", "500ms");
  add_fault(s, FaultKind::byzantine, "n1", 0s, 0s, behaviour);
  return s;
}

/// n1 in the middle of n0, n2, a liar, and n3. n0 announces itself again after a restart.
Scenario old_news() {
  Topology t = star_of_stars(1, 3, fast(), fast());
  const std::string centre = t.nodes[0].name;
  Scenario s = world(t, 2min);
  add_fault(s, FaultKind::byzantine, t.nodes[2].name, 0s, 0s, "replays");
  add_fault(s, FaultKind::crash, t.nodes[1].name, 20s, 5s);
  return s;
}

Scenario restart(Duration away, Duration duration) {
  Scenario s = world(line(3, fast()), duration);
  add_fault(s, FaultKind::crash, "n0", 20s, away);
  return s;
}

/// Over links too slow for second ways a node that lost its table hears of others by gossip alone.
Scenario slow_restart() {
  Scenario s = world(line(3, Media::serial().with_rate(BitsPerSecond{9'600})), 1min);
  add_fault(s, FaultKind::crash, "n0", 20s, 5s);
  return s;
}

/// Old packets come to n2 when its duplicate filter, of four packets, has forgotten them.
Scenario old_letters() {
  Scenario s = talk(fast(), 3);
  s.options.limits.packet_ids = 4;
  add_fault(s, FaultKind::byzantine, "n1", 5s, 0s, "replays");
  return s;
}

Scenario many_packets() {
  Scenario s = talk(fast(), 2, "2ms");
  for (ProgramSpec& spec : s.programs) spec.settings["count"] = "20000";
  return s;
}

Scenario ring_of_five() {
  Scenario s = world(ring(5, fast()), 1min);
  return s;
}

/// Two nodes and a crowd behind one of them, joined by a thin line.
Scenario thin_line(std::size_t crowd) {
  Topology t;
  const Media thin = Media::serial().named("thin").with_rate(BitsPerSecond{9600});
  t.media = {{"tcp", fast().named("tcp")}, {"thin", thin}};
  t.nodes.resize(2 + crowd);
  for (std::size_t i = 0; i < t.nodes.size(); ++i) t.nodes[i].name = "n" + std::to_string(i);
  t.links.push_back({0, 1, "thin"});
  for (NodeIndex i = 2; i < t.nodes.size(); ++i) t.links.push_back({1, i, "tcp"});
  Scenario s = world(t, 2min);
  s.settle = 1h;
  s.options.room_for_all = true;
  return s;
}

/// All of a crowd at once, and more than a minute of a tenth of the line.
Scenario crowd_behind_a_thin_line() { return thin_line(60); }

/// n2 sends more than the line to n0 takes.
Scenario crush_before_a_thin_line() {
  Scenario s = thin_line(1);
  add_messages(s, "n2", "n0", "300", "50ms");
  return s;
}

Scenario way_that_breaks() {
  Scenario s = world(ring(5, fast()), 2min);
  add_fault(s, FaultKind::crash, "n0", 20s, 30s);
  return s;
}

const std::map<std::string_view, Caught>& catches() {
  constexpr std::string_view kLinks = "links deliver";
  constexpr std::string_view kRelays = "relays pass";
  constexpr std::string_view kGoal;
  static const std::map<std::string_view, Caught> all{
      {"l0.bad_seal", {[] { return talk(datagrams().corruption(0.2), 2); }, kLinks}},
      {"l0.counter_repeats", {[] { return talk(fast(), 2); }, "under one counter"}},
      {"l0.rekey_forgets", {[] { return talk(Media::tcp().with_delay(50ms), 2, "10ms"); }, kLinks}},
      {"l0.replay_window", {[] { return talk(datagrams().duplication(0.2), 2); }, kLinks}},
      {"l1.announce_order", {old_news, "newer or better"}},
      {"l1.announce_signature", {[] { return liar("forges"); }, "made by their origin"}},
      {"l1.duplicate_filter", {[] { return liar("replays"); }, kRelays}},
      {"l1.emitted_not_stored", {[] { return restart(5s, 1min); }, "rising order"}},
      {"l1.false_digest", {slow_restart, kGoal}},
      {"l1.feasibility", {ring_of_five, "feasible next hops go first"}},
      {"l1.gossip_budget", {crowd_behind_a_thin_line, "gossip keeps"}},
      {"l1.hop_limit", {[] { return talk(fast(), 3); }, kRelays}},
      {"l1.link_down_kept", {[] { return restart(30s, 1min); }, "over links that are up"}},
      {"l1.never_expires", {[] { return restart(15min, 14min); }, "outlives"}},
      {"l1.signal_ignored", {crush_before_a_thin_line, "saturated neighbour"}},
      {"l1.split_horizon", {[] { return world(line(3, fast()), 1min); }, "not back"}},
      {"l1.update_ignored", {way_that_breaks, "said last"}},
      {"l1.writable_ignored", {[] { return world(line(8, fast()), 1min); }, kGoal}},
      {"l2.envelope_replay", {old_letters, "messages arrive"}},
      {"l2.stream_mixup", {[] { return transfer(fast()); }, kGoal}},
      {"memory.leak", {many_packets, "memory stays"}},
      {"transfer.never_resends", {[] { return transfer(datagrams().loss(0.05)); }, kGoal}},
      {"transfer.no_verify", {[] { return transfer(datagrams().loss(0.05)); }, kGoal}},
  };
  return all;
}

RunResult play(const Scenario& scenario) {
  const auto result = run_scenario(scenario, kSeed, sim_programs::make_program);
  if (!result) FAIL(result.error().message());
  return *result;
}

}  // namespace

TEST_CASE("sim plants: there is a world for every plant, and no other", "[sim][plants]") {
  std::vector<std::string_view> planted;
  std::vector<std::string_view> caught;
  for (const NamedSite& plant : plants()) planted.push_back(plant.name);
  for (const auto& [name, how] : catches()) caught.push_back(name);
  CHECK(planted == caught);
}

TEST_CASE("sim plants: every planted defect is caught by name, and only the defect",
          "[sim][plants]") {
  for (const auto& [name, how] : catches()) {
    DYNAMIC_SECTION(name) {
      Scenario scenario = how.world();
      const RunResult sound = play(scenario);
      INFO(sound.text);
      CHECK(sound.end == End::good);

      scenario.options.plants = {std::string(name)};
      const RunResult broken = play(scenario);
      INFO(broken.text);
      if (how.by.empty()) {
        CHECK(broken.end == End::not_settled);
      } else {
        REQUIRE(broken.end == End::violated);
        CHECK(broken.violation->invariant.find(how.by) != std::string::npos);
      }
    }
  }
}

}  // namespace mehr::sim::test
