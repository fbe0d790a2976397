// Scenarios from TOML: what is read.
#include <catch2/catch.hpp>

#include "mehr/sim/durations.h"
#include "mehr/sim/scenario.h"
#include "mistakes.h"

using namespace mehr;
using namespace mehr::sim;
using namespace std::chrono_literals;

namespace {

Scenario parsed(const std::string& toml, std::uint64_t seed = 1) {
  const auto out = parse_scenario(toml, "dir/some.toml", seed);
  INFO(mistake_in(out));
  REQUIRE(out);
  return *out;
}

std::size_t announcing(const Topology& t) {
  std::size_t out = 0;
  for (const NodeSpec& node : t.nodes) out += node.announces ? 1U : 0U;
  return out;
}

const char* const kEveryKey = R"(
name = "all"
about = "everything at once"
seed = 0x5eed
duration = "1h30m"
settle = 90
virtual_limit = "7d"
real_limit = "2min"

[media.roof]
like = "wifi"
loss = 0.2

[topology]
shape = "grid"
width = 3
height = 2
media = "roof"
announcers = 2

[[node]]
name = "n4"
skew_ppm = -20
limits = "standard"
x = 10
y = 20

[options]
limits = { base = "standard", routes = 99 }
round = "2s"
invariants = false
taps = false
hazards = false
plants = ["l1.hop_limit"]
boot_spread = "3s"
wall_clock_ms = 5

[[program]]
kind = "file"
node = "n0"
to = "n5"
bytes = 1000
fast = true
share = 0.5

[[fault]]
kind = "clock-jump"
node = "n1"
at = "1min"
amount = -5000

[[fault]]
kind = "byzantine"
node = "n2"
at = 0
for = "10min"
behaviour = "drops"

[faults]
cuts = 3
crashes = 1

[expect]
done = false
)";

}  // namespace

TEST_CASE("sim scenario file: the smallest one", "[sim][scenario-file]") {
  const Scenario s = parsed("topology = { shape = 'line', nodes = 3, media = 'tcp' }");
  const Scenario plain;
  CHECK(s.name == "some");
  CHECK(s.file == "dir/some.toml");
  CHECK(s.topology.nodes.size() == 3);
  CHECK(s.duration == plain.duration);
  CHECK(s.settle == plain.settle);
  CHECK(s.virtual_limit == plain.virtual_limit);
  CHECK(s.real_limit == plain.real_limit);
  CHECK(s.options.limits.routes == plain.options.limits.routes);
  CHECK_FALSE(s.seed);
  CHECK_FALSE(s.drawn);
  CHECK(s.expect.linked);
  CHECK(s.expect.converged);
  CHECK(s.expect.done);
}

TEST_CASE("sim scenario file: keys of the whole and of the network", "[sim][scenario-file]") {
  const Scenario s = parsed(kEveryKey);
  CHECK(s.name == "all");
  CHECK(s.about == "everything at once");
  CHECK(s.seed == 0x5eed);
  CHECK(s.duration == 90min);
  CHECK(s.settle == 90s);
  CHECK(s.virtual_limit == 168h);
  CHECK(s.real_limit == 2min);
  CHECK(s.topology.name == "grid");
  CHECK(s.topology.media.at("roof").loss_rate == 0.2);
  CHECK(s.topology.links.size() == 7);
  CHECK(s.topology.nodes[4].skew_ppm == -20);
  CHECK(s.topology.nodes[4].limits->routes == Limits::standard().routes);
  CHECK(s.topology.nodes[4].at == Position{10, 20});
  CHECK(announcing(s.topology) == 2);
  CHECK(s.topology.nodes[0].announces);
  CHECK(s.topology.nodes[3].announces);
}

TEST_CASE("sim scenario file: keys of options and expectations", "[sim][scenario-file]") {
  const Scenario s = parsed(kEveryKey);
  CHECK(s.options.limits.routes == 99);
  CHECK(s.options.limits.links == Limits::standard().links);
  CHECK(s.options.round == 2s);
  CHECK_FALSE(s.options.standard_invariants);
  CHECK_FALSE(s.options.taps);
  CHECK_FALSE(s.options.hazards);
  CHECK(s.options.plants == std::vector<std::string>{"l1.hop_limit"});
  CHECK(s.options.boot_spread == 3s);
  CHECK(s.options.wall_clock_ms == 5);
  CHECK(s.expect.linked);
  CHECK_FALSE(s.expect.done);
}

TEST_CASE("sim scenario file: keys of programs and faults", "[sim][scenario-file]") {
  const Scenario s = parsed(kEveryKey);
  REQUIRE(s.programs.size() == 1);
  CHECK(s.programs[0].kind == "file");
  CHECK(s.programs[0].node == "n0");
  CHECK(s.programs[0].line == 38);
  CHECK(s.programs[0].settings ==
        std::map<std::string, std::string>{
            {"to", "n5"}, {"bytes", "1000"}, {"fast", "true"}, {"share", "0.5"}});
  REQUIRE(s.faults.size() == 2);
  CHECK(s.faults[0].fault.kind == FaultKind::clock_jump);
  CHECK(s.faults[0].fault.at == 1min);
  CHECK(s.faults[0].fault.amount == -5000);
  CHECK(s.faults[0].node == "n1");
  CHECK(s.faults[0].line == 46);
  CHECK(s.faults[1].fault.text == "drops");
  CHECK(s.faults[1].fault.span == 10min);
  REQUIRE(s.drawn);
  CHECK(s.drawn->cuts == 3);
  CHECK(s.drawn->crashes == 1);
  CHECK(s.drawn->pauses == 0);
  CHECK(s.drawn->over == 90min);
}

TEST_CASE("sim scenario file: every shape", "[sim][scenario-file]") {
  const auto nodes = [](const std::string& topology) {
    return parsed("[topology]\n" + topology).topology.nodes.size();
  };
  CHECK(nodes("shape = 'line'\nnodes = 4\nmedia = 'tcp'") == 4);
  CHECK(nodes("shape = 'ring'\nnodes = 5\nmedia = 'tcp'") == 5);
  CHECK(nodes("shape = 'grid'\nwidth = 3\nheight = 4\nmedia = 'ble'") == 12);
  CHECK(nodes("shape = 'star_of_stars'\nhubs = 2\nleaves = 3\nbackbone = 'tcp'\n"
              "access = 'wifi'") == 8);
  CHECK(nodes("shape = 'random_geometric'\nnodes = 50\ndegree = 7.5\nmedia = 'lora'") == 50);
  CHECK(nodes("shape = 'watts_strogatz'\nnodes = 20\ndegree = 4\nrewired = 0.1\n"
              "media = 'tcp'") == 20);
  CHECK(nodes("shape = 'kleinberg'\nside = 5\nfar = 1\nmedia = 'tcp'") == 25);
  CHECK(nodes("shape = 'scale_free'\nnodes = 30\nlinks = 2\nmedia = 'tcp'") == 30);
}

TEST_CASE("sim scenario file: the seed draws the topology", "[sim][scenario-file]") {
  const std::string toml =
      "topology = { shape = 'random_geometric', nodes = 20, degree = 4, media = 'wifi' }";
  CHECK(parsed(toml, 1).topology.nodes[7].at == parsed(toml, 1).topology.nodes[7].at);
  CHECK_FALSE(parsed(toml, 1).topology.nodes[7].at == parsed(toml, 2).topology.nodes[7].at);
}

TEST_CASE("sim scenario file: a topology written out", "[sim][scenario-file]") {
  const Scenario s = parsed(R"(
[topology]
name = "three"
announcers = 1
nodes = [{ name = "a", x = 0, y = 0 }, { name = "b", x = 50, y = 0 }]
links = [{ a = "a", b = "b", media = "wifi" }]
)");
  CHECK(s.topology.name == "three");
  CHECK(s.topology.nodes[1].at == Position{50, 0});
  CHECK(s.topology.links.size() == 1);
  CHECK(s.topology.nodes[0].announces);
  CHECK_FALSE(s.topology.nodes[1].announces);
}

TEST_CASE("sim scenario file: a topology from the file beside it", "[sim][scenario-file]") {
  const auto s = load_scenario(MEHR_SOURCE_DIR "/ports/sim/test/data/valley.toml", 1);
  INFO(mistake_in(s));
  REQUIRE(s);
  CHECK(s->topology.nodes.size() == 11);
  CHECK(s->topology.media.at("beam").rate == BitsPerSecond{40'000'000});  // the scenario's
  CHECK(s->topology.media.at("dsl").rate == BitsPerSecond{16'000'000});   // the file's
  CHECK_FALSE(s->topology.nodes[8].announces);
  CHECK(s->faults[1].group == std::vector<std::string>{"hut", "avalanche-sensor"});
}

TEST_CASE("sim scenario file: every kind of fault", "[sim][scenario-file]") {
  const Scenario s = parsed(R"(
topology = { shape = "line", nodes = 4, media = "tcp" }
fault = [
  { kind = "cut", at = 1, for = 1, node = "n0", peer = "n1" },
  { kind = "one-way", at = 1, node = "n0", peer = "n1" },
  { kind = "partition", at = 1, group = ["n0", "n3"] },
  { kind = "crash", at = 1, node = "n0" },
  { kind = "pause", at = 1, node = "n0" },
  { kind = "clock-jump", at = 1, node = "n0", amount = 60000 },
  { kind = "slow-disk", at = 1, node = "n0", amount = 50 },
  { kind = "full-disk", at = 1, node = "n0" },
  { kind = "read-errors", at = 1, node = "n0", amount = 10 },
  { kind = "write-errors", at = 1, node = "n0", amount = 1000 },
  { kind = "lying-sync", at = 1, node = "n0", amount = 1 },
  { kind = "byzantine", at = 1, node = "n0", behaviour = "forges" },
]
)");
  REQUIRE(s.faults.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(s.faults[i].fault.kind == static_cast<FaultKind>(i));
    CHECK(s.faults[i].line == 4 + i);
  }
  CHECK(s.faults[0].peer == "n1");
  CHECK(s.faults[1].fault.span == 0s);
}

TEST_CASE("sim scenario file: large seeds are texts", "[sim][scenario-file]") {
  CHECK(parsed("seed = '0xffffffffffffffff'\n"
               "topology = { shape = 'line', nodes = 1, media = 'tcp' }")
            .seed == 0xffffffffffffffff);
}

TEST_CASE("sim durations: texts to nanoseconds and back", "[sim][durations]") {
  CHECK(parse_duration("0s") == 0ns);
  CHECK(parse_duration("7ns") == 7ns);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration(" 1 h 30 min ") == 90min);
  CHECK(parse_duration("1.000000001s") == 1'000'000'001ns);
  CHECK(parse_duration("0.5d") == 12h);
  CHECK(parse_duration("1d1h1min1s1ms1us1ns") == 90'061'001'001'001ns);
  for (const char* wrong :
       {"", "5", "s", "5 mins", "-1s", "1.s", ".5s", "30m1h", "1h1h", "1,5s", "1s x", "1.5ns",
        "1.0000000001s", "106752d", "99999999999999999999s", "1e3s"}) {
    INFO(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
  for (const Duration span :
       {0ns, 1ns, 90'061'001'001'001ns, Duration{150ms}, Duration{36h}, Duration::max()}) {
    CHECK(parse_duration(duration_text(span)) == span);
  }
  CHECK(duration_text(90min) == "1h30min");
  CHECK(duration_text(0s) == "0s");
}
