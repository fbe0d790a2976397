// The programs of scenarios: what they send arrives, once, through everything; bad settings are
// said.
#include "mehr/sim/test.h"
#include "mehr/sim_programs/make_program.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

ProgramSpec spec_of(std::string kind, std::string node,
                    std::map<std::string, std::string> settings) {
  ProgramSpec out;
  out.kind = std::move(kind);
  out.node = std::move(node);
  out.settings = std::move(settings);
  return out;
}

void install(Sim& sim, const ProgramSpec& spec) {
  Node& node = sim.node(sim.find(spec.node));
  auto made = sim_programs::make_program(spec, sim, node);
  REQUIRE(made);
  node.install(std::move(*made));
}

std::string refusal(Sim& sim, const ProgramSpec& spec) {
  auto made = sim_programs::make_program(spec, sim, sim.node(sim.find(spec.node)));
  REQUIRE_FALSE(made);
  return made.error();
}

Fault crash(NodeIndex node, Duration at, Duration span) {
  Fault out;
  out.kind = FaultKind::crash;
  out.node = node;
  out.at = at;
  out.span = span;
  return out;
}

}  // namespace

SIM_TEST("sim programs: reliable messages arrive through loss and a relay that crashes",
         Seeds{1, 20}) {
  Sim sim{seed};
  sim.line(3, Media::wifi().loss(0.1));
  install(sim, spec_of("messages", "n0",
                       {{"to", "n2"}, {"every", "2s"}, {"count", "10"}, {"reliable", "true"}}));
  sim.schedule(crash(1, 10s, 15s));
  sim.run_for(1min);
  sim.heal();
  CHECK(sim.reaches(2h, [&] { return sim.is_done(); }));
  CHECK(sim.recorder().count(What::message_delivered) >= 10);
}

SIM_TEST("sim programs: without reliable each message is sent once", Seeds{1, 5}) {
  SimOptions calm;
  calm.hazards = false;
  Sim sim{seed, calm};
  sim.line(2, Media::tcp());
  install(sim, spec_of("messages", "n0", {{"to", "everyone"}, {"every", "1s"}, {"count", "7"}}));
  CHECK(sim.reaches(1min, [&] { return sim.is_done(); }));
  sim.run_for(10s);
  CHECK(sim.recorder().count(What::message_sent) == 7);
  CHECK(sim.recorder().count(What::message_delivered) == 7);
}

SIM_TEST("sim programs: a file arrives once although sender, relay and receiver crash",
         Seeds{1, 20}) {
  Sim sim{seed};
  sim.line(3, Media::tcp().with_rate(BitsPerSecond{4'000'000}));
  install(sim, spec_of("file", "n0", {{"to", "n2"}, {"size", "1MB"}}));
  sim.schedule(crash(1, 6s, 10s));
  sim.schedule(crash(0, 40s, 10s));
  sim.schedule(crash(2, 70s, 10s));
  sim.run_for(2min);
  sim.heal();
  CHECK(sim.reaches(2h, [&] { return sim.is_done(); }));
  CHECK(sim.recorder().count(What::message_delivered) == 1);
  CHECK(sim.recorder().count(What::message_sent) == 1);
}

SIM_TEST("sim programs: an empty file is a file", Seeds{1, 3}) {
  Sim sim{seed};
  sim.line(2, Media::tcp());
  install(sim, spec_of("file", "n0", {{"to", "n1"}, {"size", "0"}, {"name", "nothing"}}));
  CHECK(sim.reaches(10min, [&] { return sim.is_done(); }));
}

TEST_CASE("sim programs: what is wrong with a setting is said", "[sim]") {
  Sim sim{1};
  Topology world = line(3, Media::tcp());
  world.nodes[2].announces = false;
  sim.build(world);
  const auto says = [&](const ProgramSpec& spec, const char* words) {
    INFO(words);
    CHECK_THAT(refusal(sim, spec), Catch::Contains(words));
  };
  says(spec_of("pigeons", "n0", {}), "there are \"messages\" and \"file\"");
  says(spec_of("messages", "n0", {{"too", "n1"}}), "no setting \"too\"");
  says(spec_of("messages", "n0", {{"to", "n7"}}), "no node of that name");
  says(spec_of("messages", "n0", {{"to", "n0"}}), "the node itself");
  says(spec_of("messages", "n0", {{"to", "n2"}}), "does not announce itself");
  says(spec_of("messages", "n2", {{"to", "n1"}, {"reliable", "true"}}), "needs answers");
  says(spec_of("messages", "n0", {{"every", "often"}}), "every = \"often\"");
  says(spec_of("messages", "n0", {{"every", "0s"}}), "at least 1ms");
  says(spec_of("messages", "n0", {{"size", "4 bananas"}}), "size = \"4 bananas\"");
  says(spec_of("messages", "n0", {{"count", "-1"}}), "count = \"-1\"");
  says(spec_of("messages", "n0", {{"reliable", "perhaps"}}), "true or false");
  says(spec_of("file", "n0", {}), "needs to");
  says(spec_of("file", "n0", {{"to", "n1"}, {"name", "a/b"}}), "name = \"a/b\"");
  says(spec_of("file", "n2", {{"to", "n1"}}), "needs answers");
}
