// The announce decoder and what is done with what it accepts, signature aside.
#include "mehr/l1/announce.h"

#include <array>
#include <cstddef>
#include <cstdint>

using namespace mehr;
using namespace mehr::l1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  const auto announce = decode<Announce>(in);
  if (!announce) return 0;
  // Encoding gives the same bytes back.
  std::array<std::uint8_t, kAnnounceDataMax> out{};
  const auto encoded = encode(*announce, out);
  if (!encoded || !same_bytes(*encoded, in)) __builtin_trap();
  if (announce->extension.major() == 1) {
    TlvReader reader(announce->extension.tlvs.bytes);
    std::size_t total = 0;
    while (const auto field = reader.next()) total += 2 + field->data.size();
    if (reader.malformed() || total != announce->extension.tlvs.bytes.size()) __builtin_trap();
  }
  (void)announce->extension.find(tlv::kPresence);
  // A rewritten path cost is read back, and is no other announce.
  const CompactPathCost next = relay_step(
      link_step(announce->extension.path_cost, {Millis{5}, BitsPerSecond{1000}, Mtu{484}}), 7);
  set_path_cost(*encoded, next);
  const auto rewritten = decode<Announce>(*encoded);
  if (!rewritten || rewritten->extension.path_cost != next) __builtin_trap();
  if (!same_announce(*encoded, in)) __builtin_trap();
  (void)verify(*announce, destination_of(*announce));
  return 0;
}
