// Arbitrary bytes against the door for messages: forms, segments, onions, one hop, keys of others.
//
// The input is a row of pieces: a length byte, what the piece is, and its bytes. Pieces may first
// be sealed well, or wrapped in an onion, so that what stands behind a tag is reached too.
#include <cstddef>
#include <cstdint>

#include "mehr/l2/sealed_messenger.h"
#include "support.h"

namespace {

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::fuzz;

struct Steps final : Random {
  std::uint8_t next = 1;
  void fill(MutableBytes out) override {
    for (std::uint8_t& b : out) b = next = static_cast<std::uint8_t>(next * 5 + 3);
  }
};
struct Moving final : Clock {
  Millis at{1};
  Millis now() override { return at; }
  NodeTime node_time() override { return {}; }
};
struct NoKeys final : KeyTable {
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId&) const override { return {}; }
};
struct Floor final : Messenger, l1::ControlDoor {
  std::array<MessageHandler, 256> handlers;
  std::array<l1::ControlHandler*, 256> control{};
  Status send(const NodeId&, Protocol, ByteView, const SendOptions&) override { return {}; }
  void on(Protocol p, MessageHandler handler) override { handlers[p.context] = std::move(handler); }
  [[nodiscard]] std::size_t max_body(const NodeId&) const override { return 465; }
  void on_writable(std::function<void()>) override {}
  void on_control_type(std::uint8_t type, l1::ControlHandler* handler) override {
    control[type] = handler;
  }
  Status send_control(l1::LinkId, std::uint8_t, ByteView message) override {
    require(message.size() <= 484);
    return {};
  }
  [[nodiscard]] std::size_t room_for(l1::LinkId, std::size_t) const override { return 50; }
  [[nodiscard]] std::optional<l1::LinkEnd> end_of(l1::LinkId) const override {
    return l1::LinkEnd{me().node_id(), Mtu{484}};
  }
  [[nodiscard]] std::optional<l1::LinkId> link_to(const NodeId&) const override {
    return l1::LinkId{1};
  }
  bool seek(const NodeId&) override { return true; }
};

struct Door {
  Floor floor;
  NoKeys keys;
  Steps random;
  Moving clock;
  SealedMessenger door{
      floor, keys, me(), random, clock, Limits::small(), {&floor, nullptr, nullptr, nullptr}};
  std::uint64_t handled = 0;
  std::size_t resumed = 0;

  Door() {
    for (std::uint16_t sub_type = 1; sub_type < 256; ++sub_type) {
      door.on({0xF5, sub_type}, [this](const Message& m) {
        ++handled;
        require(m.body.size() <= kMostJoined);
      });
    }
  }
  void packet(std::uint8_t context, Bytes data) {
    floor.handlers[context]({{context, 0}, std::nullopt, data, 1});
  }
  Bytes sealed(ByteView plain) {
    Bytes out(plain.size() + kE1Overhead);
    require(seal_e1(Recipient::self(me()), 0xF5, plain, random, out).has_value());
    return out;
  }
  Bytes with(std::uint8_t first, ByteView rest) {
    Bytes out{first};
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
  }
  void onion(ByteView data) {
    const std::array relays{Recipient::self(me())};
    Bytes out(onion_size(OnionClass::constrained));
    const ByteView fits =
        data.first(std::min(data.size(), onion_capacity(OnionClass::constrained, 1)));
    require(build_onion(OnionClass::constrained, relays, {NodeId{}, 0xE1, fits},
                        Ephemeral::draw(random), out)
                .has_value());
    packet(0xE4, std::move(out));
  }
  void piece(std::uint8_t what, ByteView data) {
    switch (what % 8) {
      case 0:
        return packet(0xF5, Bytes(data.begin(), data.end()));
      case 1:
        return packet(0xF5, with(1, sealed(data)));
      case 2:
        return packet(0xF5, with(2, sealed(data)));
      case 3:
        return packet(0xE4, Bytes(data.begin(), data.end()));
      case 4:
        return onion(data);
      case 5:
        if (!data.empty()) (void)floor.control[0xA5]->on_control({1}, with(0xA5, data));
        return;
      case 6:
        return (void)floor.control[0xA2]->on_control({1}, with(0xA2, data));
      default:
        door.with_key(NodeId{}, what & 1U, data,
                      [this](const PublicKey&, MutableBytes) { ++resumed; });
        clock.at = clock.at + Millis{500};
        door.on_time();
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Door door;
  ByteView rest(data, size);
  while (rest.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(std::size_t{rest[0]} * 2, rest.size() - 2);
    door.piece(rest[1], rest.subspan(2, length));
    rest = rest.subspan(2 + length);
  }
  const auto c = door.door.counters();
  require(c.opened + c.hopped_in == door.handled);
  return 0;
}
