// The packet: a decoded one encodes to the same bytes, and its ID ignores hops. spec: L0/3
#include "mehr/l0/packet.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  const auto require = [](bool held) {
    if (!held) std::abort();
  };
  const ByteView in(data, size);
  const auto packet = decode<Packet>(in);
  if (!packet) return 0;
  require(packet->hops < kMaxHops && !packet->flags.two_addresses());
  require(packet->data.bytes.size() <= max_data(MtuClass::bulk));

  Bytes out(size);
  const auto written = encode(*packet, out);
  require(written.has_value() && same_bytes(*written, in));
  const PacketId id = packet_id(out);
  set_hops(out, static_cast<std::uint8_t>(packet->hops ^ 1));
  require(packet_id(out) == id);
  return 0;
}
