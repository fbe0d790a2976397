#include "mehr/l1/prober.h"

#include <catch2/catch.hpp>
#include <map>

#include "fake_world.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::node_id;

namespace {

ProbePath path(std::uint64_t bps = 1'000'000, std::uint16_t latency = 10, std::uint8_t hops = 1) {
  ProbePath p;
  p.egress = 3;
  p.egress_mtu = Mtu{4096};
  p.egress_rate = {bps};
  p.path.bottleneck_bps = RateCode::encode({bps});
  p.path.worst_latency_ms = latency;
  p.path.hop_count = hops;
  return p;
}

struct Paths final : ProbePaths {
  std::optional<ProbePath> way = path();
  std::optional<ProbePath> probe_path(const NodeId&, Mtu) const override { return way; }
};

struct Fixture {
  test::SeededRandom random{5};
  Prober prober{4, random};
  Paths paths;
  Millis now = 1000_s;
  NodeId to = node_id(1);

  static ProbeResponse reply(const ProbeEvent& sent) {
    return answer_probe(sent.request, sent.size.bytes, Mtu{1500}, BitsPerSecond{50'000});
  }
  std::optional<ProbeEvent> answer(const ProbeEvent& sent) {
    return prober.on_response(sent.destination, reply(sent), sent.egress, now);
  }
  // A search over a path of that MTU until it is finished; how many probes it took.
  unsigned run_search(unsigned mtu) {
    unsigned sent = 0;
    Millis last{0};
    for (;;) {
      REQUIRE(prober.next_deadline() != Millis::never());
      now = std::max(now, prober.next_deadline());
      while (const auto event = prober.poll(paths, now)) {
        if (event->kind == ProbeEvent::Kind::search_finished) return sent;
        if (event->kind != ProbeEvent::Kind::send) continue;
        if (sent != 0) REQUIRE(now - last >= kProbeSpacing);
        ++sent;
        last = now;
        if (event->size.bytes > mtu) continue;
        now = now + 20_ms;
        REQUIRE(answer(*event).has_value());
      }
    }
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "L1 property 24: a second probe within 60 s is refused", "[l1][probes]") {
  const auto first = prober.start(to, path(), Mtu{100}, now);
  REQUIRE(first.has_value());
  CHECK(first->kind == ProbeEvent::Kind::send);
  CHECK(first->egress == 3);
  CHECK(prober.start(to, path(), Mtu{100}, now).error().code == Errc::wrong_state);
  REQUIRE(answer(*first).has_value());
  CHECK(prober.start(to, path(), Mtu{100}, now + 59'999_ms).error().code == Errc::denied);
  CHECK(prober.start(node_id(2), path(), Mtu{100}, now).has_value());  // another destination
  CHECK(prober.start(to, path(), Mtu{100}, now + 60_s).has_value());
}

TEST_CASE_METHOD(Fixture, "L1 property 24: bps code 105 is refused, 106 probed", "[l1][probes]") {
  ProbePath slow = path();
  slow.path.bottleneck_bps = RateCode{105};
  CHECK(prober.start(to, slow, Mtu{100}, now).error().code == Errc::unsupported);
  CHECK(prober.search(to, slow, now).error().code == Errc::unsupported);
  slow = path();
  slow.egress_rate = {9'000};
  CHECK(prober.start(to, slow, Mtu{100}, now).error().code == Errc::unsupported);
  slow.egress_rate = {10'000};
  slow.path.bottleneck_bps = RateCode{106};
  CHECK(prober.start(to, slow, Mtu{100}, now).has_value());
  CHECK(prober.find(to) == nullptr);  // nothing is known yet
}

TEST_CASE_METHOD(Fixture, "L1 7: sizes outside 32..4,096 and over the first link are refused",
                 "[l1][probes]") {
  CHECK(prober.start(to, path(), Mtu{31}, now).error().code == Errc::bad_value);
  CHECK(prober.start(to, path(), Mtu{4097}, now).error().code == Errc::bad_value);
  ProbePath narrow = path();
  narrow.egress_mtu = Mtu{484};
  CHECK(prober.start(to, narrow, Mtu{485}, now).error().code == Errc::too_big);
  CHECK(prober.start(to, narrow, Mtu{484}, now).has_value());
  CHECK(prober.size() == 1);
}

TEST_CASE_METHOD(Fixture, "L1 7: the report holds what an answer says", "[l1][probes]") {
  const auto sent = prober.start(to, path(), Mtu{1000}, now);
  REQUIRE(sent.has_value());
  now = now + 40_ms;
  const auto event = answer(*sent);
  REQUIRE(event.has_value());
  CHECK(event->kind == ProbeEvent::Kind::answered);
  const ProbeReport* r = prober.find(to);
  REQUIRE(r != nullptr);
  CHECK(r->rtt == 40_ms);
  CHECK(r->throughput == BitsPerSecond{400'000});  // 8,000 bits in 20 ms
  CHECK(r->responder_mtu == Mtu{1500});
  CHECK(r->measured == BitsPerSecond{50'000});
  CHECK(r->largest_passed == Mtu{1000});
  CHECK(r->answered == 1);
  CHECK(r->failed == 0);
  CHECK_FALSE(answer(*sent).has_value());  // IDLE: a second answer is dropped
  prober.forget(to, now);
  CHECK(prober.find(to) == nullptr);
  CHECK(prober.start(to, path(), Mtu{100}, now).error().code == Errc::denied);  // the rest stays
}

TEST_CASE_METHOD(Fixture, "L1 7: only the matching answer counts", "[l1][probes]") {
  const auto sent = prober.start(to, path(), Mtu{100}, now);
  REQUIRE(sent.has_value());
  const ProbeResponse good = reply(*sent);
  ProbeResponse bad = good;
  bad.probe_id = static_cast<std::uint16_t>(bad.probe_id + 1);
  CHECK_FALSE(prober.on_response(to, bad, 3, now).has_value());
  bad = good;
  ++bad.timestamp_echo;
  CHECK_FALSE(prober.on_response(to, bad, 3, now).has_value());
  bad = good;
  bad.received_size = 99;
  CHECK_FALSE(prober.on_response(to, bad, 3, now).has_value());
  CHECK_FALSE(prober.on_response(node_id(2), good, 3, now).has_value());
  CHECK_FALSE(prober.on_response(to, good, 4, now).has_value());  // another link
  CHECK(prober.on_response(to, good, 3, now).has_value());
}

TEST_CASE_METHOD(Fixture, "L1 7: WAIT ends after W with a failure at this size", "[l1][probes]") {
  // 400 ms x (2 x 3 + 1), and 2 x 3 x 8,000 bits at 1 Mbps.
  const ProbePath far = path(1'000'000, 400, 2);
  const auto sent = prober.start(to, far, Mtu{1000}, now);
  REQUIRE(sent.has_value());
  const Millis w = probe_wait(far.path, 1000);
  CHECK(w == 2800_ms + far.path.bottleneck_bps.decode().airtime(1000) * 3);
  CHECK(prober.next_deadline() == now + w);
  CHECK_FALSE(prober.poll(paths, now + w - 1_ms).has_value());
  const auto event = prober.poll(paths, now + w);
  REQUIRE(event.has_value());
  CHECK(event->kind == ProbeEvent::Kind::failed);
  CHECK(event->size == Mtu{1000});
  CHECK(prober.find(to)->smallest_failed == Mtu{1000});
  CHECK(prober.find(to)->failed == 1);
  CHECK_FALSE(answer(*sent).has_value());
  CHECK(prober.next_deadline() == Millis::never());
}

TEST_CASE("L1 7: W is at least 1 s, at least 3 latencies, and never beyond 480 s", "[l1][probes]") {
  CompactPathCost p;
  p.worst_latency_ms = 5;
  CHECK(probe_wait(p, 32) >= 1_s);
  CHECK(probe_wait(p, 32) <= 1001_ms);
  p.worst_latency_ms = 1000;
  CHECK(probe_wait(p, 32) >= 3_s);  // one hop: 2 x 1 + 1
  p.hop_count = 4;
  CHECK(probe_wait(p, 32) >= 11_s);
  p.worst_latency_ms = 65'535;
  p.hop_count = 255;
  p.bottleneck_bps = RateCode{0};
  CHECK(probe_wait(p, 4096) == 480_s);
}

TEST_CASE_METHOD(Fixture, "L1 property 31: a search finds the MTU, one probe in 60 s",
                 "[l1][probes]") {
  const unsigned mtu = GENERATE(484U, 1500U, 4096U);
  REQUIRE(prober.search(to, path(), now).has_value());
  CHECK(prober.start(to, path(), Mtu{100}, now).error().code == Errc::wrong_state);
  CHECK(run_search(mtu) <= 5);
  const ProbeReport* r = prober.find(to);
  REQUIRE(r != nullptr);
  CHECK(r->searched);
  CHECK_FALSE(r->searching);
  CHECK(r->largest_passed == Mtu{static_cast<std::uint16_t>(mtu)});
  CHECK(r->rtt == 20_ms);
  CHECK(prober.next_deadline() == Millis::never());
}

TEST_CASE_METHOD(Fixture, "L1 7: a search waits for the rest of a probe before it",
                 "[l1][probes]") {
  const auto sent = prober.start(to, path(), Mtu{100}, now);
  REQUIRE(sent.has_value());
  CHECK(prober.search(to, path(), now).error().code == Errc::wrong_state);
  REQUIRE(answer(*sent).has_value());
  REQUIRE(prober.search(to, path(), now).has_value());
  CHECK(prober.next_deadline() == now + 60_s);
}

TEST_CASE_METHOD(Fixture, "L1 7: a search ends with its path", "[l1][probes]") {
  REQUIRE(prober.search(to, path(), now).has_value());
  SECTION("no route") { paths.way.reset(); }
  SECTION("too slow") { paths.way = path(9'000); }
  const auto event = prober.poll(paths, now);
  REQUIRE(event.has_value());
  CHECK(event->kind == ProbeEvent::Kind::search_finished);
  CHECK(event->size == Mtu{0});
  CHECK(prober.find(to) == nullptr);
  CHECK(prober.next_deadline() == Millis::never());
}

TEST_CASE_METHOD(Fixture, "L1 7: what could not be sent is no failure", "[l1][probes]") {
  REQUIRE(prober.search(to, path(), now).has_value());
  const auto event = prober.poll(paths, now);
  REQUIRE(event.has_value());
  prober.withdraw(to, now);
  CHECK(prober.find(to)->failed == 0);
  CHECK(prober.next_deadline() == now + 60_s);
  const auto again = prober.poll(paths, now + 60_s);
  REQUIRE(again.has_value());
  CHECK(again->size == event->size);
  CHECK(again->request.probe_id != event->request.probe_id);
}

TEST_CASE_METHOD(Fixture, "L1 7: a link that grew narrower fails sizes without probes",
                 "[l1][probes]") {
  REQUIRE(prober.search(to, path(), now).has_value());
  paths.way->egress_mtu = Mtu{500};
  const auto event = prober.poll(paths, now);
  REQUIRE(event.has_value());
  CHECK(event->size == Mtu{484});
}

TEST_CASE_METHOD(Fixture, "L1 7: a full prober forgets who rests, never who probed within 60 s",
                 "[l1][probes]") {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    const auto sent = prober.start(node_id(n), path(), Mtu{100}, now);
    REQUIRE(sent.has_value());
    REQUIRE(answer(*sent).has_value());
    now = now + 1_s;
  }
  CHECK(prober.start(node_id(5), path(), Mtu{100}, now).error().code == Errc::full);
  now = now + 57_s;  // the first rests no more
  CHECK(prober.start(node_id(5), path(), Mtu{100}, now).has_value());
  CHECK(prober.find(node_id(1)) == nullptr);
  CHECK(prober.find(node_id(2)) != nullptr);
  CHECK(prober.size() == 4);
}

TEST_CASE("L1 property 24: nothing in a probe tells who asks or since when", "[l1][probes]") {
  // Two probers at the same time of their lives, and one twice: no field repeats or counts.
  test::SeededRandom a(1);
  test::SeededRandom b(2);
  Prober first(4, a);
  Prober second(4, b);
  const auto one = first.start(node_id(1), path(), Mtu{100}, 1000_s);
  const auto two = second.start(node_id(1), path(), Mtu{100}, 1000_s);
  const auto three = first.start(node_id(2), path(), Mtu{100}, 1000_s);
  REQUIRE((one && two && three));
  CHECK(one->request.timestamp != two->request.timestamp);
  CHECK(one->request.timestamp != three->request.timestamp);
  CHECK(one->request.timestamp >> 32 != three->request.timestamp >> 32);
  CHECK(one->request.probe_id != two->request.probe_id);
  // The answer is a function of the request and the responder's own link.
  const ProbeResponse r = answer_probe(one->request, 100, Mtu{484}, BitsPerSecond{1});
  const auto bytes = encode_fixed(r);
  std::array<std::uint8_t, 19> expected{};
  Writer w(expected);
  w.put(std::uint8_t{2});
  w.put(one->request.probe_id);
  w.put(std::uint16_t{100});
  w.put(one->request.timestamp);
  w.put(std::uint16_t{484});
  w.put(std::uint32_t{1});
  CHECK(bytes == expected);
}
