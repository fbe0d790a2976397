#include "announces_said.h"

#include "invariant_memory.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"

namespace mehr::sim {

namespace {

constexpr std::size_t kCostAt = l1::kAnnounceFixed + 2;

Said said_of(const NodeId& destination, ByteView data) {
  Said out;
  out.destination = destination;
  out.data = data;
  Reader(data.subspan(PublicKey::kSize)).get(out.emitted);
  Reader(data.subspan(kCostAt)).get(out.cost);
  return out;
}

}  // namespace

std::uint64_t Said::statement() const {
  const std::uint64_t head = hash_of(data.first(kCostAt), hash_of(destination.view()));
  return hash_of(data.subspan(kCostAt + l1::kPathCostSize), head);
}

std::optional<Said> said_in(ByteView packet) {
  if (packet.size() < l1::kAnnouncePacketMin) return std::nullopt;
  const l0::PacketFlags flags{packet[0]};
  if (flags.type() != l0::PacketType::announce) return std::nullopt;
  Said out = said_of(NodeId::from(packet.subspan(2)), packet.subspan(l0::kHeaderSize));
  out.relayed = flags.in_transport();
  return out;
}

void each_said_in(ByteView control, const std::function<void(const Said&)>& each) {
  const auto delta = decode<l1::GossipDelta>(control);
  if (!delta) return;
  l1::DeltaReader items(delta->items.bytes);
  while (const auto item = items.next()) {
    if (item->kind != l1::kAnnounceKind) continue;
    const auto announce = decode<l1::AnnounceItem>(item->body);
    if (announce) each(said_of(announce->destination, announce->data.bytes));
  }
}

std::optional<NodeId> asked_in(ByteView control) {
  const auto request = decode<l1::PathRequest>(control);
  if (!request) return std::nullopt;
  return request->destination;
}

}  // namespace mehr::sim
