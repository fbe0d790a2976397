#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <map>

#include "fake_world.h"
#include "mehr/l1/probe_relay.h"
#include "mehr/l1/prober.h"
#include "mehr/l1/reverse_path.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::node_id;

namespace {
PacketId packet(std::uint64_t n) { return PacketId::from(node_id(n).view()); }
}  // namespace

TEST_CASE("L1 property 24: answers go back the way, once, within W", "[l1][probes]") {
  test::SeededRandom random(1);
  ProbeRelay relay(8, 4, random);
  REQUIRE(relay.on_request(node_id(1), 7, 0, 1, 2_s, 10_s));
  CHECK_FALSE(relay.on_response(node_id(1), 8, 1, 10_s).has_value());  // another probe
  CHECK_FALSE(relay.on_response(node_id(2), 7, 1, 10_s).has_value());
  CHECK_FALSE(relay.on_response(node_id(1), 7, 2, 10_s).has_value());  // not the egress
  CHECK(relay.on_response(node_id(1), 7, 1, 11_s) == LinkSlot{0});
  CHECK_FALSE(relay.on_response(node_id(1), 7, 1, 11_s).has_value());
  CHECK(relay.size() == 0);
  REQUIRE(relay.on_request(node_id(1), 7, 0, 1, 2_s, 10_s));
  CHECK(relay.next_deadline() == 12_s);
  relay.on_time(11'999_ms);
  CHECK(relay.size() == 1);
  relay.on_time(12_s);
  CHECK(relay.size() == 0);
  CHECK(relay.next_deadline() == Millis::never());
  REQUIRE(relay.on_request(node_id(1), 7, 0, 1, 2_s, 20_s));
  CHECK_FALSE(relay.on_response(node_id(1), 7, 1, 22_s).has_value());  // without on_time too
}

TEST_CASE("L1 7: a second ingress with the same key is dropped", "[l1][probes]") {
  test::SeededRandom random(1);
  ProbeRelay relay(8, 4, random);
  REQUIRE(relay.on_request(node_id(1), 7, 0, 1, 2_s, 10_s));
  CHECK_FALSE(relay.on_request(node_id(1), 7, 2, 1, 2_s, 10_s));
  CHECK(relay.on_request(node_id(1), 7, 0, 3, 2_s, 11_s));  // the same again, another way
  CHECK(relay.size() == 1);
  CHECK(relay.on_response(node_id(1), 7, 3, 12_s) == LinkSlot{0});
  CHECK(relay.on_request(node_id(1), 7, 2, 1, 2_s, 12_s));  // free again
}

TEST_CASE("L1 7: relays drop probes over one a second, eight at once", "[l1][probes]") {
  test::SeededRandom random(1);
  ProbeRelay relay(8, 4, random);
  for (int i = 0; i < 8; ++i) CHECK(relay.allow(0, 10_s));
  CHECK_FALSE(relay.allow(0, 10_s));
  CHECK(relay.allow(1, 10_s));  // each ingress has its own
  CHECK_FALSE(relay.allow(0, 10'999_ms));
  CHECK(relay.allow(0, 11_s));
  CHECK_FALSE(relay.allow(0, 11_s));
  unsigned passed = 0;
  for (std::uint64_t ms = 0; ms < 60'000; ms += 10)
    passed += relay.allow(2, 100_s + Millis{ms}) ? 1U : 0U;
  CHECK(passed <= 8 + 60);
  CHECK(passed >= 8 + 59);
}

TEST_CASE("L1 7: a full relay lets the note nearest its end go", "[l1][probes]") {
  test::SeededRandom random(1);
  ProbeRelay relay(2, 4, random);
  REQUIRE(relay.on_request(node_id(1), 1, 0, 1, 9_s, 10_s));
  REQUIRE(relay.on_request(node_id(2), 2, 0, 1, 2_s, 10_s));
  REQUIRE(relay.on_request(node_id(3), 3, 0, 1, 5_s, 10_s));
  CHECK(relay.size() == 2);
  CHECK_FALSE(relay.on_response(node_id(2), 2, 1, 11_s).has_value());
  CHECK(relay.on_response(node_id(1), 1, 1, 11_s).has_value());
  CHECK(relay.on_response(node_id(3), 3, 1, 11_s).has_value());
}

TEST_CASE("L1 7: a link that goes takes its notes along", "[l1][probes]") {
  test::SeededRandom random(1);
  ProbeRelay relay(8, 4, random);
  REQUIRE(relay.on_request(node_id(1), 1, 0, 1, 9_s, 10_s));
  REQUIRE(relay.on_request(node_id(2), 2, 2, 0, 9_s, 10_s));
  REQUIRE(relay.on_request(node_id(3), 3, 2, 3, 9_s, 10_s));
  relay.link_down(0);
  CHECK(relay.size() == 1);
  CHECK(relay.on_response(node_id(3), 3, 3, 11_s) == LinkSlot{2});
}

TEST_CASE("L1 6.3: a proof goes from the egress to the ingress, once", "[l1][reverse]") {
  test::SeededRandom random(1);
  ReversePath reverse(16, random);
  CHECK(reverse.enabled());
  reverse.record(packet(1), 4, 5, 10_s);
  CHECK_FALSE(reverse.take(packet(2), 5, 11_s).has_value());
  CHECK_FALSE(reverse.take(packet(1), 4, 11_s).has_value());  // must come from the egress
  CHECK(reverse.size() == 1);
  CHECK(reverse.take(packet(1), 5, 11_s) == LinkSlot{4});
  CHECK_FALSE(reverse.take(packet(1), 5, 11_s).has_value());
  CHECK(reverse.size() == 0);
}

TEST_CASE("L1 6.3: a note counts for 480 s", "[l1][reverse]") {
  test::SeededRandom random(1);
  ReversePath reverse(16, random);
  reverse.record(packet(1), 4, 5, 10_s);
  reverse.record(packet(2), 4, 5, 10_s);
  CHECK(reverse.take(packet(1), 5, 490_s) == LinkSlot{4});
  CHECK_FALSE(reverse.take(packet(2), 5, 491_s).has_value());
  reverse.record(packet(3), 4, 5, 492_s);
  CHECK(reverse.size() == 1);  // the old ones left as a new one came
}

TEST_CASE("L1 6.3: a copy from elsewhere does not draw the proof to itself", "[l1][reverse]") {
  test::SeededRandom random(1);
  ReversePath reverse(16, random);
  reverse.record(packet(1), 4, 5, 10_s);
  reverse.record(packet(1), 6, 5, 20_s);
  CHECK(reverse.size() == 1);
  CHECK(reverse.take(packet(1), 5, 20_s) == LinkSlot{4});
  reverse.record(packet(1), 4, 5, 20_s);
  reverse.record(packet(1), 6, 5, 600_s);  // the former is over
  CHECK(reverse.take(packet(1), 5, 600_s) == LinkSlot{6});
}

TEST_CASE("L1 6.3: above the bound the oldest go first", "[l1][reverse]") {
  test::SeededRandom random(1);
  const std::size_t capacity = GENERATE(std::size_t{1}, std::size_t{2}, std::size_t{100});
  ReversePath reverse(capacity, random);
  for (std::uint64_t i = 0; i < 1000; ++i) reverse.record(packet(i), 4, 5, 10_s);
  CHECK(reverse.size() == capacity);
  CHECK_FALSE(reverse.take(packet(999 - capacity), 5, 10_s).has_value());
  for (std::uint64_t i = 1000 - capacity; i < 1000; ++i) {
    CHECK(reverse.take(packet(i), 5, 10_s).has_value());
  }
}

TEST_CASE("L1 6.3: it can be switched off", "[l1][reverse]") {
  test::SeededRandom random(1);
  ReversePath reverse(0, random);
  CHECK_FALSE(reverse.enabled());
  reverse.record(packet(1), 4, 5, 10_s);
  CHECK_FALSE(reverse.take(packet(1), 5, 10_s).has_value());
  reverse.link_down(4);
}

TEST_CASE("L1 6.3: it agrees with a map", "[l1][reverse]") {
  struct Note {
    LinkSlot ingress = 0;
    LinkSlot egress = 0;
    Millis at;
  };
  rc::prop("random packets, proofs, links and waits", [] {
    test::SeededRandom random(1);
    ReversePath reverse(1000, random);
    std::map<std::uint64_t, Note> model;
    Millis now{0};
    const auto ops =
        *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>>(
            rc::gen::arbitrary<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>());
    for (const auto& [what, id, link] : ops) {
      const auto a = static_cast<LinkSlot>(link % 4);
      const auto b = static_cast<LinkSlot>(link / 4 % 4);
      const auto fresh = [&, at = now](std::uint64_t k) {
        return model.count(k) != 0 && at - model[k].at <= 480_s;
      };
      if (what % 8 < 4) {
        reverse.record(packet(id), a, b, now);
        if (!fresh(id)) model[id] = {a, b, now};
      } else if (what % 8 < 6) {
        const auto got = reverse.take(packet(id), b, now);
        const bool expected = fresh(id) && model[id].egress == b;
        RC_ASSERT(got.has_value() == expected);
        if (expected) {
          RC_ASSERT(*got == model[id].ingress);
          model.erase(id);
        }
      } else if (what % 8 == 6) {
        now = now + Millis::seconds(id);
      } else {
        reverse.link_down(a);
        std::erase_if(model,
                      [a](const auto& m) { return m.second.ingress == a || m.second.egress == a; });
      }
    }
  });
}

TEST_CASE("L1 property 24: over a chain of relays, and the tables are empty after W",
          "[l1][probes]") {
  constexpr std::size_t kRelays = 5;
  test::SeededRandom random(7);
  std::vector<ProbeRelay> relays;
  for (std::size_t i = 0; i < kRelays; ++i) relays.emplace_back(16, 2, random);
  Prober prober(4, random);
  CompactPathCost cost;
  cost.worst_latency_ms = 100;
  cost.hop_count = kRelays;
  Millis now = 50_s;
  const NodeId to = node_id(77);
  const auto sent =
      prober.start(to, {0, Mtu{4096}, BitsPerSecond{1'000'000}, cost}, Mtu{1500}, now);
  REQUIRE(sent.has_value());
  std::array<std::uint8_t, 4096> buffer{};
  const auto packet_bytes = encode_probe_packet(to, 0, sent->request, buffer);
  REQUIRE(packet_bytes.has_value());
  for (auto& relay : relays) {
    now = now + 100_ms;
    cost.hop_count = static_cast<std::uint8_t>(cost.hop_count - 1);
    const auto packet_read = decode<l0::Packet>(*packet_bytes);
    const auto request = decode_probe_request(packet_read->data.bytes);
    REQUIRE(request.has_value());
    REQUIRE(relay.allow(0, now));
    REQUIRE(relay.on_request(to, request->probe_id, 0, 1, probe_wait(cost, 1500), now));
  }
  now = now + 100_ms;
  const ProbeResponse r = answer_probe(sent->request, packet_bytes->size(), Mtu{1500}, {8000});
  for (auto relay = relays.rbegin(); relay != relays.rend(); ++relay) {
    now = now + 100_ms;
    CHECK(relay->on_response(to, r.probe_id, 1, now) == LinkSlot{0});
    CHECK(relay->size() == 0);
  }
  now = now + 100_ms;
  REQUIRE(prober.on_response(to, r, 0, now).has_value());
  CHECK(prober.find(to)->rtt == 1200_ms);  // six links there and back
  // Unanswered, every relay is empty once its own W is over.
  for (auto& relay : relays) REQUIRE(relay.on_request(to, 9, 0, 1, probe_wait(cost, 1500), now));
  for (auto& relay : relays) {
    relay.on_time(now + probe_wait(cost, 1500));
    CHECK(relay.size() == 0);
  }
}
