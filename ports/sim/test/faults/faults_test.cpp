// Faults: their names, their words, and how they are drawn. And what a violation says.
#include "mehr/sim/faults.h"

#include <catch2/catch.hpp>
#include <set>

#include "mehr/sim/sim.h"

namespace mehr::sim::test {

namespace {

SimOptions quiet() {
  SimOptions options;
  options.standard_invariants = false;
  return options;
}

bool same(const Fault& a, const Fault& b) {
  return a.kind == b.kind && a.at == b.at && a.span == b.span && a.node == b.node &&
         a.peer == b.peer && a.amount == b.amount && a.text == b.text && a.side == b.side;
}

FaultMix rich() {
  FaultMix mix;
  mix.over = 1000s;
  mix.cuts = mix.one_ways = mix.partitions = mix.crashes = mix.pauses = 5;
  mix.clock_jumps = mix.disk_faults = mix.byzantine = 5;
  return mix;
}

}  // namespace

TEST_CASE("sim faults: kinds have the names that scenario files use", "[sim][faults]") {
  CHECK(std::string(name_of(FaultKind::cut)) == "cut");
  CHECK(std::string(name_of(FaultKind::one_way)) == "one-way");
  CHECK(std::string(name_of(FaultKind::clock_jump)) == "clock-jump");
  CHECK(std::string(name_of(FaultKind::lying_sync)) == "lying-sync");
  CHECK(std::string(name_of(FaultKind::byzantine)) == "byzantine");
}

TEST_CASE("sim faults: a fault describes itself", "[sim][faults]") {
  Sim sim(1, quiet());
  sim.line(4, Media::tcp());
  const auto text = [&](FaultKind kind, std::int64_t amount = 0) {
    Fault f;
    f.kind = kind;
    f.node = 3;
    f.peer = 1;
    f.span = 20s;
    f.amount = amount;
    f.text = "drops";
    f.side = {0, 1, 1, 0};
    return f.describe(sim);
  };
  CHECK(text(FaultKind::cut) == "cut between n3 and n1 for 20 s");
  CHECK(text(FaultKind::one_way) == "one-way cut from n3 to n1 for 20 s");
  CHECK(text(FaultKind::partition) == "partition of 2 nodes from the others for 20 s");
  CHECK(text(FaultKind::crash) == "crash n3 for 20 s");
  CHECK(text(FaultKind::pause) == "pause n3 for 20 s");
  CHECK(text(FaultKind::clock_jump, 500) == "clock-jump of n3 by +500 ms for 20 s");
  CHECK(text(FaultKind::clock_jump, -500) == "clock-jump of n3 by -500 ms for 20 s");
  CHECK(text(FaultKind::slow_disk, 30) == "slow-disk of n3, 30 ms a call for 20 s");
  CHECK(text(FaultKind::full_disk) == "full-disk of n3 for 20 s");
  CHECK(text(FaultKind::read_errors, 30) == "read-errors on n3, 30 in 1,000 for 20 s");
  CHECK(text(FaultKind::byzantine) == "byzantine n3: drops for 20 s");
  Fault endless;
  endless.kind = FaultKind::crash;
  endless.node = 0;
  CHECK(endless.describe(sim) == "crash n0");
}

TEST_CASE("sim faults: as many are drawn as asked for, in their time, of whom there is",
          "[sim][faults]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Sim sim(seed, quiet());
    sim.ring(20, Media::tcp());
    const auto drawn = draw_faults(rich(), sim);
    REQUIRE(drawn.size() == 40);
    std::set<NodeIndex> liars;
    Duration before{0};
    for (const Fault& f : drawn) {
      CHECK(f.at >= before);
      CHECK(f.at <= 750s);
      CHECK(f.at + f.span <= 950s);
      before = f.at;
      if (f.kind == FaultKind::partition) {
        CHECK(f.side.size() == 20);
        continue;
      }
      CHECK(f.node < 20);
      if (f.kind == FaultKind::cut || f.kind == FaultKind::one_way) {
        const NodeIndex away = (f.node + 20 - f.peer) % 20;
        CHECK((away == 1 || away == 19));  // neighbours of the ring
      }
      if (f.kind == FaultKind::byzantine) {
        CHECK(liars.insert(f.node).second);
        const auto names = behaviour_names();
        CHECK(std::find(names.begin(), names.end(), f.text) != names.end());
      }
    }
    CHECK(liars.size() == 5);
  }
}

TEST_CASE("sim faults: never more than a third of the nodes lie", "[sim][faults]") {
  Sim sim(1, quiet());
  sim.line(7, Media::tcp());
  FaultMix mix;
  mix.byzantine = 7;
  CHECK(draw_faults(mix, sim).size() == 2);
}

TEST_CASE("sim faults: worlds of one node and of none have no pairs to part", "[sim][faults]") {
  Sim none(1, quiet());
  CHECK(draw_faults(rich(), none).empty());
  Sim one(1, quiet());
  one.line(1, Media::tcp());
  for (const Fault& f : draw_faults(rich(), one)) CHECK(f.peer == kNoNode);
}

TEST_CASE("sim faults: the seed decides", "[sim][faults]") {
  const auto draw = [](std::uint64_t seed) {
    Sim sim(seed, quiet());
    sim.ring(20, Media::tcp());
    return draw_faults(rich(), sim);
  };
  const auto a = draw(1);
  const auto b = draw(1);
  const auto c = draw(2);
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end(), same));
  CHECK_FALSE(std::equal(a.begin(), a.end(), c.begin(), c.end(), same));
}

TEST_CASE("sim faults: a violation tells how to see it again", "[sim][faults]") {
  Violation v;
  v.invariant = "no packet is delivered twice";
  v.text = "n3 was given it twice";
  v.seed = 77;
  v.at = Instant{} + 1h + 2min + 3s + 456ms;
  v.node = 3;
  v.node_name = "tower";
  v.last = {"first", "second"};
  CHECK(v.message() ==
        "violated: no packet is delivered twice\n"
        "  n3 was given it twice\n"
        "  seed 77, at 01:02:03.456000, node tower\n"
        "  what happened before:\n"
        "    first\n"
        "    second\n");
  v.node = kNoNode;
  v.last.clear();
  CHECK(v.message() ==
        "violated: no packet is delivered twice\n"
        "  n3 was given it twice\n"
        "  seed 77, at 01:02:03.456000\n");
}

}  // namespace mehr::sim::test
