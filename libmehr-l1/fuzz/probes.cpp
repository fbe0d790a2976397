// Probe requests and responses: what decodes encodes to the same bytes; and the notes of a relay.
// spec: L1/7, L1/6.3
#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/l1/probe_messages.h"
#include "mehr/l1/probe_relay.h"
#include "mehr/l1/reverse_path.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

class FixedRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_ = static_cast<std::uint8_t>(next_ * 5 + 3);
  }

 private:
  std::uint8_t next_ = 1;
};

void decoders(ByteView in) {
  std::array<std::uint8_t, 4096> out{};
  if (const auto request = decode_probe_request(in)) {
    const auto back = encode_probe_request(*request, out);
    require(back.has_value() && same_bytes(*back, in));
  }
  if (const auto response = decode<ProbeResponse>(in)) {
    require(same_bytes(encode_fixed(*response), in));
  }
}

// A relay of probes and a reverse path under the same operations.
void tables(ByteView in) {
  FixedRandom random;
  ProbeRelay relay(4, 4, random);
  ReversePath reverse(5, random);
  Millis now{1000};
  for (; in.size() >= 4; in = in.subspan(4)) {
    NodeId to;
    to.bytes[0] = in[1] % 16;
    const PacketId packet = PacketId::from(to.view());
    const auto from = static_cast<LinkSlot>(in[2] % 4);
    const auto other = static_cast<LinkSlot>(in[2] / 4 % 4);
    switch (in[0] % 6) {
      case 0:
        if (relay.allow(from, now)) {
          (void)relay.on_request(to, in[3] % 4, from, other, Millis{in[3] * 100U}, now);
        }
        break;
      case 1:
        if (const auto link = relay.on_response(to, in[3] % 4, other, now)) require(*link < 4);
        break;
      case 2:
        reverse.record(packet, from, other, now);
        break;
      case 3:
        if (const auto link = reverse.take(packet, other, now)) require(*link < 4);
        require(!reverse.take(packet, other, now));
        break;
      case 4:
        now = now + Millis{std::uint64_t{in[3]} * in[3] * 10};
        relay.on_time(now);
        require(relay.next_deadline() > now);
        break;
      default:
        relay.link_down(from);
        reverse.link_down(from);
    }
    require(relay.size() <= 4 && reverse.size() <= 5);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  decoders(in);
  tables(in);
  return 0;
}
