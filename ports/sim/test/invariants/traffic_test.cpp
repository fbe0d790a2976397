// Invariants of what passes: each is told a sound history and violating ones.
#include <catch2/catch.hpp>

#include "../../src/invariant_memory.h"
#include "fake_view.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"

namespace mehr::sim::test {

namespace {

const Bytes kA{0x10, 1, 2, 3};
const Bytes kB{0x10, 4, 5, 6};
const Bytes kC{0x10, 7, 8, 9};

Bytes path_request(const NodeId& destination) {
  l1::PathRequest request;
  request.destination = destination;
  request.ttl = 3;
  const auto bytes = encode_fixed(request);
  return {bytes.begin(), bytes.end()};
}

/// A Delta with the announce of @p packet.
Bytes delta_of(const Bytes& packet) {
  l1::AnnounceItem item;
  item.destination = NodeId::from(ByteView(packet).subspan(2));
  item.data = Tail{ByteView(packet).subspan(l0::kHeaderSize)};
  Bytes body(l1::kAnnounceItemMax);
  const auto encoded = encode(item, body);
  REQUIRE(encoded);
  Bytes out(600);
  l1::DeltaWriter writer(out);
  REQUIRE(writer.add({l1::kAnnounceKind, *encoded}));
  out.resize(writer.finish(1, 1, false)->size());
  return out;
}

bool says(const Told& told, std::string_view part) {
  return told.broken().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sim invariants: a link delivers what was sent, once", "[sim][invariants]") {
  for (const bool streams : {true, false}) {
    Told told(links_deliver);
    told.view->streams = streams;
    told.link(0, 1).out(0, 1, kA).out(0, 1, kA).out(0, 1, kB).pass(1, 0, kC);
    told.in(1, 0, kA).in(1, 0, kA).in(1, 0, kB);
    CHECK(told.is_sound());
    told.in(1, 0, kA);
    CHECK(says(told, "n1 got a packet of 4 bytes from n0 that n0 did not send, or not so often"));
    CHECK(told.watcher->broken()->node == 1);
  }
  Told altered(links_deliver);
  altered.link(0, 1).out(0, 1, kA).in(1, 0, kB);
  CHECK(says(altered, "did not send"));
  Told elsewhere(links_deliver);
  elsewhere.link(0, 1).link(2, 1).out(0, 1, kA).in(1, 2, kA);
  CHECK(says(elsewhere, "did not send"));
  Told control(links_deliver);
  control.link(0, 1).say(What::control_out, 0, 1, kA).say(What::control_in, 1, 0, kA);
  CHECK(control.is_sound());
  control.say(What::control_in, 1, 0, kA);
  CHECK_FALSE(control.is_sound());
}

TEST_CASE("sim invariants: datagrams may be lost and overtaken, a stream has no gaps",
          "[sim][invariants]") {
  Told datagrams(links_deliver);
  datagrams.view->streams = false;
  datagrams.link(0, 1).out(0, 1, kA).out(0, 1, kB).in(1, 0, kB).in(1, 0, kA);
  CHECK(datagrams.is_sound());
  Told stream(links_deliver);
  stream.link(0, 1).out(0, 1, kA).out(0, 1, kB).in(1, 0, kB);
  CHECK(says(stream, "while an earlier one is missing"));
}

TEST_CASE("sim invariants: what a stream carried is lost with its link, crash or buffer",
          "[sim][invariants]") {
  const auto after = [](auto what) {
    Told told(links_deliver);
    told.link(0, 1).out(0, 1, kA);
    what(told);
    told.link(0, 1).out(0, 1, kB).in(1, 0, kB);
    return told.is_sound();
  };
  CHECK(after([](Told& t) { t.unlink(0, 1); }));
  CHECK(after([](Told& t) { t.say(What::crashed, 1).say(What::booted, 1); }));
  CHECK(after([](Told& t) { t.say(What::crashed, 0).say(What::booted, 0); }));
  CHECK(after([](Told& t) { t.unlink(0, 1).say(What::resumed, 1); }));
  Told lost(links_deliver);
  lost.link(0, 1).out(0, 1, kA).say(What::frame_lost, 1).out(0, 1, kB).in(1, 0, kB);
  CHECK(lost.is_sound());
}

TEST_CASE("sim invariants: an equal packet from before is not taken for the one that is due",
          "[sim][invariants]") {
  Told told(links_deliver);
  told.link(0, 1).out(0, 1, kA).out(0, 1, kB).say(What::frame_lost, 1, 0);
  told.out(0, 1, kA).out(0, 1, kC).in(1, 0, kA).in(1, 0, kB).in(1, 0, kA).in(1, 0, kC);
  CHECK(told.is_sound());
  told.out(0, 1, kA).out(0, 1, kB).in(1, 0, kB);
  CHECK(says(told, "while an earlier one is missing"));
}

TEST_CASE("sim invariants: with two links to one neighbour there is no one order",
          "[sim][invariants]") {
  Told told(links_deliver);
  told.link(0, 1).link(0, 1).out(0, 1, kA).out(0, 1, kB).in(1, 0, kB).in(1, 0, kA);
  CHECK(told.is_sound());
  told.unlink(0, 1).out(0, 1, kA).out(0, 1, kB).in(1, 0, kB);
  CHECK_FALSE(told.is_sound());
}

TEST_CASE("sim invariants: no two frames under one counter", "[sim][invariants]") {
  const auto frame = [](std::uint8_t counter, std::uint8_t fill) {
    Bytes out(30, fill);
    const Bytes head{0x90, 1, 2, counter, 0, 0, 0};
    std::copy(head.begin(), head.end(), out.begin());
    return out;
  };
  Told told(counters_are_fresh);
  told.say(What::frame_sent, 0, 1, frame(1, 5)).say(What::frame_sent, 0, 1, frame(2, 5));
  told.say(What::frame_sent, 0, 2, frame(2, 6)).say(What::frame_sent, 0, 1, frame(2, 5));
  told.say(What::link_up, 0, 1).say(What::frame_sent, 0, 1, frame(2, 7));
  CHECK(told.is_sound());
  told.say(What::frame_sent, 0, 1, frame(2, 8));
  CHECK(told.broken() == "n0 sealed two frames to n1 under the same key, link and counter");
}

TEST_CASE("sim invariants: a relay counts hops and passes on once", "[sim][invariants]") {
  const auto packet = [](const Told& t, std::uint8_t hops, std::uint8_t fill = 1) {
    return data_packet(t.view->id(5), hops, fill);
  };
  Told told(relays_pass_on);
  told.link(0, 1).link(1, 2).pass(0, 1, packet(told, 7)).out(1, 2, packet(told, 8));
  CHECK(told.is_sound());
  told.in(1, 0, packet(told, 7)).out(1, 2, packet(told, 8));
  CHECK(told.broken() == "n1 passed on the same packet twice within 110 s");

  Told late(relays_pass_on);
  late.pass(0, 1, packet(late, 7)).out(1, 2, packet(late, 8)).wait(111s);
  late.in(1, 0, packet(late, 7)).out(1, 2, packet(late, 8));
  CHECK(late.is_sound());
  Told reborn(relays_pass_on);
  reborn.pass(0, 1, packet(reborn, 7)).out(1, 2, packet(reborn, 8));
  reborn.say(What::crashed, 1).say(What::booted, 1);
  reborn.in(1, 0, packet(reborn, 7)).out(1, 2, packet(reborn, 8));
  CHECK(reborn.is_sound());
  Told crowded(relays_pass_on);
  crowded.view->all_limits.packet_ids = 10;
  crowded.pass(0, 1, packet(crowded, 7)).out(1, 2, packet(crowded, 8));
  for (std::uint8_t i = 10; i < 20; ++i) crowded.in(1, 0, packet(crowded, 7, i));
  crowded.in(1, 0, packet(crowded, 7)).out(1, 2, packet(crowded, 8));
  CHECK(crowded.is_sound());
}

TEST_CASE("sim invariants: hops that do not count, run over, or come from nowhere",
          "[sim][invariants]") {
  const auto broken = [](std::uint8_t in, std::uint8_t out) {
    Told t(relays_pass_on);
    t.in(1, 0, data_packet(t.view->id(5), in, 1)).out(1, 2, data_packet(t.view->id(5), out, 1));
    return t.broken();
  };
  CHECK(broken(126, 127).empty());
  CHECK(broken(3, 3) == "n1 passed on a packet that came with 3 hops and left with 3");
  CHECK(broken(3, 5) == "n1 passed on a packet that came with 3 hops and left with 5");
  CHECK(broken(127, 128) == "n1 sent a packet with 128 hops; it ends at 127");
  Told own(relays_pass_on);
  own.out(1, 2, data_packet(own.view->id(5), 7, 1)).out(1, 2, data_packet(own.view->id(5), 7, 1));
  CHECK(own.is_sound());
  own.out(1, 2, data_packet(own.view->id(5), 8, 2));
  CHECK(own.broken() == "n1 sent a packet with 8 hops that never came to it");
  Told liar(relays_pass_on);
  liar.view->liar = 1;
  liar.out(1, 2, data_packet(liar.view->id(5), 8, 2));
  CHECK(liar.is_sound());
}

TEST_CASE("sim invariants: no packet goes back to where it came from", "[sim][invariants]") {
  Told told(relays_pass_on);
  told.link(0, 1).in(1, 0, data_packet(told.view->id(5), 1, 1));
  Told closing(relays_pass_on);
  closing.link(0, 1).link(0, 1).in(1, 0, data_packet(closing.view->id(5), 1, 1));
  closing.out(1, 0, data_packet(closing.view->id(5), 2, 1));
  CHECK(closing.is_sound());
  told.out(1, 0, data_packet(told.view->id(5), 2, 1));
  CHECK(told.broken() == "n1 sent a packet back to n0, where it had come from");
}

TEST_CASE("sim invariants: announces are passed on newer or better", "[sim][invariants]") {
  Told told(announces_improve);
  const auto& n0 = told.view->people[0];
  const auto relayed = [&](std::uint64_t emitted, std::uint8_t hops) {
    return announce_packet(n0, emitted, true, hops);
  };
  told.in(1, 0, announce_packet(n0, 5)).in(1, 3, relayed(5, 4));
  told.out(1, 2, relayed(5, 5)).out(1, 2, relayed(5, 1)).out(1, 4, relayed(5, 1));
  told.in(1, 0, announce_packet(n0, 6)).out(1, 2, relayed(6, 3));
  CHECK(told.is_sound());
  SECTION("worse") {
    told.out(1, 2, relayed(6, 4));
    CHECK(told.broken() == "n1 told n2 of n0 at 4 hops, after the same announce at 3");
  }
  SECTION("older") {
    told.out(1, 2, relayed(5, 1));
    CHECK(told.broken() ==
          "n1 told n2 of n0 an announce older than the one before: emitted 5 after 6");
  }
  SECTION("older, after the route was lost") {
    told.say(What::route_lost, 1, 0).out(1, 2, relayed(5, 1));
    CHECK(told.is_sound());
  }
  SECTION("worse, in another life") {
    told.say(What::booted, 1).out(1, 2, relayed(6, 4));
    CHECK(told.is_sound());
  }
}

TEST_CASE("sim invariants: an announce is not told to its only source", "[sim][invariants]") {
  Told told(announces_improve);
  const auto& n0 = told.view->people[0];
  told.link(1, 2)
      .in(1, 2, announce_packet(n0, 5, true, 3))
      .out(1, 3, announce_packet(n0, 5, true, 4));
  CHECK(told.is_sound());
  SECTION("alone") {
    told.out(1, 2, announce_packet(n0, 5, true, 4));
    CHECK(told.broken() == "n1 told n2 of n0, which alone had told it");
  }
  SECTION("with another source it is") {
    told.in(1, 4, announce_packet(n0, 5, true, 2)).out(1, 2, announce_packet(n0, 5, true, 3));
    CHECK(told.is_sound());
  }
  SECTION("over a second link, while the first closes") {
    told.link(1, 2).out(1, 2, announce_packet(n0, 5, true, 4));
    CHECK(told.is_sound());
  }
}

TEST_CASE("sim invariants: an announce is told twice over a link, and once more when asked",
          "[sim][invariants]") {
  Told told(announces_improve);
  const auto& n0 = told.view->people[0];
  const Bytes relayed = announce_packet(n0, 5, true, 4);
  told.link(1, 2).link(1, 3).in(1, 3, announce_packet(n0, 5, true, 3));
  told.out(1, 2, relayed).out(1, 2, relayed);
  CHECK(told.is_sound());
  SECTION("a third time") {
    told.out(1, 2, relayed);
    CHECK(told.broken() == "n1 told n2 of n0 3 times, asked 0 times: emitted 5");
  }
  SECTION("another link") {
    told.link(1, 4).out(1, 4, relayed);
    CHECK(told.is_sound());
  }
  SECTION("asked") {
    told.say(What::control_in, 1, 2, path_request(told.view->id(0))).out(1, 2, relayed);
    CHECK(told.is_sound());
    told.out(1, 2, relayed);
    CHECK(told.broken() == "n1 told n2 of n0 4 times, asked 1 times: emitted 5");
  }
  SECTION("asked for somebody else") {
    told.say(What::control_in, 1, 2, path_request(told.view->id(5))).out(1, 2, relayed);
    CHECK_FALSE(told.is_sound());
  }
  SECTION("a newer one") {
    told.in(1, 3, announce_packet(n0, 6, true, 3)).out(1, 2, announce_packet(n0, 6, true, 4));
    CHECK(told.is_sound());
  }
  SECTION("a link that came up anew") {
    told.unlink(1, 2).wait(1s).link(1, 2).out(1, 2, relayed);
    CHECK(told.is_sound());
  }
}

TEST_CASE("sim invariants: what gossip brought is heard as well", "[sim][invariants]") {
  Told told(announces_improve);
  const auto& n0 = told.view->people[0];
  told.link(1, 2).link(1, 3).in(1, 2, announce_packet(n0, 5, true, 3));
  SECTION("of another neighbour") {
    told.say(What::control_in, 1, 3, delta_of(announce_packet(n0, 5, true, 2)));
    told.out(1, 2, announce_packet(n0, 5, true, 3));
    CHECK(told.is_sound());
  }
  SECTION("of the same one") {
    told.say(What::control_in, 1, 2, delta_of(announce_packet(n0, 5, true, 2)));
    told.out(1, 2, announce_packet(n0, 5, true, 3));
    CHECK(told.broken() == "n1 told n2 of n0, which alone had told it");
  }
}

TEST_CASE("sim invariants: gossip passes on what its origin said, and only that",
          "[sim][invariants]") {
  Told told(announces_are_genuine);
  const auto& n0 = told.view->people[0];
  told.say(What::control_out, 0, 1, delta_of(announce_packet(n0, 5)));
  told.out(1, 2, announce_packet(n0, 5, true, 1));
  told.say(What::control_out, 1, 2, delta_of(announce_packet(n0, 5, true, 1)));
  CHECK(told.is_sound());
  told.say(What::control_out, 1, 2, delta_of(announce_packet(n0, 6, true, 1)));
  CHECK(told.broken() == "n1 passed on an announce of n0 that n0 never made: emitted 6");
}

TEST_CASE("sim invariants: gossip keeps to a tenth of a link in any minute", "[sim][invariants]") {
  // 80 kbps: 60,000 bytes a minute, and one frame of 508.
  const Bytes beat = [] {
    Bytes out(476);
    out[0] = 0x90;
    return out;
  }();
  const auto gossip = [&](Told& told, int frames) {
    for (int i = 0; i < frames; ++i) told.say(What::control_out, 0, 1, beat);
  };
  Told told(budgets_hold);
  told.link(0, 1);
  SECTION("at once") {
    gossip(told, 121);
    CHECK(told.is_sound());
    gossip(told, 1);
    CHECK(told.broken() ==
          "n0 sent 61000 bytes of gossip to n1 within 60 s; 60000 and one frame are allowed");
  }
  SECTION("over minutes") {
    for (int i = 0; i < 10; ++i) {
      gossip(told, 60);
      told.wait(30s);
    }
    CHECK(told.is_sound());
    gossip(told, 80);
    CHECK_FALSE(told.is_sound());
  }
  SECTION("announces count") {
    gossip(told, 121);
    told.out(0, 1, announce_packet(told.view->people[0], 5));
    CHECK_FALSE(told.is_sound());
  }
  SECTION("packets, signals and those of a liar do not") {
    gossip(told, 121);
    told.out(0, 1, data_packet(told.view->id(1), 1, 1))
        .say(What::control_out, 0, 1, {0x89, 0, 0, 0});
    told.view->liar = 0;
    gossip(told, 10);
    CHECK(told.is_sound());
  }
  SECTION("in recovery it is a fifth") {
    told.wait(600s).say(What::control_in, 0, 1, beat);
    gossip(told, 240);
    CHECK(told.is_sound());
    gossip(told, 5);
    CHECK_FALSE(told.is_sound());
  }
  SECTION("on a shared channel it is of this node's part") {
    Told radio(budgets_hold);
    radio.view->lines.shared = ChannelId{3};
    radio.link(0, 1).link(0, 2).link(0, 3);
    radio.wait(61s);
    gossip(radio, 31);  // of 20 kbps
    CHECK(radio.is_sound());
    gossip(radio, 1);
    CHECK_FALSE(radio.is_sound());
  }
}

TEST_CASE("sim invariants: five seconds of packets wait for a link at most", "[sim][invariants]") {
  Told told(budgets_hold);
  told.link(0, 1);
  told.view->queues = {{told.view->id(1), 45'000}};
  told.watcher->look();
  CHECK(told.is_sound());
  told.view->queues = {{told.view->id(1), 45'001}};
  told.watcher->look();
  CHECK(told.broken() == "n0 lets 45001 bytes wait for n1; 45000 are allowed");
}

TEST_CASE("sim invariants: nobody passes on what its origin never said", "[sim][invariants]") {
  Told told(announces_are_genuine);
  const auto& n0 = told.view->people[0];
  const auto stranger =
      l0::Identity::from_seed(crypto::Seed::copy_of(std::array<std::uint8_t, 32>{}));
  told.view->liar = 4;
  told.out(0, 1, announce_packet(n0, 5)).out(1, 2, announce_packet(n0, 5, true, 1));
  told.out(1, 2, announce_packet(stranger, 9, true, 1)).out(4, 1, announce_packet(n0, 8, true, 1));
  CHECK(told.is_sound());
  told.out(1, 2, announce_packet(n0, 8, true, 2));
  CHECK(told.broken() == "n1 passed on an announce of n0 that n0 never made: emitted 8");
  Told altered(announces_are_genuine);
  altered.out(0, 1, announce_packet(n0, 5));
  Bytes packet = announce_packet(n0, 5, true, 1);
  packet[100] ^= 1;  // in the signature
  altered.out(1, 2, packet);
  CHECK_FALSE(altered.is_sound());
}

TEST_CASE("sim invariants: emitted rises, also across restarts", "[sim][invariants]") {
  const auto broken = [](std::uint64_t first, std::uint64_t second, bool restart,
                         bool disks = true) {
    Told t(emitted_rises);
    t.view->disks = disks;
    const auto& n0 = t.view->people[0];
    t.out(0, 1, announce_packet(n0, first)).out(0, 2, announce_packet(n0, first));
    if (restart) t.say(What::crashed, 0).say(What::booted, 0);
    t.out(0, 1, announce_packet(n0, second)).out(1, 2, announce_packet(n0, 1, true, 1));
    return t.broken();
  };
  CHECK(broken(5, 6, false).empty());
  CHECK(broken(5, 6, true).empty());
  CHECK(broken(5, 5, false).empty());  // the same one, at another link
  CHECK(broken(5, 4, false) == "n0 announced itself with emitted 4 after 5");
  CHECK(broken(5, 5, true) == "n0 announced itself with emitted 5 after 5");
  CHECK(broken(5, 1, true) == "n0 announced itself with emitted 1 after 5");
  CHECK(broken(5, 1, true, false).empty());  // its disk failed
}

TEST_CASE("sim invariants: messages arrive only if sent, where sent to, and once",
          "[sim][invariants]") {
  const Bytes tag{1, 2, 3};
  const auto broken = [&](auto more) {
    Told t(messages_arrive_once);
    t.say(What::message_sent, 0, 1, tag);
    more(t);
    return t.broken();
  };
  const auto deliver = [&](Told& t) { t.say(What::message_delivered, 1, 0, tag); };
  CHECK(broken(deliver).empty());
  CHECK(broken([&](Told& t) { t.say(What::message_delivered, 1, 0, {9}); }) ==
        "n1 was given a message that nobody sent");
  CHECK(broken([&](Told& t) {
          t.view->liar = 3;
          t.say(What::message_delivered, 1, 3, {9});
        }).empty());
  CHECK(broken([&](Told& t) { t.say(What::message_delivered, 2, 0, tag); }) ==
        "n2 was given a message that n0 sent to n1");
  CHECK(broken([&](Told& t) { t.say(What::message_delivered, 1, 3, tag); }) ==
        "n1 was given a message as if from n3 that n0 had sent");
  CHECK(broken([&](Told& t) {
          deliver(t);
          deliver(t);
        }) == "n1 was given a message of n0 once too often");
  CHECK(broken([&](Told& t) {
          deliver(t);
          t.say(What::crashed, 1).say(What::booted, 1);
          deliver(t);
        }).empty());
  CHECK(broken([&](Told& t) {
          t.view->all_limits.envelope_replays = 1;
          deliver(t);
          t.say(What::message_sent, 0, 1, {4}).say(What::message_delivered, 1, 0, {4});
          deliver(t);
        }).empty());
}

TEST_CASE("sim invariants: what is remembered is bounded, the oldest goes", "[sim][invariants]") {
  Recent<int> recent(100);
  for (std::uint64_t key = 1; key <= 100; ++key) recent.put(mix(key, 0)) = static_cast<int>(key);
  CHECK_FALSE(recent.has_forgotten());
  for (std::uint64_t key = 1; key <= 50; ++key) recent.erase(mix(key, 0));
  CHECK(recent.size() == 50);
  for (std::uint64_t key = 101; key <= 160; ++key) recent.put(mix(key, 0)) = static_cast<int>(key);
  CHECK(recent.size() == 100);
  CHECK(recent.has_forgotten());
  for (std::uint64_t key = 1; key <= 160; ++key) {
    const int* value = recent.find(mix(key, 0));
    CHECK((value != nullptr) == (key > 60));
    if (value != nullptr) CHECK(*value == static_cast<int>(key));
  }
  Recent<int> churned(4);
  for (std::uint64_t key = 1; key <= 10'000; ++key) {
    churned.put(mix(key, 0));
    churned.erase(mix(key, 0));
  }
  CHECK(churned.size() == 0);
  CHECK_FALSE(churned.has_forgotten());
}

}  // namespace mehr::sim::test
