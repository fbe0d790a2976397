#include "mehr/sim/byzantine.h"

#include <algorithm>
#include <array>
#include <vector>

#include "mehr/l0/identity.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/congestion_signal.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/reservation_messages.h"
#include "mehr/sim/faults.h"

namespace mehr::sim {

namespace {

using namespace std::chrono_literals;

bool is_announce(ByteView packet) {
  return packet.size() >= l1::kAnnouncePacketMin &&
         l0::PacketFlags{packet[0]}.type() == l0::PacketType::announce;
}

/// Whether @p packet is another's, on its way through this node.
bool is_relayed(const Tap& tap, ByteView packet) {
  return packet.size() >= l0::kHeaderSize && NodeId::from(packet.subspan(2)) != tap.id();
}

MutableBytes announce_data(Bytes& packet) { return MutableBytes(packet).subspan(l0::kHeaderSize); }

void send_to_all(Tap& tap, ByteView packet) {
  // A link that goes down meanwhile is another event's business: the span stays as it is.
  for (const Tap::Neighbour& neighbour : tap.links()) tap.inject_out(neighbour.link, packet);
}

/// What a behaviour draws from: its own, so that it goes on across restarts of its node.
class Mischief : public Behaviour {
 public:
  Mischief(std::uint64_t seed, std::string_view name, NodeIndex node) : chance_(seed, name, node) {}

 protected:
  Chance chance_;
};

class Drops final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict outgoing(Tap& tap, l0::LinkId, Bytes& packet) override {
    return {!is_relayed(tap, packet) || !chance_.happens(0.5), {}};
  }
};

class Delays final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict outgoing(Tap&, l0::LinkId, Bytes&) override {
    if (!chance_.happens(0.5)) return {};
    return {true, chance_.between(Duration{1ms}, Duration{5s})};
  }
};

/// Keeps some of all it ever saw, and says it again and again.
class Replays final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict outgoing(Tap&, l0::LinkId, Bytes& packet) override { return keep(packet); }
  Verdict incoming(Tap&, l0::LinkId, Bytes& packet) override { return keep(packet); }
  [[nodiscard]] Duration period() const override { return 250ms; }
  void on_period(Tap& tap) override {
    if (kept_.empty()) return;
    send_to_all(tap, kept_[chance_.below(kept_.size())]);
  }

 private:
  // Each that was seen stays with equal chance: old ones are among the kept for ever.
  Verdict keep(const Bytes& packet) {
    ++seen_;
    if (kept_.size() < kMostKept) {
      kept_.push_back(packet);
    } else if (const std::uint64_t place = chance_.below(seen_); place < kMostKept) {
      kept_[place] = packet;
    }
    return {};
  }

  static constexpr std::size_t kMostKept = 64;
  std::vector<Bytes> kept_;
  std::uint64_t seen_ = 0;
};

class Corrupts final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict outgoing(Tap& tap, l0::LinkId, Bytes& packet) override {
    if (!is_relayed(tap, packet) || !chance_.happens(0.25)) return {};
    for (std::uint64_t turns = chance_.between(1, 4); turns > 0; --turns) {
      // The first byte says that this is a packet: without it L0 would not take it.
      const std::uint64_t bit = chance_.between(8, packet.size() * 8 - 1);
      packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ (1U << (bit % 8)));
    }
    return {};
  }
};

class LiesAboutCost final : public Mischief {
 public:
  using Mischief::Mischief;
  // The neutral path cost is the origin's own: free, without a relay on the way.
  Verdict outgoing(Tap& tap, l0::LinkId, Bytes& packet) override {
    if (is_relayed(tap, packet) && is_announce(packet)) {
      l1::set_path_cost(announce_data(packet), l1::CompactPathCost{});
    }
    return {};
  }
  bool outgoing_control(Tap&, l0::LinkId, Bytes& message) override {
    if (const auto update = decode<l1::PathUpdate>(message)) {
      for (std::size_t i = 0; i < update->count; ++i) {
        l1::PathUpdateItem item = update->item(i);
        item.path_cost = l1::CompactPathCost{};
        Writer(MutableBytes(message).subspan(l1::kPathUpdateHead + i * l1::kPathUpdateItem))
            .put(item);
      }
    } else if (const auto delta = decode<l1::GossipDelta>(message)) {
      flatter(message, delta->items.bytes);
    }
    return true;
  }

 private:
  static void flatter(Bytes& message, ByteView items) {
    l1::DeltaReader reader(items);
    while (const auto item = reader.next()) {
      if (item->kind != l1::kAnnounceKind) continue;
      const auto announce = decode<l1::AnnounceItem>(item->body);
      if (!announce) continue;
      const ByteView data = announce->data.bytes;
      const auto at = static_cast<std::size_t>(data.data() - message.data());
      l1::set_path_cost(MutableBytes(message).subspan(at, data.size()), l1::CompactPathCost{});
    }
  }
};

class FloodsAnnounces final : public Mischief {
 public:
  using Mischief::Mischief;
  [[nodiscard]] Duration period() const override { return 100ms; }
  void on_period(Tap& tap) override {
    const auto nobody = l0::Identity::generate(chance_);
    const auto announce = l1::build_announce(nobody, chance_.below(1'000'000'000), {});
    if (!announce) return;
    std::array<std::uint8_t, l1::kAnnouncePacketMax> buffer{};
    const auto packet =
        l1::write_announce_packet(nobody.node_id(), announce->view(), 0, false, buffer);
    if (packet) send_to_all(tap, *packet);
  }
};

/// A hundred a second that nobody signed, of identities that nobody has.
class FloodsForged final : public Mischief {
 public:
  using Mischief::Mischief;
  [[nodiscard]] Duration period() const override { return 10ms; }
  void on_period(Tap& tap) override {
    PublicKey nobody;
    chance_.fill(nobody.mutable_view());
    l1::Announce announce;
    announce.public_key = nobody;
    announce.emitted = chance_.below(1'000'000'000);
    chance_.fill(announce.signature.mutable_view());
    std::array<std::uint8_t, l1::kAnnounceDataMax> data{};
    const auto body = encode(announce, data);
    std::array<std::uint8_t, l1::kAnnouncePacketMax> buffer{};
    if (!body) return;
    const auto packet =
        l1::write_announce_packet(l1::destination_of(announce), *body, 0, false, buffer);
    if (packet) send_to_all(tap, *packet);
  }
};

/// Says that it holds every item there is: nobody offers it anything, and so it passes nothing on.
class FillsFilters final : public Mischief {
 public:
  using Mischief::Mischief;
  bool outgoing_control(Tap&, l0::LinkId, Bytes& message) override {
    const auto summary = decode<l1::GossipSummary>(message);
    if (!summary) return true;
    const auto bits = MutableBytes(message).last(summary->bits.bytes.size());
    std::fill(bits.begin(), bits.end(), std::uint8_t{0xFF});
    return true;
  }
};

/// Claims ten times a second that all its queues are full.
class CriesCongestion final : public Mischief {
 public:
  using Mischief::Mischief;
  [[nodiscard]] Duration period() const override { return 100ms; }
  void on_period(Tap& tap) override {
    const auto message = encode_fixed(l1::CongestionSignal::of(
        l1::Severity::saturated, l1::SignalScope::all_outbound, Millis::seconds(60)));
    for (const Tap::Neighbour& neighbour : tap.links()) {
      tap.inject_control(neighbour.link, message);
    }
  }
};

/// Reserves a day of all there is, again and again, towards whoever it hears of, and sends nothing.
class Squats final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict incoming(Tap&, l0::LinkId, Bytes& packet) override {
    if (!is_announce(packet)) return {};
    const NodeId destination = NodeId::from(ByteView(packet).subspan(2));
    if (known_.size() < kMostKnown) {
      known_.push_back(destination);
    } else {
      known_[chance_.below(kMostKnown)] = destination;
    }
    return {};
  }
  [[nodiscard]] Duration period() const override { return 200ms; }
  void on_period(Tap& tap) override {
    if (known_.empty()) return;
    l1::ReservationRequest request;
    request.reservation_id = ++last_;
    request.destination = known_[chance_.below(known_.size())];
    request.estimated_bytes = std::uint64_t{1} << 40;
    request.max_cost_per_byte = ~std::uint64_t{0};
    request.valid_for_seconds = l1::kLongestReservation;
    const auto message = encode_fixed(request);
    for (const Tap::Neighbour& neighbour : tap.links()) {
      if (neighbour.id != request.destination) tap.inject_control(neighbour.link, message);
    }
  }

 private:
  static constexpr std::size_t kMostKnown = 64;
  std::vector<NodeId> known_;
  std::uint16_t last_ = 0;
};

class Forges final : public Mischief {
 public:
  using Mischief::Mischief;
  Verdict incoming(Tap&, l0::LinkId, Bytes& packet) override {
    if (!is_announce(packet)) return {};
    if (models_.size() < kMostModels) {
      models_.push_back(packet);
    } else {
      models_[chance_.below(models_.size())] = packet;
    }
    return {};
  }
  [[nodiscard]] Duration period() const override { return 500ms; }
  void on_period(Tap& tap) override {
    if (models_.empty()) return;
    forge_announce(tap, models_[chance_.below(models_.size())]);
    send_junk(tap, models_[chance_.below(models_.size())]);
  }

 private:
  /// The model's node seems to have announced again, and lives right behind this one.
  void forge_announce(Tap& tap, Bytes packet) {
    const MutableBytes data = announce_data(packet);
    const std::size_t emitted = sizeof(PublicKey::bytes);
    std::uint64_t newer = 0;
    Reader(data.subspan(emitted)).get(newer);
    newer += chance_.between(1, 1'000'000);
    Writer(data.subspan(emitted, sizeof(newer))).put(newer);
    chance_.fill(data.subspan(emitted + sizeof(newer), Signature::kSize));
    l1::set_path_cost(data, l1::CompactPathCost{});
    send_to_all(tap, packet);
  }
  /// DATA that nobody made, for the model's node.
  void send_junk(Tap& tap, ByteView model) {
    Bytes packet(l0::kHeaderSize + 100);
    chance_.fill(packet);
    copy_bytes(model.first(l0::kHeaderSize), packet);
    l0::set_flags(packet, l0::PacketFlags::of(l0::PacketType::data, true));
    packet[l0::kHeaderSize - 1] = static_cast<std::uint8_t>(0xE0 + chance_.below(4));
    send_to_all(tap, packet);
  }

  static constexpr std::size_t kMostModels = 16;
  std::vector<Bytes> models_;
};

template <class T>
std::unique_ptr<Behaviour> make(std::uint64_t seed, std::string_view name, NodeIndex node) {
  return std::make_unique<T>(seed, name, node);
}

struct Entry {
  std::string_view name;
  std::unique_ptr<Behaviour> (*make)(std::uint64_t, std::string_view, NodeIndex);
};
constexpr std::array<Entry, 11> kBehaviours{{{"drops", make<Drops>},
                                             {"delays", make<Delays>},
                                             {"replays", make<Replays>},
                                             {"corrupts", make<Corrupts>},
                                             {"lies-about-cost", make<LiesAboutCost>},
                                             {"floods-announces", make<FloodsAnnounces>},
                                             {"floods-forged", make<FloodsForged>},
                                             {"forges", make<Forges>},
                                             {"fills-filters", make<FillsFilters>},
                                             {"cries-congestion", make<CriesCongestion>},
                                             {"squats", make<Squats>}}};

}  // namespace

std::unique_ptr<Behaviour> make_behaviour(std::string_view name, std::uint64_t seed,
                                          NodeIndex node) {
  const auto entry = std::find_if(kBehaviours.begin(), kBehaviours.end(),
                                  [&](const Entry& e) { return e.name == name; });
  return entry == kBehaviours.end() ? nullptr : entry->make(seed, entry->name, node);
}

std::vector<std::string> behaviour_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kBehaviours) names.emplace_back(entry.name);
  return names;
}

}  // namespace mehr::sim
