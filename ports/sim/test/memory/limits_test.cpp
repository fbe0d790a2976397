// Limits keep their word: a stack of any size stays within what `total_bytes` promises.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "fake_links.h"
#include "mehr/l1/announce.h"
#include "mehr/sim/memory.h"
#include "mehr/stack/node.h"

namespace mehr::sim::test {

namespace {

using l0::Identity;
using l0::test::FakeClock;
using l0::test::FakeTimers;
using l0::test::SeededRandom;

bool counts() {
  if (!is_counting_memory()) WARN("SKIPPED: this build does not count memory");
  return is_counting_memory();
}

Identity identity_of(std::uint64_t number) {
  crypto::Seed seed;
  Writer(seed.expose_mutable()).put(number);
  return Identity::from_seed(seed);
}

/// Wakes the node inside its account; its own bookkeeping is outside.
class ChargedTimers final : public Timers {
 public:
  ChargedTimers(Timers& timers, MemoryAccount& account) : timers_(timers), account_(account) {}
  void wake_at(Wakeable& who, Millis at) override {
    const AccountScope world;
    auto& proxy = proxies_[&who];
    if (proxy == nullptr) proxy = std::make_unique<Proxy>(account_, who);
    timers_.wake_at(*proxy, at);
  }

 private:
  struct Proxy final : Wakeable {
    Proxy(MemoryAccount& a, Wakeable& w) : account(a), who(w) {}
    void on_wake(Millis now) override {
      const AccountScope scope(account);
      who.on_wake(now);
    }
    MemoryAccount& account;
    Wakeable& who;
  };
  Timers& timers_;
  MemoryAccount& account_;
  std::map<Wakeable*, std::unique_ptr<Proxy>> proxies_;
};

struct Frame {
  std::size_t peer = 0;
  bool to_node = false;
  Bytes bytes;
};

/// A radio that the node shares with its peers; the node's side, or the side of one peer.
class Air final : public Medium {
 public:
  Air(std::deque<Frame>& air, std::size_t peer, bool is_peer)
      : air_(air), peer_(peer), is_peer_(is_peer) {
    info_.stream = false;
  }
  [[nodiscard]] const MediumInfo& info() const override { return info_; }
  Status send(const Remote& to, ByteView frame) override {
    const AccountScope world;
    std::uint32_t peer = 0;
    Reader(to.view()).get(peer);
    air_.push_back({is_peer_ ? peer_ : peer, is_peer_, Bytes(frame.begin(), frame.end())});
    return {};
  }
  void close() override {}

 private:
  std::deque<Frame>& air_;
  std::size_t peer_;
  bool is_peer_;
  MediumInfo info_;
};

constexpr Limits kPeer = [] {
  Limits l = Limits::small();
  l.links = 2;
  l.media = 1;
  l.init_sources = 1;
  return l;
}();

struct Peer {
  Peer(std::size_t index, std::deque<Frame>& frames, FakeClock& clock, FakeTimers& timers)
      : identity(identity_of(1'000'000 + index)),
        random(index),
        air(frames, index, true),
        links({{}, kPeer}, identity, clock, timers, random) {}
  Identity identity;
  SeededRandom random;
  Air air;
  l0::Links links;
  l0::LinkId link;
};

/// One stack, and as many neighbours as its limits allow.
class Stack {
 public:
  explicit Stack(const Limits& limits) : limits_(limits) {
    stack::NodeConfig config;
    config.limits = limits;
    const AccountScope scope(account);
    node_ =
        std::make_unique<stack::Node>(config, identity_, stack::World{clock_, charged_, random_});
  }
  ~Stack() {
    node_.reset();
    CHECK(account.now == 0);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  MemoryAccount account;

  void fill_links(std::size_t most) {
    REQUIRE(node_->links().attach(air_));
    for (std::size_t i = 0; i < std::min(most, limits_.links); ++i) {
      Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(i, frames_, clock_, timers_));
      REQUIRE(peer.links.attach(peer.air));
      peer.link = peer.links.establish(peer.air, Remote{}, node_->id()).value();
      settle();
    }
    REQUIRE(node_->links().status().size() == peers_.size());
  }
  /// Announces @p count destinations, each by one neighbour after the other.
  void fill_routes(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto data = l1::build_announce(identity_of(i), 1'700'000'000'000, {});
      std::array<std::uint8_t, 600> out{};
      const NodeId destination = l1::destination_of(*decode<l1::Announce>(data->view()));
      const auto packet = l1::write_announce_packet(destination, data->view(), 3, true, out);
      Peer& peer = *peers_[i % peers_.size()];
      REQUIRE(peer.links.send_packet(peer.link, *packet));
      settle();
    }
  }
  /// Packets to nowhere.
  void fill_packet_ids(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Bytes packet = l0::test::data_packet(NodeId{}, 40);
      Writer(MutableBytes(packet).last(8)).put(std::uint64_t{i});
      REQUIRE(peers_[0]->links.send_packet(peers_[0]->link, packet));
      settle();
    }
  }
  void fill_streams() {
    const std::array<std::uint64_t, 6> held{};
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < limits_.streams; ++i) {
      StreamId id;
      Writer(id.mutable_view()).put(std::uint64_t{i});
      const AccountScope scope(account);
      if (node_->messages().accept_stream(id, [held](const Message&) { (void)held; })) ++accepted;
    }
    CHECK(accepted == limits_.streams);
  }
  /// The node tells itself as much as it can, and again while that is delivered.
  void talk_to_itself() {
    static constexpr std::uint8_t kContext = 0xD0;
    const auto talk = [this] {
      const AccountScope scope(account);
      while (node_->network().send(node_->id(), {kContext, 0}, own_words_, {})) ++said_;
    };
    node_->network().on({kContext, 0}, [this, talk](const Message&) {
      if (said_ < 30) talk();
    });
    talk();
    run_for(Millis{1});
    node_->network().on({kContext, 0}, {});
    CHECK(said_ == 32);
  }
  void run_for(Millis span) {
    timers_.run_until(clock_.at + span, [this] { settle(); });
    settle();
  }
  [[nodiscard]] stack::Node& node() { return *node_; }

 private:
  void settle() {
    while (!frames_.empty()) {
      Frame frame = std::move(frames_.front());
      frames_.pop_front();
      if (!frame.to_node) {
        if (frame.peer < peers_.size()) {
          peers_[frame.peer]->links.on_frame(peers_[frame.peer]->air, {}, frame.bytes);
        }
        continue;
      }
      FrameInfo info;
      Writer(info.from.mutable_view()).put(static_cast<std::uint32_t>(frame.peer));
      Writer(info.source.mutable_view()).put(static_cast<std::uint32_t>(frame.peer + 1));
      const AccountScope scope(account);
      node_->links().on_frame(air_, info, frame.bytes);
    }
  }

  Limits limits_;
  FakeClock clock_;
  FakeTimers timers_{clock_};
  ChargedTimers charged_{timers_, account};
  SeededRandom random_{7};
  Identity identity_ = identity_of(999'999);
  std::deque<Frame> frames_;
  Air air_{frames_, 0, false};
  std::vector<std::unique_ptr<Peer>> peers_;
  Bytes own_words_ = Bytes(4'077 - l0::kHeaderSize, 1);
  std::size_t said_ = 0;
  std::unique_ptr<stack::Node> node_;
};

/// Every table as small as it can be.
constexpr Limits kLeast = [] {
  Limits l;
  l.links = l.half_open_links = l.init_sources = l.media = l.routes = l.candidates = 1;
  l.packet_ids = l.evicted_routes = l.envelope_replays = l.streams = l.peer_keys = 1;
  l.reverse_paths = l.queue_bytes = l.queue_flows = l.gossip_exchanges = 1;
  l.probed = l.probe_notes = l.reservations = 1;
  l.segment_bytes = l.segment_sets = l.onion_replays = 1;
  l.advisories = l.reputations = l.referrals = 1;
  l.path_tags = l.refused_items = 4;
  l.queue_block = 64;
  return l;
}();

/// Ten thousand of these make a large simulation.
constexpr Limits kCrowd = [] {
  Limits l = Limits::small();
  l.links = 32;
  l.half_open_links = 8;
  l.media = 32;
  l.routes = 256;
  l.packet_ids = 1024;
  l.envelope_replays = 256;
  return l;
}();

/// What is said to come on top of the tables: of links and streams, without own messages.
std::size_t load_of(std::size_t links, std::size_t streams) {
  const auto load = [](std::size_t l, std::size_t s) {
    Limits limits = kLeast;
    limits.links = l;
    limits.streams = s;
    return limits.total_bytes() - limits.bytes_at_start();
  };
  return load(links, streams) - load(0, 0);
}

Limits any_limits() {
  const auto upto = [](std::size_t most) { return *rc::gen::inRange<std::size_t>(1, most); };
  Limits l;
  l.links = upto(70);
  l.half_open_links = upto(70);
  l.init_sources = upto(300);
  l.media = upto(70);
  l.routes = upto(600);
  l.candidates = upto(8);
  l.packet_ids = upto(3000);
  l.evicted_routes = upto(300);
  l.reverse_paths = upto(3000);
  l.path_tags = 4 + upto(300);
  l.queue_bytes = upto(300'000);
  l.queue_block = 63 + upto(1000);
  l.queue_flows = upto(33);
  l.gossip_exchanges = upto(70);
  l.refused_items = 4 + upto(300);
  l.probed = upto(70);
  l.probe_notes = upto(300);
  l.reservations = upto(300);
  l.envelope_replays = upto(2000);
  l.streams = upto(100);
  l.peer_keys = upto(300);
  l.segment_bytes = upto(300'000);
  l.segment_sets = upto(300);
  l.onion_replays = upto(300);
  l.advisories = upto(300);
  l.reputations = upto(300);
  l.referrals = upto(300);
  return l;
}

}  // namespace

TEST_CASE("sim memory: a new stack takes what its limits say", "[sim][memory]") {
  if (!counts()) return;
  const Limits limits = GENERATE(Limits::small(), Limits::standard(), kCrowd);
  const Stack stack(limits);
  CAPTURE(stack.account.now, limits.bytes_at_start(), limits.total_bytes());
  CHECK(stack.account.peak <= limits.bytes_at_start());
  CHECK(stack.account.now > limits.bytes_at_start() * 9 / 10);
}

TEST_CASE("sim memory: property: so does a stack of any size", "[sim][memory]") {
  if (!counts()) return;
  CHECK(rc::check("at most bytes_at_start, at least three quarters of it", [] {
    const Limits limits = any_limits();
    const Stack stack(limits);
    RC_ASSERT(stack.account.peak <= limits.bytes_at_start());
    RC_ASSERT(stack.account.now > limits.bytes_at_start() / 4 * 3);
  }));
}

TEST_CASE("sim memory: each member of the limits is counted as what it costs", "[sim][memory]") {
  if (!counts()) return;
  // One table large, all others as small as they can be, so that none hides in another's margin.
  Limits limits = kLeast;
  const auto member =
      GENERATE(&Limits::links, &Limits::media, &Limits::init_sources, &Limits::routes,
               &Limits::packet_ids, &Limits::evicted_routes, &Limits::reverse_paths,
               &Limits::path_tags, &Limits::gossip_exchanges, &Limits::refused_items,
               &Limits::probed, &Limits::probe_notes, &Limits::envelope_replays, &Limits::streams,
               &Limits::peer_keys, &Limits::advisories, &Limits::reputations);
  const std::size_t count = GENERATE(1023U, 1024U, 1025U, 4096U);
  limits.*member = count;
  limits.candidates = GENERATE(1U, 9U);
  const Stack least(kLeast);
  const Stack stack(limits);
  const std::size_t grown = stack.account.now - least.account.now;
  const std::size_t said = limits.bytes_at_start() - kLeast.bytes_at_start();
  CAPTURE(count, grown, said);
  CHECK(grown <= said);
  CHECK(grown > said / 5 * 3);
}

TEST_CASE("sim memory: queues and reservations are counted as what they cost", "[sim][memory]") {
  if (!counts()) return;
  const auto grown = [](const Limits& limits) {
    const Stack least(kLeast);
    const Stack stack(limits);
    const std::size_t has = stack.account.now - least.account.now;
    const std::size_t said = limits.bytes_at_start() - kLeast.bytes_at_start();
    CAPTURE(has, said);
    CHECK(has <= said);
    CHECK(has > said / 5 * 3);
  };
  Limits queues = kLeast;
  queues.queue_block = GENERATE(64U, 256U, 512U);
  queues.queue_bytes = GENERATE(32'768U, 4'194'304U);
  grown(queues);
  Limits flows = kLeast;
  flows.links = 500;
  flows.queue_flows = 32;
  grown(flows);
  Limits reservations = kLeast;
  reservations.reservations = GENERATE(16U, 256U, 1024U);
  grown(reservations);
}

TEST_CASE("sim memory: a full stack keeps to total_bytes", "[sim][memory]") {
  if (!counts()) return;
  Limits limits = GENERATE(Limits::small(), kCrowd);
  limits.segment_bytes = limits.onion_replays = limits.referrals = 1;  // nothing fills them here
  Stack stack(limits);
  stack.fill_links(limits.links + 4);
  stack.fill_routes(limits.routes * 2);
  stack.fill_packet_ids(limits.packet_ids * 2);
  stack.fill_streams();
  CHECK(stack.node().network().routes().size() > limits.routes * 3 / 4);
  const std::size_t loaded = stack.account.now;
  // Every link is given a new key, and keeps the old one for a while.
  stack.run_for(Millis::seconds(3610));
  CHECK(stack.account.now > loaded + limits.links * 2000);
  CHECK(stack.account.peak <= limits.bytes_at_start() + load_of(limits.links, limits.streams));
  stack.talk_to_itself();
  CHECK(stack.node().links().status().size() == limits.links);
  CAPTURE(loaded, stack.account.now, stack.account.peak, limits.total_bytes());
  CHECK(stack.account.peak <= limits.total_bytes());
  CHECK(stack.account.peak > limits.total_bytes() / 4 * 3);
}

TEST_CASE("sim memory: property: a stack of any size keeps to total_bytes", "[sim][memory]") {
  if (!counts()) return;
  CHECK(rc::check("under load", [] {
    Limits limits = any_limits();
    limits.routes = std::min<std::size_t>(limits.routes, 60);
    limits.links = std::min<std::size_t>(limits.links, 20);
    limits.half_open_links = std::max<std::size_t>(limits.half_open_links, 2);
    Stack stack(limits);
    stack.fill_links(limits.links);
    stack.fill_routes(limits.routes + 10);
    stack.fill_packet_ids(100);
    stack.fill_streams();
    stack.talk_to_itself();
    RC_ASSERT(stack.account.peak <= limits.total_bytes());
  }));
}

}  // namespace mehr::sim::test
