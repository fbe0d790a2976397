// Numbers out of happenings, and their bounds.
#include <catch2/catch.hpp>

#include "report_world.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace std::chrono_literals;

constexpr std::size_t column(Series series) { return static_cast<std::size_t>(series); }

TEST_CASE("sim report: a curve holds what was true at each sample", "[sim][report]") {
  Curves curves(1, 100ms, 8);
  std::uint64_t value = 0;
  for (const auto& [at, next] : {std::pair{50ms, 1U}, {100ms, 2U}, {101ms, 3U}, {450ms, 4U}}) {
    if (curves.is_due(Instant{} + at)) curves.advance(Instant{} + at, {&value, 1});
    value = next;
  }
  curves.close(Instant{} + 470ms, {&value, 1});
  std::vector<std::pair<Duration, std::uint64_t>> seen;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    seen.emplace_back(curves.at(i).time_since_epoch(), curves.value(i, 0));
  }
  CHECK(seen == std::vector<std::pair<Duration, std::uint64_t>>{
                    {0ms, 0}, {100ms, 2}, {200ms, 3}, {300ms, 3}, {400ms, 3}, {470ms, 4}});
}

TEST_CASE("sim report: a curve of any length has at most its samples", "[sim][report]") {
  Curves curves(2, 100ms, 512);
  for (std::uint64_t second = 1; second <= 100'000; ++second) {
    const std::array<std::uint64_t, 2> values = {second - 1, 7};
    curves.advance(Instant{} + std::chrono::seconds(second), values);
    REQUIRE(curves.size() <= 512);
  }
  const std::array<std::uint64_t, 2> last = {100'000, 7};
  curves.close(Instant{} + 100'000s, last);
  REQUIRE(curves.size() <= 512);
  CHECK(curves.size() > 256);
  CHECK(curves.interval() == 204'800ms);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const auto second = std::chrono::ceil<std::chrono::seconds>(curves.at(i).time_since_epoch());
    const std::uint64_t held = i + 1 == curves.size() || i == 0
                                   ? static_cast<std::uint64_t>(second.count())
                                   : static_cast<std::uint64_t>(second.count()) -
                                         (curves.at(i).time_since_epoch() == second ? 0U : 1U);
    CHECK(curves.value(i, 0) == held);
  }
  CHECK(curves.at(curves.size() - 1) == Instant{} + 100'000s);
}

TEST_CASE("sim report: convergence and links follow happenings through a crash", "[sim][report]") {
  ReportWorld w;
  w.live();
  const Gatherer& g = *w.gatherer;
  const Curves curves = g.curves(Instant{} + 10s);
  const auto at = [&](Duration when, Series series) {
    return curves.value(static_cast<std::size_t>(when / curves.interval()), column(series));
  };
  CHECK(at(0s, Series::pairs) == 4);  // two announcers, two others each
  CHECK(at(0s, Series::up) == 1);     // the others boot later
  CHECK(at(100ms, Series::routes) == 0);
  CHECK(at(200ms, Series::routes) == 4);
  CHECK(at(200ms, Series::links) == 2);
  CHECK(at(2s, Series::routes) == 2);  // c knew two
  CHECK(at(2s, Series::up) == 2);
  CHECK(at(3s, Series::links) == 1);
  CHECK(at(6s, Series::up) == 3);
  CHECK(at(1s, Series::frames) == 22);
  CHECK(at(1s, Series::lost) == 1);
  CHECK(g.crashes(2) == 1);
  CHECK(g.crashes(0) == 0);
}

TEST_CASE("sim report: frames and messages are told apart by their first byte", "[sim][report]") {
  ReportWorld w;
  w.live();
  const Gatherer& g = *w.gatherer;
  const auto frames = [&](FrameKind k) { return g.frames()[static_cast<std::size_t>(k)]; };
  CHECK(frames(FrameKind::init).count == 2);
  CHECK(frames(FrameKind::data).bytes == 20'000);
  const auto messages = [&](MessageKind k) { return g.messages()[static_cast<std::size_t>(k)]; };
  CHECK(messages(MessageKind::announce).bytes == 200);
  CHECK(messages(MessageKind::data).bytes == 300);
  CHECK(messages(MessageKind::control).bytes == 5);
  REQUIRE(g.pairs().size() == 2);
  CHECK(g.pairs()[0].frames.bytes == 20'052);
  CHECK(g.pairs()[0].lost == 1);
  CHECK(g.pairs()[1].frames.bytes == 52);
  CHECK(g.pairs()[1].downs == 1);
  CHECK(g.channels().at(1).kinds[0].count == 1);
  for (const auto& [byte, kind] : {std::pair{0x00, FrameKind::clear},
                                   {0x81, FrameKind::resp},
                                   {0x82, FrameKind::auth},
                                   {0x86, FrameKind::beacon},
                                   {0x87, FrameKind::broadcast},
                                   {0x9F, FrameKind::data},
                                   {0xA0, FrameKind::other}}) {
    CHECK(frame_kind(Bytes{static_cast<std::uint8_t>(byte)}) == kind);
  }
  CHECK(frame_kind({}) == FrameKind::other);
}

TEST_CASE("sim report: a fault is a span until the same fault heals, or everything does",
          "[sim][report]") {
  ReportWorld w;
  w.live();
  w.say(6s, What::fault, 0, 1, {}, "cut a - b");
  w.say(6s, What::fault, 0, 1, {}, "one way from a to b");
  w.say(7s, What::paused, 1);
  w.say(8s, What::healed, 0, 1, {}, "cut a - b");
  w.say(8500ms, What::resumed, 1);
  w.say(9s, What::healed, kNoNode, kNoNode, {}, "everything");
  const auto& spans = w.gatherer->spans();
  REQUIRE(spans.size() == 4);  // the crash itself is its fault's span
  CHECK(spans[0].text == "crash c for 3 s");
  CHECK(spans[0].to == Instant{} + 5s);
  CHECK(spans[1].to == Instant{} + 8s);
  CHECK(spans[2].to == Instant{} + 9s);
  CHECK(spans[3].what == What::paused);
  CHECK(spans[3].to == Instant{} + 8500ms);
  CHECK(w.gatherer->events().size() == 10);  // first boots are no events
}

TEST_CASE("sim report: the timeline is bounded, and what is left out is counted", "[sim][report]") {
  ReportWorld w;
  for (int i = 0; i < 2500; ++i) w.say(1s, What::fault, 0, 1, {}, "cut a - b");
  CHECK(w.gatherer->events().size() == 2000);
  CHECK(w.gatherer->events_left_out() == 500);
  CHECK(w.gatherer->spans().size() == 2000);
}

TEST_CASE("sim report: pairs are found again among many", "[sim][report]") {
  ReportWorld w;
  for (int i = 0; i < 97; ++i) w.topology.nodes.push_back({});
  w.topology.links.clear();
  w.begin();
  for (NodeIndex a = 0; a < 100; ++a) {
    for (NodeIndex b = 0; b < 100; ++b) {
      if (a != b) w.say(1s, What::link_up, a, b);
    }
  }
  REQUIRE(w.gatherer->pairs().size() == 4950);
  for (const PairTally& p : w.gatherer->pairs()) {
    REQUIRE(p.a < p.b);
    REQUIRE(p.ups == 2);
  }
  CHECK(w.gatherer->now(Series::links) == 4950);
}

TEST_CASE("sim report: happenings about nobody known change nothing", "[sim][report]") {
  ReportWorld w;
  for (std::size_t what = 0; what < kWhatCount; ++what) {
    for (const NodeIndex node : {NodeIndex{3}, kNoNode}) {
      w.say(1s, static_cast<What>(what), node, node == 3 ? 0 : kNoNode);
    }
  }
  CHECK(w.gatherer->now(Series::links) == 0);
  CHECK(w.gatherer->now(Series::routes) == 0);
  CHECK(w.gatherer->now(Series::up) == 0);
  CHECK(w.gatherer->pairs().size() == 2);
}

}  // namespace
