// What relaying costs and who pays: decided above L1, asked by L1. spec: README/7
//
// Place: core seam. L1 forwards packets and keeps reservations; what a byte costs, whether a packet
// may ride and how money moves is L3's. Firmware of L0 and L1 links this class as it stands, which
// is a complete policy: everything is free, everybody is admitted, nothing is ever owed.
// Units: prices in uMHR per byte, amounts in uMHR, sizes in bytes. 10^6 uMHR are 1 MHR.
// Shapes: a peer is the link-authenticated neighbour, never the unknown origin of a packet.
// Threads: the node's. L1 calls in the middle of its own work: an implementation may note, count
// and queue, but must not call back into L1 or below before it returns.
// Bounds: `price`, `admit`, `forwarded` and `weight` are on the packet path: no allocation there.
// Failure: only `admit` and `escrow` can say no.
#pragma once

#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"

namespace mehr {

/// One hop of a bandwidth reservation, between this node and a neighbour. spec: L1/8, CH/9
struct ReservedHop {
  /// Who pays whom: upstream pays downstream.
  enum class Side : std::uint8_t {
    payer,  ///< this node handed the packets on and pays @p peer
    payee,  ///< this node carries packets of @p peer and is paid
  };
  Side side = Side::payer;
  NodeId peer;
  std::uint16_t reservation_id = 0;   ///< as on the link with @p peer; the reference of payments
  std::uint64_t cost_per_byte = 0;    ///< uMHR; what the downstream end of the hop asked
  std::uint64_t estimated_bytes = 0;  ///< DATA bytes that were reserved
  bool operator==(const ReservedHop&) const = default;
};

/// How a reserved hop ended.
struct ReservedEnd {
  std::uint64_t bytes = 0;  ///< DATA bytes receipted on the hop, chunks and the rest
  bool floor_kept = false;  ///< no byte came within the first 60 s: the escrow stays. spec: CH/9.5
  bool operator==(const ReservedEnd&) const = default;
};

class RelayPolicy {
 public:
  virtual ~RelayPolicy() = default;

  // ---- Packets
  // ------------------------------------------------------------------------------------
  /// Base price of carrying a byte handed over by @p peer, in uMHR per byte: 0 when trusted, else
  /// its override, else the default. L1 raises it under load. spec: L1/2.2, L1/10.5
  [[nodiscard]] virtual std::uint64_t price(const NodeId& peer) const {
    (void)peer;
    return 0;
  }
  /// May @p packet (encoded, with its header) that @p prev handed over be carried? False: dropped.
  /// Not asked for packets under a reservation, nor for this node's own. spec: TR/4
  [[nodiscard]] virtual bool admit(const NodeId& prev, ByteView packet) {
    (void)prev;
    (void)packet;
    return true;
  }
  /// @p packet of @p prev was carried and may be paid for: the lottery draws here. Not called for
  /// reserved packets (CH/9.7) and probes (L1/7).
  virtual void forwarded(const NodeId& prev, ByteView packet) {
    (void)prev;
    (void)packet;
  }
  /// Share of @p peer in a link that several upstreams want, where kWeightOne is the share of one
  /// without a funded channel. spec: L1/10.2 step 3
  [[nodiscard]] virtual std::uint32_t weight(const NodeId& peer) const {
    (void)peer;
    return kWeightOne;
  }
  /// Weight 1, in 16.16 fixed point.
  static constexpr std::uint32_t kWeightOne = 1U << 16;

  // ---- Reservations: L1 keeps the messages and the byte counts, the policy moves the money
  // -----------------------------------------------------------------------------------
  /// False while so much of the channel with @p upstream is escrowed (over 80 %) that no further
  /// reservation of it should be taken up. spec: L1/8 step 1
  [[nodiscard]] virtual bool may_escrow(const NodeId& upstream) const {
    (void)upstream;
    return true;
  }
  /// A hop was agreed. As payer: pay the escrow, ceil(estimated_bytes x cost_per_byte / 10), now.
  /// As payee: it is owed to this node. Answers the amount in uMHR; an error (not enough to spend)
  /// makes L1 refuse the reservation, and nothing may have been paid. spec: CH/9.1
  [[nodiscard]] virtual Result<std::uint64_t> escrow(const ReservedHop& hop) {
    (void)hop;
    return 0;
  }
  /// @p bytes more were receipted on @p hop, in order, a chunk of 1 MB or the shorter last one. As
  /// payer: pay them. As payee: they are owed to this node. spec: CH/9.3
  virtual void chunk(const ReservedHop& hop, std::uint64_t bytes) {
    (void)hop;
    (void)bytes;
  }
  /// The hop is over; neither `chunk` nor `refund` follows for it. As payee: pay back what of the
  /// escrow was not used up. As payer: it is owed to this node within a round. spec: CH/9.4
  virtual void refund(const ReservedHop& hop, const ReservedEnd& end) {
    (void)hop;
    (void)end;
  }
};

}  // namespace mehr
