// A transport node under whatever comes: packets on any port, ports that come and go, time. It
// stays within its bounds, and what it passes on fits the port. spec: L0/8.3, L0/8.4 Input:
// operations, each a byte. Low two bits: 0 a packet (a byte of its port, two of its length, its
// bytes; bit 7: its transport ID is replaced by the relay's), 1 a port comes or goes, 2 time
// passes, 3 what is due is sent.
#include <cstdlib>

#include "mehr/l0/rns/relay.h"

namespace {

class Chance final : public mehr::Random {
 public:
  void fill(mehr::MutableBytes out) override {
    for (auto& b : out) b = static_cast<std::uint8_t>(state_ = state_ * 1'103'515'245 + 12'345);
  }

 private:
  std::uint32_t state_ = 1;
};

void require(bool held) {
  if (!held) std::abort();
}

using namespace mehr;
using namespace mehr::l0;

constexpr std::size_t kPorts = 3;
constexpr rns::Relay::Config kSmall{kPorts, 4, 4, 8, 16, 8, 4};

struct World {
  Chance chance;
  rns::Address self{{1, 2, 3}};
  rns::Relay relay{kSmall, self, chance};
  std::array<bool, kPorts> up{};
  Millis now{1000};
};

rns::PortInfo info_of(std::size_t port) {
  rns::PortInfo info;
  info.native = port == 2;
  info.bitrate = BitsPerSecond{port == 1 ? 1'000U : 10'000'000U};
  info.link_mtu = port == 1 ? 0 : 4096;
  info.packet_limit = port == 1 ? 508 : 4096;
  return info;
}

void judge(const World& w, const rns::Relay::Send& send) {
  require(send.port < kPorts && w.up[send.port]);
  require(send.packet.size() <= info_of(send.port).packet_limit);
  const auto view = rns::parse(send.packet);
  require(view.has_value());
  require(!view->transport || !info_of(send.port).native);
}

void take_packet(World& w, std::uint8_t operation, Reader& in) {
  std::uint8_t port = 0;
  std::uint16_t size = 0;
  ByteView bytes;
  in.get(port);
  in.get(size);
  port = static_cast<std::uint8_t>(port % kPorts);
  if (!in.take(std::min<std::size_t>(size, in.left()), bytes) || !w.up[port]) return;
  Bytes packet(bytes.begin(), bytes.end());
  const bool two =
      packet.size() >= kHeaderSizeWithTransport && PacketFlags{packet[0]}.two_addresses();
  if ((operation & 0x80) != 0 && two) rns::set_transport(packet, w.self);
  const auto outcome = w.relay.take(port, packet, w.now);
  if (const auto* send = std::get_if<rns::Relay::Send>(&outcome)) judge(w, *send);
}

void toggle(World& w, std::uint8_t operation) {
  const std::size_t port = (operation >> 2) % kPorts;
  if (w.up[port]) {
    w.relay.port_down(static_cast<rns::PortId>(port));
    while (w.relay.lost()) {
    }
  } else {
    // The first free place: only a port whose turn it is comes up.
    for (std::size_t i = 0; i < port; ++i) {
      if (!w.up[i]) return;
    }
    require(w.relay.port_up(info_of(port), w.now) == port);
  }
  w.up[port] = !w.up[port];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World w;
  for (std::uint8_t port = 0; port < kPorts; ++port)
    toggle(w, static_cast<std::uint8_t>(port << 2));
  Reader in(ByteView(data, size));
  while (in.ok() && in.left() > 0) {
    std::uint8_t operation = 0;
    in.get(operation);
    switch (operation & 3) {
      case 0:
        take_packet(w, operation, in);
        break;
      case 1:
        toggle(w, operation);
        break;
      case 2:
        w.now = w.now + Millis{std::uint64_t{1} << ((operation >> 2) % 24)};
        break;
      default:
        for (int i = 0; i < 100; ++i) {
          const auto send = w.relay.next(w.now);
          if (!send) break;
          judge(w, *send);
        }
    }
    require(w.relay.paths().size() <= kSmall.paths && w.relay.links().size() <= kSmall.links);
  }
  return 0;
}
