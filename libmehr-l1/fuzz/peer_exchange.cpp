// The PeerExchange decoder, and what is written of what it accepts.
#include "mehr/l1/peer_exchange.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace mehr;
using namespace mehr::l1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  auto reader = PeerExchangeReader::open(in);
  if (!reader) return 0;
  std::vector<std::uint8_t> out(size + 1);
  PeerExchangeWriter writer(out);
  std::size_t entries = 0;
  std::vector<PeerEntry> read;
  while (const auto entry = reader->next()) {
    ++entries;
    if (entry->at.port == 0) __builtin_trap();
    (void)reach_of(entry->at.host);
    if (!writer.add(*entry)) __builtin_trap();  // never longer than what came in
    read.push_back(*entry);
  }
  if (entries != reader->count()) __builtin_trap();
  // Mapped addresses of family 6 come out as family 4; all else is the same bytes again.
  const ByteView written = writer.finish(reader->wants_reply());
  if (written.size() == size && !same_bytes(written, in)) __builtin_trap();
  auto again = PeerExchangeReader::open(written);
  if (!again || again->wants_reply() != reader->wants_reply()) __builtin_trap();
  for (const PeerEntry& entry : read) {
    if (again->next() != entry) __builtin_trap();
  }
  return 0;
}
