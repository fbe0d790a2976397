// Reticulum's announce, both forms: never read past the end, and never verified unless its bytes
// are those that were signed. spec: L0/8.1, L0/8.3 Input: a byte whose bit 0 says that there is a
// ratchet, 16 of the destination, then DATA.
#include <cstdlib>

#include "mehr/l0/rns/announce.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mehr;
  using namespace mehr::l0;
  const auto require = [](bool held) {
    if (!held) std::abort();
  };
  if (size < 17) return 0;
  const bool ratchet = (data[0] & 1) != 0;
  const ByteView in(data + 17, size - 17);
  const auto read = rns::parse_announce(ratchet, in);
  if (!read) return 0;
  require(in.size() >= (ratchet ? 180U : 148U) && in.size() <= rns::kMostAnnounce);
  require(read->ratchet.has_value() == ratchet);
  require(read->app_data.size() == in.size() - (ratchet ? 180 : 148));
  const auto destination = rns::Address::from(ByteView(data + 1, 16));
  if (!rns::verify(*read, destination)) return 0;
  require(rns::destination_of(read->name, read->identity) == destination);
  Bytes bent(in.begin(), in.end());
  bent.back() ^= 1;
  const auto other = rns::parse_announce(ratchet, bent);
  require(other.has_value() && !rns::verify(*other, destination));
  return 0;
}
