// The machine over all links, over modelled media in virtual time.
#include <catch2/catch.hpp>
#include <set>

#include "line.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::Line;
using Kind = EgressItem::Kind;

namespace {

Bytes message(std::size_t size, std::uint8_t mark = 0x8A) { return Bytes(size, mark); }

/// User packets of both sides of the queue, always enough to keep it busy.
void backlog(Line& line, LinkSlot slot, Priority p = Priority::p2) {
  while (line.egress.fill(slot).queued < 5 * 508) {
    if (line.offer(slot, p, 3, 400) == Verdict::full) break;
  }
}

void want_all(Line& line, LinkSlot slot) {
  for (Tier tier = 1; tier <= 4; ++tier) line.egress.want_pull(slot, tier, 40, line.now);
}

}  // namespace

TEST_CASE("L1 10.2: what waits for nothing passes, uncopied", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  CHECK(line.offer(0, Priority::p2, 1, 400) == Verdict::pass);
  CHECK(line.offer(5, Priority::p2, 1, 400) == Verdict::no_link);
  const LinkFigures f = line.egress.figures(0);
  CHECK(f.packets_in == 1);
  CHECK(f.packets_out == 1);
  CHECK(f.user_bytes == 424);
  SECTION("until tokens end: 2 s at nine tenths") {
    std::uint64_t bytes = 424;
    while (true) {
      const PacketOffer packet{Priority::p2, 1, {}, false};
      const Bytes body(400);
      PacketOffer p = packet;
      p.bytes = body;
      if (line.egress.offer(0, p, line.now) != Verdict::pass) break;
      line.egress.passed(0, p, line.now);
      bytes += 424;
    }
    CHECK(bytes <= 225'000);
    CHECK(bytes > 225'000 - 424);
    CHECK(line.egress.figures(0).packets_queued == 1);
    std::array<std::uint8_t, 4096> buffer{};
    CHECK_FALSE(line.egress.next(line.now, buffer).has_value());
    CHECK(line.egress.next_deadline() > line.now);
    CHECK(line.egress.next_deadline() <= line.now + 4_ms);
  }
  SECTION("until the medium is full") {
    line.egress.blocked(0, line.now);
    CHECK(line.offer(0, Priority::p0, 1, 400) == Verdict::queued);
    CHECK(line.egress.next_deadline() == line.now + 501_ms);  // its age
    line.egress.writable(0, line.now);
    CHECK(line.egress.next_deadline() <= line.now);
    line.pump();
    CHECK(line.sent.back().bytes == Bytes(400));
    CHECK(line.offer(0, Priority::p0, 1, 400) == Verdict::pass);
  }
}

TEST_CASE("L1 9.1: constrained links count padded frames, others only when asked", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 484);
  line.up(1, 1'000'000, 1500);
  line.offer(0, Priority::p2, 1, 100);
  line.offer(1, Priority::p2, 1, 100);
  CHECK(line.egress.figures(0).user_bytes == 508);
  CHECK(line.egress.figures(1).user_bytes == 124);
  const Bytes body(100);
  line.egress.passed(1, {Priority::p2, 2, body, true}, line.now);
  CHECK(line.egress.figures(1).user_bytes == 124 + 1524);
}

TEST_CASE("L1 9.1: the pad flag travels with the packet", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  line.egress.blocked(0, line.now);
  const Bytes body(100);
  CHECK(line.egress.offer(0, {Priority::p2, 1, body, true}, line.now) == Verdict::queued);
  CHECK(line.egress.fill(0).queued == 1524);
  line.egress.writable(0, line.now);
  std::array<std::uint8_t, 4096> buffer{};
  const auto item = line.egress.next(line.now, buffer);
  REQUIRE(item.has_value());
  CHECK(item->pad);
  CHECK(same_bytes(item->bytes, body));
}

TEST_CASE("L1 property 17: at full user load gossip gets g, and never over a tenth",
          "[l1][egress]") {
  for (const std::uint64_t bps : {1000U, 20'000U, 200'000U}) {
    Line line;
    line.up(0, bps);
    line.pull_size = 200;
    want_all(line, 0);
    line.run(300_s, [&] { backlog(line, 0); });
    const std::uint64_t gossip = line.egress.figures(0).gossip_bytes;
    const std::uint64_t g = std::min(std::max<std::uint64_t>(bps * 2 / 800, 10), bps / 80);
    CHECK(gossip >= g * 300 * 9 / 10);
    for (std::size_t last = 0; last < line.sent.size(); ++last) {
      const Millis to = line.sent[last].at;
      if (last % 50 != 0) continue;
      const Millis from{to.count < 60'000 ? 0 : to.count - 60'000};
      CHECK(line.bytes_of(Kind::pull, from, to) <= bps * 60 / 80 + 224);
    }
    CHECK(line.egress.figures(0).user_bytes > gossip * 7);
    CHECK(line.egress.figures(0).user_bytes + gossip >= bps / 8 * 300 * 97 / 100);
  }
}

TEST_CASE("L1 property 18: no gossip for 180 s with user backlog: the next frame is gossip",
          "[l1][egress]") {
  Line line;
  line.up(0, 1000);
  line.pull_size = 484;
  line.run(400_s, [&] { backlog(line, 0); });
  // Spend all of tier 4's budget, so that its own bucket would not let it go in time.
  line.egress.sent_gossip(0, 4, 484, line.now);
  line.egress.sent_gossip(0, 4, 484, line.now);
  line.egress.sent_gossip(0, 4, 484, line.now);
  const Millis asked = line.now;
  line.egress.want_pull(0, 4, 400, line.now);
  line.sent.clear();
  line.run(400_s, [&] { backlog(line, 0); });
  const auto first = std::find_if(line.sent.begin(), line.sent.end(),
                                  [](const auto& f) { return f.kind == Kind::pull; });
  REQUIRE(first != line.sent.end());
  CHECK(first->at >= asked + 180_s);
  CHECK(first->at <= asked + 190_s);  // a frame takes 4 s
  for (auto f = line.sent.begin(); f != first; ++f) CHECK(f->at <= asked + 186_s);
}

TEST_CASE("L1 property 18: recovery through the machine", "[l1][egress]") {
  Line line;
  line.up(0, 100'000);
  std::set<std::uint8_t> modes;
  line.run(599_s);
  CHECK(line.egress.figures(0).mode == GossipMode::normal);
  line.run(2_s);
  CHECK(line.egress.figures(0).mode == GossipMode::recovery);
  bool told = false;
  while (const auto e = line.egress.poll_event()) told |= (e->what & EgressEvent::kMode) != 0;
  CHECK(told);
  SECTION("user data is at most 80 %") {
    line.run(60_s, [&] { backlog(line, 0); });
    const std::uint64_t before = line.egress.figures(0).user_bytes;
    line.run(60_s, [&] { backlog(line, 0); });
    const std::uint64_t bytes = line.egress.figures(0).user_bytes - before;
    CHECK(bytes <= 100'000 / 8 * 60 * 80 / 100 + 508);
    CHECK(bytes >= 100'000 / 8 * 60 * 78 / 100);
  }
  SECTION("five good rounds end it") {
    for (int i = 0; i < 4; ++i) line.egress.round_ended(0, true, line.now);
    line.egress.round_ended(0, false, line.now);
    for (int i = 0; i < 4; ++i) line.egress.round_ended(0, true, line.now);
    CHECK(line.egress.figures(0).mode == GossipMode::recovery);
    line.egress.round_ended(0, true, line.now);
    CHECK(line.egress.figures(0).mode == GossipMode::normal);
    CHECK(line.egress.figures(0).recoveries == 1);
  }
}

TEST_CASE("L1 9.1: tier order, keys, and tier 1 goes on when it has tokens", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  line.egress.blocked(0, line.now);
  const GossipKey none;
  CHECK(line.egress.gossip(0, 4, none, message(50, 4), line.now) == GossipQueued::queued);
  CHECK(line.egress.gossip(0, 2, none, message(50, 2), line.now) == GossipQueued::queued);
  CHECK(line.egress.gossip(0, 1, none, message(50, 1), line.now) == GossipQueued::queued);
  CHECK(line.egress.urgent(0, message(19, 0x88), line.now));
  CHECK(line.offer(0, Priority::p0, 1, 300) == Verdict::queued);
  line.egress.writable(0, line.now);
  line.pump();
  std::vector<std::uint8_t> order;
  for (const auto& f : line.sent) order.push_back(f.bytes[0]);
  // Urgent first; gossip is below its guarantee, so it goes before the packet.
  CHECK(order == std::vector<std::uint8_t>{0x88, 1, 2, 4, 0});
  CHECK(line.egress.figures(0).control_bytes == 43);
  CHECK(line.egress.figures(0).gossip_bytes == 3 * 74);
}

TEST_CASE("L1 9.1: urgent control is bounded and ahead of P0", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000);
  line.egress.blocked(0, line.now);
  for (std::size_t i = 0; i < Egress::kUrgentMax; ++i) {
    CHECK(line.egress.urgent(0, message(19), line.now));
  }
  CHECK_FALSE(line.egress.urgent(0, message(19), line.now));
  CHECK(line.egress.figures(0).urgent_refused == 1);
  CHECK_FALSE(line.egress.urgent(1, message(19), line.now));  // no such link
}

TEST_CASE("L1 property 20: two equal upstreams split a link within 5 %", "[l1][egress]") {
  Line line;
  line.up(0, 100'000, 1500);
  int turn = 0;
  line.run(120_s, [&] {
    line.offer(0, Priority::p2, 1, 300, 1);  // one sends three times what the other does
    line.offer(0, Priority::p2, 1, 300, 1);
    line.offer(0, Priority::p2, 1, 300, 1);
    if (++turn % 10 == 0) line.offer(0, Priority::p2, 2, 900, 2);
  });
  std::array<std::uint64_t, 3> bytes{};
  for (const auto& f : line.sent) bytes[f.bytes[0]] += f.frame;
  CHECK(bytes[1] * 20 >= bytes[2] * 19);
  CHECK(bytes[2] * 20 >= bytes[1] * 19);
}

TEST_CASE("L1 10.2: a busy queue does not lower the rate by itself", "[l1][egress]") {
  Line line;
  line.up(0, 100'000);
  line.run(600_s, [&] { backlog(line, 0); });
  CHECK(line.egress.figures(0).measured.count >= 99'900);
  // The first two seconds' burst, then nine tenths.
  CHECK(line.egress.figures(0).user_bytes >= 600 * 12'500 * 89 / 100);
}

TEST_CASE("L1 10.2: a slow medium is found out, and found to have recovered", "[l1][egress]") {
  Line line;
  line.up(0, 100'000, 484, 40'000);
  line.run(600_s, [&] { backlog(line, 0); });
  CHECK(line.egress.figures(0).measured.count >= 38'000);
  CHECK(line.egress.figures(0).measured.count <= 50'000);
  CHECK(line.egress.figures(0).user_bytes >= 600 * 5000 * 95 / 100);
  line.media[0].bps = 100'000;
  line.run(600_s, [&] { backlog(line, 0); });
  CHECK(line.egress.figures(0).measured.count >= 99'000);
  SECTION("a change of bandwidth starts anew") {
    line.media[0].bps = 10'000;
    line.run(300_s, [&] { backlog(line, 0); });
    CHECK(line.egress.figures(0).measured.count < 20'000);
    line.egress.set_bandwidth(0, BitsPerSecond{50'000}, line.now);
    CHECK(line.egress.figures(0).measured.count == 50'000);
    CHECK(line.egress.figures(0).configured.count == 50'000);
  }
}

TEST_CASE("L1 property 21: P0 waits at most 500 ms and P3 gets a tenth of a slow link",
          "[l1][egress]") {
  Line line;
  line.up(0, 20'000);
  line.media[0].room = 1;  // one frame in the medium
  std::uint64_t n = 0;
  std::map<Millis, Millis> born;
  line.run(300_s, [&] {
    if (++n % 50 == 0) line.offer(0, Priority::p0, 1, 100, 10);
    if (line.egress.fill(0).queued < 12 * 508) line.offer(0, Priority::p3, 2, 300, 13);
  });
  std::array<std::uint64_t, 16> bytes{};
  for (const auto& f : line.sent) bytes[f.bytes[0]] += f.frame;
  const std::uint64_t all = bytes[10] + bytes[13];
  CHECK(bytes[13] * 1000 >= all * 90);
  CHECK(bytes[13] * 1000 <= all * 110);
  CHECK(line.egress.figures(0).drops.age[0] > 0);
}

TEST_CASE("L1 property 19: seven backoffs, then the packet is dropped and its upstream told",
          "[l1][egress]") {
  Line line;
  LinkShape radio;
  radio.channel = BitsPerSecond{1000};
  radio.half_duplex = radio.scans = true;
  line.egress.link_up(0, radio, line.now);
  line.media[0] = {1000, 508, 0, false, true};
  line.up(1, 1'000'000, 1500);
  std::vector<Millis> scans;
  line.scan_busy = [&](const EgressItem& item) {
    if (item.link != 0) return false;
    scans.push_back(line.now);
    return true;
  };
  CHECK(line.offer(0, Priority::p2, 1, 100) == Verdict::queued);  // never unasked
  line.run(Millis::seconds(29));
  CHECK(scans.size() >= 2);
  line.offer(0, Priority::p3, 1, 100);  // P3 has no age: it lives to be given up
  line.run(Millis::seconds(4 * 300));
  CHECK(line.egress.figures(0).dropped_channel == 1);
  CHECK(line.egress.figures(0).drops.age[2] == 1);
  REQUIRE(scans.size() == 8);
  for (std::size_t k = 1; k < scans.size(); ++k) {
    const std::uint64_t wait = (scans[k] - scans[k - 1]).count;
    CHECK(wait % 4064 == 0);
    CHECK(wait >= 4064);
    CHECK(wait <= 4064ULL << k);
  }
  REQUIRE(line.sent.size() == 1);
  CHECK(line.sent[0].link == 1);
  const auto signal = decode<CongestionSignal>(line.sent[0].bytes);
  REQUIRE(signal.has_value());
  CHECK(signal->severity() == Severity::severe);
}

TEST_CASE("L1 10.1: a clear channel ends the backoff; control outlives seven", "[l1][egress]") {
  Line line;
  LinkShape radio;
  radio.channel = BitsPerSecond{10'000};
  radio.half_duplex = radio.scans = true;
  line.egress.link_up(0, radio, line.now);
  line.media[0] = {10'000, 508, 0, false, true};
  int busy = 9;
  line.scan_busy = [&](const EgressItem&) { return busy-- > 0; };
  CHECK(line.egress.urgent(0, message(19), line.now));
  line.run(300_s);
  REQUIRE(line.sent.size() == 1);
  CHECK(line.sent[0].kind == Kind::control);
  CHECK(line.egress.figures(0).backoffs == 8);  // seven, a fresh start, one more
}

TEST_CASE("L1 10.3: own packets that were refused are told when there is room", "[l1][egress]") {
  Line line;
  line.up(0, 100'000);
  line.egress.blocked(0, line.now);
  while (line.offer(0, Priority::p2, kNoLink, 400) == Verdict::queued) {
  }
  bool room = false;
  const auto poll = [&] {
    while (const auto e = line.egress.poll_event()) room |= (e->what & EgressEvent::kRoom) != 0;
  };
  poll();
  CHECK_FALSE(room);
  line.egress.writable(0, line.now);
  line.run(1_s);
  line.run(10_s);
  poll();
  CHECK(room);
}

TEST_CASE("L1 10: a link that goes down takes what waits with it, counted", "[l1][egress]") {
  Line line;
  line.up(0, 100'000);
  line.egress.blocked(0, line.now);
  for (int i = 0; i < 5; ++i) line.offer(0, Priority::p2, 1, 400);
  CHECK(line.egress.urgent(0, message(19), line.now));
  line.egress.gossip(0, 1, {}, message(40), line.now);
  line.egress.link_down(0, line.now);
  CHECK(line.egress.figures(0).dropped_failed == 5);
  CHECK(line.egress.figures(0).packets_queued == 0);
  CHECK(line.egress.figures(0).gossip_queued == 0);
  CHECK(line.egress.next_deadline() == Millis::never());
  CHECK(line.offer(0, Priority::p2, 1, 400) == Verdict::no_link);
  line.up(0, 100'000);
  CHECK(line.egress.figures(0).dropped_failed == 0);
}

TEST_CASE("L1 9.1: a refused item is gone, a pull of nothing is not asked again", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  std::array<std::uint8_t, 4096> buffer{};
  CHECK(line.egress.urgent(0, message(19), line.now));
  line.egress.refused(*line.egress.next(line.now, buffer), line.now);
  CHECK_FALSE(line.egress.next(line.now, buffer).has_value());
  line.egress.want_pull(0, 3, 40, line.now);
  const auto pull = line.egress.next(line.now, buffer);
  REQUIRE(pull.has_value());
  CHECK(pull->kind == Kind::pull);
  CHECK(pull->tier == 3);
  CHECK(pull->limit == 1500);
  line.egress.nothing(*pull, line.now);
  CHECK_FALSE(line.egress.next(line.now, buffer).has_value());
  CHECK(line.egress.gossip_allowance(0, 3, line.now) == 1500);
}

TEST_CASE("L1 10: links take turns", "[l1][egress]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  line.up(1, 1'000'000, 1500);
  for (const LinkSlot slot : {LinkSlot{0}, LinkSlot{1}}) {
    line.egress.blocked(slot, line.now);
    for (int i = 0; i < 3; ++i) line.offer(slot, Priority::p2, 5, 100);
    line.egress.writable(slot, line.now);
  }
  line.media[0].room = line.media[1].room = 10'000;
  line.pump();
  std::vector<LinkSlot> order;
  for (const auto& f : line.sent) order.push_back(f.link);
  CHECK(order == std::vector<LinkSlot>{0, 1, 0, 1, 0, 1});
}

TEST_CASE("L1 9.1: a neighbour that does not gossip is not missed", "[l1][egress]") {
  Line line;
  LinkShape shape;
  shape.gossips = false;
  line.egress.link_up(0, shape, line.now);
  line.run(700_s);
  CHECK(line.egress.figures(0).mode == GossipMode::normal);
}

TEST_CASE("L1 10.2: weights follow the upstream to every link, until its link comes up anew",
          "[l1][egress]") {
  Line line;
  line.up(0, 100'000, 1500);
  line.up(1, 1'000'000, 1500);
  line.up(2, 1'000'000, 1500);
  line.egress.set_weight(1, 3 * kWeightOne);
  const auto ratio = [&] {
    line.sent.clear();
    line.run(60_s, [&] {
      line.offer(0, Priority::p2, 1, 300, 1);
      line.offer(0, Priority::p2, 2, 300, 2);
    });
    std::array<std::uint64_t, 3> bytes{};
    for (const auto& f : line.sent) {
      if (f.kind == Kind::packet) bytes[f.bytes[0]] += f.frame;
    }
    return bytes[1] * 100 / bytes[2];
  };
  (void)ratio();  // the burst
  CHECK(ratio() >= 270);
  CHECK(ratio() <= 330);
  line.up(1, 1'000'000, 1500);
  (void)ratio();
  CHECK(ratio() >= 90);
  CHECK(ratio() <= 110);
}

TEST_CASE("L1 property 33: on a loaded 1 kbps link every packet is accounted for", "[l1][egress]") {
  Line line;
  line.up(0, 1000);
  line.up(1, 1'000'000, 1500);
  std::uint64_t n = 0;
  line.pull_size = 100;
  want_all(line, 0);
  line.run(300_s, [&] {
    if (++n % 200 == 0) line.offer(0, static_cast<Priority>(n / 200 % 4), 1, 100 + n % 300);
  });
  const LinkFigures f = line.egress.figures(0);
  std::uint64_t dropped = 0;
  for (std::size_t l = 0; l < kPriorities; ++l) dropped += f.drops.age[l] + f.drops.full[l];
  CHECK(f.packets_in == 1500);
  CHECK(f.packets_in == f.packets_out + dropped + f.packets_queued);
  CHECK(f.packets_out * 508 == f.user_bytes);
  CHECK(f.drops.full[0] == 0);  // lower levels made room for P0 and P1
  CHECK(f.drops.full[1] == 0);
  CHECK(f.drops.full[3] > 0);
  CHECK(f.gossip_bytes * 100 <=
        (f.gossip_bytes + f.user_bytes) * 15);  // 10 %, and a frame a minute
  CHECK(f.gossip_bytes > 0);
  CHECK(f.fill.queued <= f.fill.capacity);
  CHECK(line.egress.figures(1).signals_sent >= 100);  // one a second while it is over half full
  CHECK(line.egress.figures(1).signals_sent <= 320);
}

TEST_CASE("L1 10.1: the same seed gives the same run, another seed another", "[l1][egress]") {
  const auto run = [](std::uint64_t seed) {
    Line line(Line::small(), seed);
    LinkShape radio;
    radio.channel = BitsPerSecond{10'000};
    radio.half_duplex = radio.scans = true;
    line.egress.link_up(0, radio, line.now);
    line.media[0] = {10'000, 508, 0, false, true};
    int scans = 0;
    line.scan_busy = [&](const EgressItem&) { return ++scans % 3 != 0; };
    line.run(120_s, [&] {
      if (line.now.count % 2000 == 0) line.offer(0, Priority::p2, 1, 100);
    });
    std::vector<std::uint64_t> times;
    for (const auto& f : line.sent) times.push_back(f.at.count);
    return times;
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
  CHECK(run(5).size() > 10);
}
