#include "mehr/l1/announce_item.h"

namespace mehr::l1 {

namespace {

/// What an announce is known by.
struct Canonical {
  NodeId destination;
  std::uint64_t emitted = 0;

  static constexpr auto wire = std::tuple{field("destination", &Canonical::destination),
                                          field("emitted", &Canonical::emitted)};
};

}  // namespace

Status AnnounceItem::check() const {
  if (hops >= kItemHopsEnd) return fail(Errc::bad_value, "an announce item has hops below 127");
  if (data.bytes.size() < kAnnounceFixed + kExtensionMin) {
    return fail(Errc::truncated, "an announce has at least 113 bytes");
  }
  if (data.bytes.size() > kAnnounceDataMax) {
    return fail(Errc::too_big, "an announce has at most 421 bytes");
  }
  return {};
}

ItemId announce_item_id(const NodeId& destination, std::uint64_t emitted) {
  return item_id(kAnnounceKind, encode_fixed(Canonical{destination, emitted}));
}

std::optional<ItemId> received_item_id(const GossipItem& item) {
  if (item.kind != kAnnounceKind) return item_id(item.kind, item.body);
  const auto announce = decode<AnnounceItem>(item.body);
  if (!announce) return std::nullopt;
  PublicKey key;
  std::uint64_t emitted = 0;
  Reader r(announce->data.bytes);
  r.get(key);
  r.get(emitted);
  return announce_item_id(announce->destination, emitted);
}

}  // namespace mehr::l1
