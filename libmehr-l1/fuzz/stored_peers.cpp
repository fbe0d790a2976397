// A stored book of peers, however damaged.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mehr/l1/peer_book.h"

using namespace mehr;
using namespace mehr::l1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  PeerBook book({64, 64});
  if (!book.load(ByteView(data, size))) {
    if (!book.peers().empty()) __builtin_trap();
    return 0;
  }
  for (std::size_t i = 1; i < book.peers().size(); ++i) {
    if (book.peers()[i - 1].seen < book.peers()[i].seen) __builtin_trap();
  }
  const std::vector<KnownPeer> before(book.peers().begin(), book.peers().end());
  const ByteView stored = book.serialise();
  if (stored.size() != PeerBook::stored_bytes(before.size())) __builtin_trap();
  PeerBook again({64, 64});
  if (!again.load(stored)) __builtin_trap();
  const std::vector<KnownPeer> after(again.peers().begin(), again.peers().end());
  if (before != after) __builtin_trap();
  return 0;
}
