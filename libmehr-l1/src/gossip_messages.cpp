#include "mehr/l1/gossip_messages.h"

#include <gsl/assert>

namespace mehr::l1 {

namespace {

Status check_mask(std::uint8_t mask, std::uint8_t allowed) {
  if ((mask & ~allowed) != 0) return fail(Errc::bad_value, "unknown bits in a tier mask");
  return {};
}

/// An item before its body.
struct ItemHead {
  std::uint8_t kind = 0;
  std::uint16_t length = 0;

  static constexpr auto wire =
      std::tuple{field("kind", &ItemHead::kind), field("length", &ItemHead::length)};
};
static_assert(wire_size<ItemHead> == kItemHead);

}  // namespace

Status GossipBeat::check() const { return check_mask(mask, kAllTiers | kReplyBit); }

Status GossipSummary::check() const {
  if (size == 0 || bits.bytes.size() != size) {
    return fail(Errc::bad_value, "a filter has at least one byte, and as many as it says");
  }
  if (hashes == 0 || hashes > kMostHashes) {
    return fail(Errc::bad_value, "a filter has 1 to 16 hashes");
  }
  if (part >= parts) return fail(Errc::bad_value, "a part number lies below the part count");
  return check_mask(mask, kAllTiers | kReplyBit);
}

Status GossipDelta::check() const {
  if ((flags & ~kLast) != 0) return fail(Errc::bad_value, "unknown flags of a delta");
  DeltaReader reader(items.bytes);
  std::size_t found = 0;
  while (reader.next()) ++found;
  if (!reader.complete() || found != count) {
    return fail(Errc::bad_value, "a delta holds as many items as it says");
  }
  return {};
}

Status GossipPull::check() const { return check_mask(mask, kAllTiers); }

std::optional<GossipItem> DeltaReader::next() {
  Reader r(rest_);
  ItemHead head;
  GossipItem item;
  r.get(head);
  if (!r.take(head.length, item.body)) return std::nullopt;
  item.kind = head.kind;
  rest_ = r.rest();
  return item;
}

DeltaWriter::DeltaWriter(MutableBytes out)
    : out_(out), items_(out.size() > kDeltaHead ? out.subspan(kDeltaHead) : MutableBytes{}) {}

bool DeltaWriter::add(const GossipItem& item) {
  const std::size_t room = out_.size() > kDeltaHead ? out_.size() - kDeltaHead : 0;
  if (count_ == 255 || item.body.size() > 0xFFFF ||
      room - items_.written().size() < kItemHead + item.body.size()) {
    return false;
  }
  items_.put(ItemHead{item.kind, static_cast<std::uint16_t>(item.body.size())});
  items_.bytes(item.body);
  Ensures(items_.ok());
  ++count_;
  return true;
}

Result<ByteView> DeltaWriter::finish(std::uint32_t round, std::uint64_t lamport, bool last) {
  const std::uint8_t flags = last ? GossipDelta::kLast : 0;
  const auto head = encode(GossipDelta{{}, round, lamport, flags, count_, {}}, out_);
  if (!head) return fail(head);
  return ByteView(out_).first(kDeltaHead + items_.written().size());
}

}  // namespace mehr::l1
