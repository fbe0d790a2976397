#include "village.h"

#include <gsl/assert>

namespace mehr::firmware {

namespace {

constexpr std::size_t kBody = 300;
constexpr Millis kMinute = Millis::seconds(60);
constexpr std::uint32_t kReconnectEvery = 20;  // minutes
constexpr std::uint32_t kFirstStranger = 1000;
constexpr std::uint32_t kStrangersAMinute = 4;
constexpr std::uint8_t kLastHop = l0::kMaxHops - 1;

crypto::Seed seed_of(std::uint32_t number) {
  crypto::Seed seed;
  Writer(seed.expose_mutable()).put(number);
  return seed;
}

l0::Links::Config config_of(const Limits& limits) {
  l0::Links::Config config;
  config.limits = limits;
  config.terms.max_frame_size = Radio::kMtu;
  config.terms.features = l0::feature::kL1Relay;
  return config;
}

}  // namespace

Stack::Stack(World& world, std::uint8_t seed, const Limits& with)
    : heap_before(heap_used()),
      identity(new l0::Identity(l0::Identity::from_seed(seed_of(seed)))),
      random(seed),
      links(std::make_unique<l0::Links>(config_of(with), *identity, world, world, random)),
      heap_with_links(heap_used()),
      network(
          std::make_unique<l1::Network>(*links, world, world, random, *identity, nullptr, with)),
      heap_with_network(heap_used()) {}

Village::Village()
    : a_(world_, 1, Limits::minimal()),
      b_(world_, 2, Limits::minimal()),
      c_(world_, 3, Limits::minimal()) {
  a_radio_.join(b_left_);
  b_right_.join(c_radio_);
  a_radio_.belongs_to(*a_.links);
  b_left_.belongs_to(*b_.links);
  b_right_.belongs_to(*b_.links);
  c_radio_.belongs_to(*c_.links);
  for (Radio* radio : {&a_radio_, &b_left_, &b_right_, &c_radio_}) world_.add(*radio);
  for (Stack* node : {&a_, &c_}) {
    node->network->on({kContext, 0}, [this](const Message& message) {
      if (message.body.size() == kBody) ++report_.delivered;
    });
  }
  const Status attached = c_.links->attach(c_radio_);
  Expects(attached.has_value() && b_.links->attach(b_right_).has_value());
  Expects(c_.links->establish(c_radio_, {}, b_.identity->node_id()).has_value());
  connect();
  world_.pass(kMinute);
  report_ = {};
}

void Village::connect() {
  Expects(a_.links->attach(a_radio_).has_value() && b_.links->attach(b_left_).has_value());
  const auto asked = a_.links->establish(a_radio_, {}, b_.identity->node_id());
  Expects(asked.has_value());
  a_to_b_ = *asked;
}

void Village::reconnect() {
  a_.links->detach(a_radio_);
  b_.links->detach(b_left_);
  world_.pass(kMinute);
  connect();
  world_.pass(kMinute);
  ++report_.new_links;
}

// An announce of somebody beyond A, as A would pass it on, at the end of its way: B keeps it and
// tells nobody, so that it is B's table alone that overflows.
void Village::stranger(std::uint32_t number) {
  const auto who = l0::Identity::from_seed(seed_of(number));
  const auto announce = l1::build_announce(who, world_.node_time().millis, {});
  Expects(announce.has_value());
  std::array<std::uint8_t, l1::kAnnouncePacketMax> packet{};
  const auto bytes =
      l1::write_announce_packet(who.node_id(), announce->view(), kLastHop, true, packet);
  Expects(bytes.has_value() && a_.links->send_packet(a_to_b_, *bytes).has_value());
}

void Village::say(Stack& from, const Stack& to) {
  std::array<std::uint8_t, kBody> body{};
  Writer w(body);
  w.put(report_.sent);
  w.bytes(from.identity->node_id().view());
  ++report_.sent;
  if (!from.network->send(to.identity->node_id(), {kContext, 0}, body, {})) ++report_.refused;
}

void Village::minute(std::uint32_t number) {
  if (number % kReconnectEvery == kReconnectEvery - 1) reconnect();
  for (std::uint32_t i = 0; i < kStrangersAMinute; ++i) {
    stranger(kFirstStranger + number * kStrangersAMinute + i);
  }
  const std::array<std::uint8_t, 20> beacon{};
  Expects(b_.links->send_neighbour_frame(b_right_, l0::NeighbourFrame::Kind::beacon, beacon));
  for (int i = 0; i < 6; ++i) {
    say(a_, c_);
    say(c_, a_);
    world_.pass(Millis::seconds(10));
  }
}

Report Village::live(Millis span) {
  report_ = {};
  const auto before = b_.network->counters();
  const Millis end = world_.now() + span;
  for (std::uint32_t number = 0; world_.now() < end; ++number) minute(number);
  const auto& after = b_.network->counters();
  report_.relayed = after.forwarded - before.forwarded;
  report_.evicted = after.routes_evicted - before.routes_evicted;
  report_.key_epoch = b_right_.key_epoch();
  return report_;
}

bool Village::is_sound(const Report& report) {
  return report.sent >= 1200 && report.refused == 0 && report.delivered == report.sent &&
         report.relayed >= report.sent && report.evicted > 0 && report.new_links >= 5 &&
         report.key_epoch >= 1;
}

}  // namespace mehr::firmware
