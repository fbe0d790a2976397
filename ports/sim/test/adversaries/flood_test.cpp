// A million identities that nobody has, and a million that somebody made up: issue line 5.
// spec: README/9 clarifications 1 and 5, L1/4.2, L1/5, L1/9.1
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "crowd.h"
#include "mehr/l0/identity.h"
#include "mehr/l1/announce.h"

namespace mehr::sim::test {

namespace {

constexpr std::uint64_t kIdentities = 1'000'000;
constexpr std::uint64_t kPerPeriod = 100;

/// Ten thousand new identities a second, each over one link after the other.
class Million final : public Behaviour {
 public:
  Million(std::uint64_t seed, bool is_signed) : chance_(seed, "million", 0), signed_(is_signed) {}
  [[nodiscard]] Duration period() const override { return 10ms; }
  void on_period(Tap& tap) override {
    for (std::uint64_t i = 0; i < kPerPeriod && said < kIdentities; ++i) {
      if (tap.links().empty()) return;
      const auto packet = signed_ ? by_somebody() : by_nobody();
      tap.inject_out(tap.links()[said % tap.links().size()].link, packet);
      ++said;
    }
  }
  std::uint64_t said = 0;

 private:
  ByteView by_somebody() {
    const auto who = l0::Identity::generate(chance_);
    const auto announce = l1::build_announce(who, chance_.below(1'000'000'000), {});
    return *l1::write_announce_packet(who.node_id(), announce->view(), 0, false, buffer_);
  }
  ByteView by_nobody() {
    l1::Announce announce;
    chance_.fill(announce.public_key.mutable_view());
    announce.emitted = chance_.below(1'000'000'000);
    chance_.fill(announce.signature.mutable_view());
    std::array<std::uint8_t, l1::kAnnounceDataMax> data{};
    const auto body = encode(announce, data);
    return *l1::write_announce_packet(l1::destination_of(announce), *body, 0, false, buffer_);
  }

  Chance chance_;
  bool signed_;
  std::array<std::uint8_t, l1::kAnnouncePacketMax> buffer_{};
};

/// Signature checks that a node made because of announces.
std::uint64_t checks(const l1::NetworkCounters& c) {
  return c.announces_stored + c.announces_bad_signature + c.announces_no_room;
}

void flood(std::uint64_t seed, bool is_signed) {
  Crowd crowd(seed);
  Sim& sim = crowd.sim;
  sim.run_for(3min);
  REQUIRE(crowd.lost().empty());
  const TrafficMeter meter(sim.recorder(), 60s);
  crowd.speak(context::kInteractive, BitsPerSecond{2'000});
  crowd.sim.run_for(10s);
  crowd.forget();
  const std::uint64_t checked = checks(crowd.network(0).counters());
  auto made = std::make_unique<Million>(seed, is_signed);
  const Million& million = *made;
  sim.node(Crowd::kAdversary).behave(std::move(made));

  const double begun = crowd.seconds();
  while (million.said < kIdentities && crowd.seconds() - begun < 3600) {
    sim.run_for(5s);
    // Not one honest route is lost, for not one moment that was looked at.
    CHECK(crowd.lost() == "");
    for (NodeIndex i = 0; i < Crowd::kHonest; ++i) {
      const std::size_t limit = sim.node(i).limits().routes;
      CHECK(crowd.network(i).table().size() <= limit);
    }
  }
  REQUIRE(million.said == kIdentities);
  const double took = crowd.seconds() - begun;
  // A link pays for so many checks a second, whatever is said on it, and for some at once.
  const double per_second = static_cast<double>(sim.node(0).limits().announce_checks);
  const std::uint64_t by_flood = checks(crowd.network(0).counters()) - checked;
  std::printf(
      "million %s, seed %llu: %.0f s, n0 checked %llu signatures (%.1f/s), knows %zu of "
      "%zu, %.2f %% of honest packets arrived, slowest %.0f ms\n",
      is_signed ? "signed" : "forged", static_cast<unsigned long long>(seed), took,
      static_cast<unsigned long long>(by_flood), static_cast<double>(by_flood) / took,
      crowd.network(0).table().size(), sim.node(0).limits().routes, 100 * crowd.arrived(),
      std::chrono::duration<double, std::milli>(crowd.slowest()).count());
  CHECK(static_cast<double>(by_flood) <= 3 * per_second * (took + 10));
  CHECK(crowd.arrived() > 0.999);
  CHECK(crowd.slowest() < 500ms);
  // What the flood makes honest nodes say to each other stays within gossip's budget.
  const std::uint64_t budget = sim.topology().media.begin()->second.rate.count / 8 * 60 / 10;
  for (NodeIndex i = 0; i < Crowd::kHonest; ++i) {
    for (const TrafficMeter::Window& w : meter.windows(i, (i + 1) % Crowd::kHonest)) {
      CHECK(w.bytes[static_cast<std::size_t>(Traffic::gossip)] <= budget);
    }
  }
}

}  // namespace

SIM_TEST("sim adversaries: a million forged announces cost no route and no packet", Seeds{1, 1}) {
  flood(seed, false);
}

SIM_TEST("sim adversaries: a million well signed announces take one link's share and no more",
         Seeds{1, 1}) {
  flood(seed, true);
}

}  // namespace mehr::sim::test
