// The decoders of the gossip messages and what is done with what they accept.
#include "mehr/l1/gossip_messages.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/l1/announce_item.h"
#include "mehr/l1/bloom_filter.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

/// Encoding gives the same bytes back.
template <class T>
void same_again(const T& message, ByteView in) {
  std::array<std::uint8_t, 8192> out{};
  if (in.size() > out.size()) return;
  const auto encoded = encode(message, out);
  require(encoded.has_value() && same_bytes(*encoded, in));
}

void walk(const GossipDelta& delta, ByteView in) {
  std::array<std::uint8_t, 8192> out{};
  if (in.size() > out.size()) return;
  DeltaWriter writer(MutableBytes(out).first(in.size()));
  DeltaReader reader(delta.items.bytes);
  std::size_t count = 0;
  while (const auto item = reader.next()) {
    ++count;
    require(writer.add(*item));
    const auto id = received_item_id(*item);
    require(id.has_value() || item->kind == kAnnounceKind);
  }
  require(reader.complete() && count == delta.count);
  // Written anew it is the same message.
  const auto again = writer.finish(delta.round, delta.lamport, delta.last());
  require(again.has_value() && same_bytes(*again, in));
}

void look_up(const GossipSummary& summary) {
  ItemId id;
  id.bytes[0] = 0x5A;
  const bool held = bloom_holds(summary.bits.bytes, id, summary.salt, summary.hashes);
  bool all = true;
  for (std::uint8_t i = 0; i < summary.hashes; ++i) {
    const auto bit = bloom_position(id, summary.salt, i, summary.bits.bytes.size());
    all = all && (summary.bits.bytes[bit / 8] >> (bit % 8) & 1) != 0;
  }
  require(held == all);
  require(part_of(id, summary.parts) < summary.parts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, size);
  if (const auto beat = decode<GossipBeat>(in)) same_again(*beat, in);
  if (const auto pull = decode<GossipPull>(in)) same_again(*pull, in);
  if (const auto summary = decode<GossipSummary>(in)) {
    same_again(*summary, in);
    look_up(*summary);
  }
  if (const auto delta = decode<GossipDelta>(in)) {
    same_again(*delta, in);
    walk(*delta, in);
  }
  return 0;
}
