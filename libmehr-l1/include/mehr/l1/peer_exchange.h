// The PeerExchange control message: addresses of nodes that accept links. spec: L1/12, L1/1.2
//
// Place: L1, wire of control type 0x98; read and written by bootstrap.h alone.
// Layout: type 0x98, flags u8 (bit 0: please reply; others 0), count u8, then count entries of
// family u8 (4 or 6), address 4 or 16 in network order, port u16, NodeID 16 (zero: not known), age
// in minutes u16. Port and age are little-endian like every integer of the protocol.
// Machine: the reader checks the whole message before it gives the first entry: an unknown family,
// port 0, a count that does not match the length or an unknown flag refuse all of it. Addresses
// that nobody should dial are no fault of the layout; whoever reads judges them by `reach_of`.
// Bounds: no allocation; entries are read in place and written into the caller's buffer, at most
// 255 of them. Failure: truncated, trailing, bad_value. Threads: any, one per object.
#pragma once

#include <cstddef>
#include <optional>

#include "mehr/core/codec.h"
#include "mehr/l1/peer_address.h"

namespace mehr::l1 {

/// Type byte of the control message. spec: L1/1.2
inline constexpr std::uint8_t kPeerExchangeType = 0x98;

/// What precedes the entries.
struct PeerExchangeHead {
  static constexpr std::uint8_t kPleaseReply = 1;  ///< bit of `flags`

  Constant<kPeerExchangeType> type;
  std::uint8_t flags = 0;
  std::uint8_t count = 0;

  static constexpr auto wire =
      std::tuple{field("type", &PeerExchangeHead::type), field("flags", &PeerExchangeHead::flags),
                 field("count", &PeerExchangeHead::count)};
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const PeerExchangeHead&) const = default;
};
static_assert(wire_size<PeerExchangeHead> == 3);

/// One node and where it accepts links.
struct PeerEntry {
  PeerAddress at;
  NodeId node;                    ///< zero: not known
  std::uint16_t age_minutes = 0;  ///< since it was authenticated there
  constexpr bool operator==(const PeerEntry&) const = default;
};
/// Bytes of one entry on the wire.
inline constexpr std::size_t kPeerEntryV4 = 25;
inline constexpr std::size_t kPeerEntryV6 = 37;
static_assert(kPeerEntryV6 == 1 + 16 + 2 + 16 + 2);

/// Puts a message together in a buffer.
class PeerExchangeWriter {
 public:
  /// Writes into @p out, which holds three bytes or more and outlives the writer.
  explicit PeerExchangeWriter(MutableBytes out);
  /// False, and nothing is written, when @p entry does not fit any more or is the 256th. Its port
  /// must not be 0.
  [[nodiscard]] bool add(const PeerEntry& entry);
  /// The whole message, borrowed from the buffer.
  [[nodiscard]] ByteView finish(bool please_reply);
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  MutableBytes out_;
  std::size_t used_ = 0;  // bytes of whole entries
  std::uint8_t count_ = 0;
};

/// Walks over the entries of a message that was found good as a whole.
class PeerExchangeReader {
 public:
  /// Checks all of @p message (type byte first), from which the reader borrows.
  static Result<PeerExchangeReader> open(ByteView message);

  [[nodiscard]] bool wants_reply() const {
    return (head_.flags & PeerExchangeHead::kPleaseReply) != 0;
  }
  [[nodiscard]] std::size_t count() const { return head_.count; }
  /// The next entry; none after the last.
  std::optional<PeerEntry> next();

 private:
  PeerExchangeReader(const PeerExchangeHead& head, ByteView entries)
      : head_(head), entries_(entries) {}

  PeerExchangeHead head_;
  Reader entries_;
};

}  // namespace mehr::l1
