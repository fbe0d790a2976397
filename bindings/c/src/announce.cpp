// Announces of mehr/l0.h, over mehr/l1/announce.h.
#include "mehr/l1/announce.h"

#include "handles.h"
#include "mehr/l0/packet.h"

namespace mehr::capi {
namespace {

constexpr std::uint32_t kMaxHops = l0::kMaxHops;

mehr_status read_announce_opts(const mehr_announce_opts* in, mehr_announce_opts& out) {
  out = MEHR_ANNOUNCE_OPTS_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(out.struct_size), out); good < 0) return good;
  }
  if (out.max_hops == 0) out.max_hops = kMaxHops;
  return out.max_hops > kMaxHops || !is_valid(out.tlvs) ? MEHR_E_INVALID : MEHR_OK;
}

// A native announce: one address, single destination, context 0, relayed or not. spec: L1/4
bool is_native_announce(const l0::Packet& packet) {
  const auto origin = l0::PacketFlags::of(l0::PacketType::announce, false);
  const auto relayed = l0::PacketFlags::of(l0::PacketType::announce, true);
  return (packet.flags == origin || packet.flags == relayed) && packet.context == 0;
}

mehr_announce describe(const l0::Packet& packet, const l1::Announce& announce) {
  mehr_announce out = MEHR_ANNOUNCE_INIT;
  const auto& cost = announce.extension.path_cost;
  out.hops = packet.hops;
  out.emitted = announce.emitted;
  copy_bytes(packet.destination.view(), out.origin.bytes);
  copy_bytes(announce.public_key.view(), out.key.bytes);
  out.version = announce.extension.version;
  out.path_cost_code = cost.cost.value;
  out.path_latency_ms = cost.worst_latency_ms;
  out.path_rate_code = cost.bottleneck_bps.value;
  out.path_hops = cost.hop_count;
  out.path_mtu_code = cost.bottleneck_mtu.value;
  const ByteView tlvs = announce.extension.tlvs.bytes;
  out.tlvs = mehr_bytes{tlvs.data(), tlvs.size()};
  return out;
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_announce_build(const mehr_identity* identity, std::uint64_t emitted,
                                const mehr_announce_opts* opts, mehr_buf out,
                                std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || written == nullptr || !is_valid(out)) return MEHR_E_INVALID;
    mehr_announce_opts given;
    if (auto good = read_announce_opts(opts, given); good < 0) return good;
    const Signer& signer = *identity->signer;
    const auto data = l1::build_announce(signer, emitted, view_of(given.tlvs));
    if (!data) return status_of(data.error());
    if (identity->own == nullptr) {  // a key that is kept elsewhere may not have signed
      const auto made = decode<l1::Announce>(data->view());
      if (!made || !l1::verify(*made, signer.node_id())) return MEHR_E_IO;
    }
    const auto hops = l1::first_hops(static_cast<std::uint8_t>(given.max_hops));
    std::array<std::uint8_t, l1::kAnnouncePacketMax> buffer{};
    const auto packet =
        l1::write_announce_packet(signer.node_id(), data->view(), hops, false, buffer);
    if (!packet) return status_of(packet.error());
    return deliver(*packet, out, written);
  });
}

mehr_status mehr_announce_verify(mehr_bytes packet, mehr_announce* out) noexcept {
  return guard([&]() -> mehr_status {
    if (!is_valid(packet)) return MEHR_E_INVALID;
    if (out != nullptr) {
      if (auto good = check_struct(out, sizeof(out->struct_size)); good < 0) return good;
    }
    const auto whole = decode<l0::Packet>(view_of(packet));
    if (!whole) return status_of(whole.error());
    if (!is_native_announce(*whole)) return MEHR_E_BAD_VALUE;
    const auto announce = decode<l1::Announce>(whole->data.bytes);
    if (!announce) return status_of(announce.error());
    if (l1::destination_of(*announce) != whole->destination) return MEHR_E_WRONG_PEER;
    const auto good = l1::verify(*announce, whole->destination);
    if (!good) return status_of(good.error());
    if (out != nullptr) write_struct(describe(*whole, *announce), out);
    return MEHR_OK;
  });
}
