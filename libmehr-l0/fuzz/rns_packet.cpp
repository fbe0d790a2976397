// Reticulum's packet: what is read is written back the same, and hashing leaves it alone. spec:
// L0/8.1
#include <cstdlib>

#include "mehr/l0/rns/packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  const auto require = [](bool held) {
    if (!held) std::abort();
  };
  const ByteView in(data, size);
  const auto view = rns::parse(in);
  if (!view) return 0;
  require(size >= rns::kLeastPacket && size <= rns::kMostPacket);
  Bytes out(size);
  const auto written = rns::write(*view, out);
  require(written.has_value() && same_bytes(*written, in));
  const auto hash = rns::packet_hash(out);
  require(same_bytes(out, in));
  (void)rns::link_id_of(out);
  require(same_bytes(out, in));
  // The hash does not depend on who relays, nor on how far it came.
  rns::PacketView other = *view;
  other.transport = view->transport ? std::nullopt : std::optional(view->destination);
  other.hops = static_cast<std::uint8_t>(view->hops ^ 1);
  Bytes again(size + rns::Address::kSize);
  const auto rewritten = rns::write(other, again);
  require(rewritten.has_value() && rns::packet_hash(*rewritten) == hash);
  return 0;
}
