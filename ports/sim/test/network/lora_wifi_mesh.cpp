// Five nodes over LoRa and WiFi converge in three rounds too. Issue 4, show it 2.
//
// What LoRa allows: SF8 on 125 kHz is 3,125 bps, of which EU868 leaves a sender 36 s in any hour. A
// node's part of the channel is halved or thirded by its neighbours there, and routing may use 3 %
// of that: two to six bytes a second for announces of 156 bytes with their frames. What makes three
// rounds possible is the bucket of a link that comes up, which holds two full frames, 1,016 bytes:
// six announces go at once. More than that behind one LoRa link wait for the refill, some 30 to 70
// s each. What it does not allow: Beats, their answers and Pings, said every minute to every
// neighbour, take some 15 s an hour for each neighbour at SF8. With one neighbour on the air a node
// keeps within EU868's 36 s for ever, with two it is at the limit, with three it is silent for half
// of each hour.
#include "mehr/sim/test.h"
#include "network_world.h"

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;

namespace {

using Links = std::vector<LinkSpec>;

Topology five(std::string name, const Media& lora, Links links) {
  Topology t;
  t.name = std::move(name);
  t.media["wifi"] = Media::wifi();
  t.media["lora"] = lora;
  for (int i = 0; i < 5; ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    node.at = {50.0 * i, 0};
    t.nodes.push_back(node);
  }
  t.links = std::move(links);
  return t;
}

Topology two_cells(const Media& lora) {
  return five("two WiFi cells and LoRa between", lora,
              {{0, 1, "wifi"}, {1, 2, "wifi"}, {2, 3, "lora"}, {3, 4, "wifi"}});
}
Topology chain(const Media& lora) {
  return five("a LoRa chain with WiFi at its ends", lora,
              {{0, 1, "wifi"}, {1, 2, "lora"}, {2, 3, "lora"}, {3, 4, "wifi"}});
}
Topology radio_ring(const Media& lora) {
  return five("a LoRa ring, a leaf, and one WiFi link", lora,
              {{0, 1, "wifi"}, {0, 2, "lora"}, {1, 3, "lora"}, {2, 3, "lora"}, {3, 4, "lora"}});
}

bool is_whole(Sim& sim) { return sim.is_converged() && sim.check_routes() == std::nullopt; }

/// The same radio where the law rations nothing.
Media unrationed() {
  Media media = Media::lora();
  media.lora_radio.region = Region::unlimited;
  media.lora_radio.duty_cycle = 1;
  return media;
}

}  // namespace

// Frames are lost in 1 of 100 cases on WiFi and by collisions on the air; what is lost comes a
// round later, so the bound holds for 95 in 100.
TEST_CASE("L1 property 31: five nodes over LoRa and WiFi converge within 3 rounds", "[sim]") {
  for (const Topology& mesh :
       {two_cells(Media::lora()), chain(Media::lora()), radio_ring(Media::lora())}) {
    INFO(mesh.name);
    int in_time = 0;
    int all = 0;
    test::for_each_seed(Seeds{1, 60}, [&](std::uint64_t seed) {
      Sim sim{seed, measured()};
      sim.build(mesh);
      ++all;
      if (sim.reaches(rounds(3), [&] { return is_whole(sim); })) {
        ++in_time;
      } else {
        CHECK(sim.reaches(rounds(2), [&] { return is_whole(sim); }));
      }
    });
    CHECK(in_time * 100 >= all * 95);
  }
}

SIM_TEST("L1 9: five nodes over LoRa and WiFi stay converged for hours", Seeds{1, 5}) {
  for (const Topology& mesh : {two_cells(Media::lora()), two_cells(unrationed()),
                               chain(unrationed()), radio_ring(unrationed())}) {
    INFO(mesh.name);
    Sim sim{seed, measured()};
    sim.build(mesh);
    REQUIRE(sim.reaches(rounds(5), [&] { return is_whole(sim); }));
    for (int i = 0; i < 24; ++i) {
      sim.run_for(15min);
      CHECK(is_whole(sim));
    }
  }
}
