// CongestionSignal through the machine: when one is sent, and what a received one does.
#include <catch2/catch.hpp>

#include "line.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::Line;

namespace {

/// User packets of both sides of the queue, always enough to keep it busy.
void backlog(Line& line, LinkSlot slot, Priority p = Priority::p2) {
  while (line.egress.fill(slot).queued < 5 * 508) {
    if (line.offer(slot, p, 3, 400) == Verdict::full) break;
  }
}

CongestionSignal signal_of(Severity severity, SignalScope scope = SignalScope::this_link,
                           std::uint64_t drain = 0) {
  return CongestionSignal::of(severity, scope, Millis{drain});
}

}  // namespace

TEST_CASE("L1 10.4: signals go to who feeds the queue, at 50, 75 and 90 %", "[l1][signal]") {
  Line line;
  line.up(0, 1000);
  line.up(1, 1'000'000, 1500);
  line.up(2, 1'000'000, 1500);
  line.up(3, 1'000'000, 1500);
  line.egress.blocked(0, line.now);
  const auto told = [&](LinkSlot link) {
    std::vector<Severity> out;
    for (const auto& f : line.sent) {
      const auto s = decode<CongestionSignal>(f.bytes);
      if (f.link == link && s) out.push_back(s->severity());
    }
    return out;
  };
  for (int i = 0; i < 8; ++i) line.offer(0, Priority::p3, 1, 100);
  line.pump();
  CHECK(line.sent.empty());
  line.offer(0, Priority::p3, 1, 100);  // 9 of 16
  line.pump();
  CHECK(told(1) == std::vector{Severity::moderate});
  for (int i = 0; i < 4; ++i) line.offer(0, Priority::p3, 1, 100);  // 13 of 16
  line.pump();
  CHECK(told(1) == std::vector{Severity::moderate, Severity::severe});
  for (int i = 0; i < 2; ++i) line.offer(0, Priority::p3, 1, 100);  // 15 of 16
  line.pump();
  CHECK(told(1).back() == Severity::saturated);
  for (int i = 0; i < 100; ++i) line.offer(0, Priority::p3, 1, 100);
  line.pump();
  CHECK(told(1).size() == 3);  // one a second, worse ones at once
  CHECK(told(2).empty());      // it feeds nothing
  line.run(1001_ms, [&] { line.offer(0, Priority::p3, 1, 100); });
  CHECK(told(1).size() == 4);
  line.offer(0, Priority::p3, 2, 100);
  line.pump();
  CHECK(told(2) == std::vector{Severity::saturated});
  const auto signal = decode<CongestionSignal>(line.sent.back().bytes);
  CHECK(signal->scope() == SignalScope::this_link);
  // 16 frames of 508 at 112 B/s: over a minute.
  CHECK(signal->drain_ms == 65'535);
  CHECK(line.egress.figures(1).signals_sent == 4);
}

TEST_CASE("L1 10.4: all outbound, when every other way is as full", "[l1][signal]") {
  Line line;
  line.up(0, 1000);
  line.up(1, 1'000'000, 1500);
  line.egress.blocked(0, line.now);
  for (int i = 0; i < 9; ++i) line.offer(0, Priority::p3, 1, 100);
  line.pump();
  REQUIRE_FALSE(line.sent.empty());
  CHECK(decode<CongestionSignal>(line.sent.back().bytes)->scope() == SignalScope::all_outbound);
}

TEST_CASE("L1 10.4: what a received signal does to the share", "[l1][signal]") {
  const auto bytes_under = [](std::optional<Severity> severity, Priority priority) {
    Line line;
    line.up(0, 100'000);
    line.run(10_s, [&] { backlog(line, 0, priority); });  // the burst is over
    const std::uint64_t before = line.egress.figures(0).user_bytes;
    if (severity) {
      line.egress.received_signal(0, signal_of(*severity, SignalScope::this_link, 40'000),
                                  line.now);
    }
    line.run(30_s, [&] { backlog(line, 0, priority); });
    return (line.egress.figures(0).user_bytes - before) * 1000 / (30 * 12'500);
  };
  const auto near = [](std::uint64_t got, std::uint64_t permille) {
    return got + 40 >= permille && got <= permille + 40;
  };
  CHECK(near(bytes_under(std::nullopt, Priority::p2), 900));
  CHECK(near(bytes_under(Severity::moderate, Priority::p2), 675));
  CHECK(near(bytes_under(Severity::severe, Priority::p2), 450));
  CHECK(near(bytes_under(Severity::saturated, Priority::p0), 900));
  CHECK(bytes_under(Severity::saturated, Priority::p1) <= 450 + 80);  // and its burst of 2 s
  CHECK(bytes_under(Severity::saturated, Priority::p1) >= 420);
  CHECK(bytes_under(Severity::saturated, Priority::p2) == 0);
  CHECK(bytes_under(Severity::saturated, Priority::p3) == 0);
}

TEST_CASE("L1 10.4: a signal touches its neighbour alone, and ends", "[l1][signal]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  line.up(1, 1'000'000, 1500);
  LinkShape second;
  second.peer = test::peer_id(1);  // another link to the neighbour of slot 0
  second.channel = BitsPerSecond{1'000'000};
  line.egress.link_up(2, second, line.now);
  const auto stopped = [&](LinkSlot slot) {
    return line.offer(slot, Priority::p3, 5, 100) != Verdict::pass;
  };
  SECTION("this link") {
    line.egress.received_signal(0, signal_of(Severity::saturated), line.now);
    CHECK(stopped(0));
    CHECK_FALSE(stopped(1));
    CHECK_FALSE(stopped(2));
    CHECK(line.egress.is_avoided(0, Priority::p2));
    CHECK(line.egress.is_avoided(0, Priority::p3));
    CHECK_FALSE(line.egress.is_avoided(0, Priority::p1));
    CHECK_FALSE(line.egress.is_avoided(1, Priority::p3));
    line.run(999_ms);
    CHECK(line.egress.is_avoided(0, Priority::p2));
    line.run(1_ms);
    CHECK_FALSE(line.egress.is_avoided(0, Priority::p2));
    CHECK_FALSE(stopped(0));  // and what waited has left
  }
  SECTION("all outbound: every link to that neighbour") {
    line.egress.received_signal(0, signal_of(Severity::saturated, SignalScope::all_outbound, 3000),
                                line.now);
    CHECK(stopped(0));
    CHECK_FALSE(stopped(1));
    CHECK(stopped(2));
    line.run(2999_ms);
    CHECK(line.egress.is_avoided(2, Priority::p2));
    line.run(1_ms);
    CHECK_FALSE(line.egress.is_avoided(2, Priority::p2));
  }
  SECTION("a newer one replaces it; factors do not multiply") {
    line.egress.received_signal(0, signal_of(Severity::saturated), line.now);
    line.egress.received_signal(0, signal_of(Severity::moderate), line.now);
    CHECK_FALSE(line.egress.is_avoided(0, Priority::p2));
    CHECK_FALSE(stopped(0));
    CHECK(line.egress.figures(0).signalled == Severity::moderate);
  }
  SECTION("a link that comes back has none") {
    line.egress.received_signal(0, signal_of(Severity::saturated), line.now);
    line.egress.link_down(0, line.now);
    line.up(0, 1'000'000, 1500);
    CHECK_FALSE(line.egress.is_avoided(0, Priority::p2));
    CHECK_FALSE(stopped(0));
  }
}

TEST_CASE("L1 10.4: signals for over half of an hour are a failure, once", "[l1][signal]") {
  Line line;
  line.up(0, 1'000'000, 1500);
  int failures = 0;
  const auto hear = [&](std::uint64_t seconds, std::uint64_t hold_ms) {
    for (std::uint64_t s = 0; s < seconds; ++s) {
      line.egress.received_signal(0, signal_of(Severity::moderate, SignalScope::this_link, hold_ms),
                                  line.now);
      line.now = line.now + 2_s;
      line.egress.on_time(line.now);
      while (const auto e = line.egress.poll_event()) {
        if ((e->what & EgressEvent::kUnreliable) != 0) ++failures;
      }
    }
  };
  hear(1800, 990);  // 1 s of every 2: not over half
  CHECK(failures == 0);
  hear(1800, 1100);
  CHECK(failures == 1);
  hear(1800, 1100);
  CHECK(failures == 2);
}
