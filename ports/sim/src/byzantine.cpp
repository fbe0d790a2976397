#include "mehr/sim/byzantine.h"

#include <algorithm>
#include <array>
#include <vector>

#include "mehr/l0/identity.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
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
  Verdict outgoing(Tap& tap, l0::LinkId, Bytes& packet) override {
    // The neutral path cost is the origin's own: free, without a relay on the way.
    if (is_relayed(tap, packet) && is_announce(packet)) {
      l1::set_path_cost(announce_data(packet), l1::CompactPathCost{});
    }
    return {};
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
constexpr std::array<Entry, 7> kBehaviours{{{"drops", make<Drops>},
                                            {"delays", make<Delays>},
                                            {"replays", make<Replays>},
                                            {"corrupts", make<Corrupts>},
                                            {"lies-about-cost", make<LiesAboutCost>},
                                            {"floods-announces", make<FloodsAnnounces>},
                                            {"forges", make<Forges>}}};

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
