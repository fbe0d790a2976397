// Onion packets: one datagram under a layer for each relay on its way. spec: L2/5
//
// Place: L2, pure functions over borrowed buffers; `OnionRouter` chooses relays and remembers
// repeats. Seams: `Signer` does the relay's half of the exchange.
// Shapes: version 1, alpha 32, tag 16, ciphertext; 465, 1,481 or 4,077 bytes in all, the same
// before and after each relay. A layer costs 32 bytes, front and exit 36 more. Machine: none.
// `build_onion` goes from the exit inwards; `peel_onion` takes one layer off, in place. What a
// relay learns: who is next, or that it is the exit; not how many layers there are, where it
// stands, who sent the packet, or (but at the exit) whom it is for. What no relay sees changed:
// alpha is blinded, and the bytes that a layer frees are filled with what only that relay's secret
// gives. Bounds: 1 to 8 relays; one packet's buffer on the caller's side, no allocation besides the
// cipher context. Failure: strangers' bytes give bad_value or bad_seal and an unusable buffer.
// Threads: any. Secrets that pass through are wiped before return.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "mehr/l2/envelope.h"
#include "mehr/l2/replay_cache.h"

namespace mehr::l2 {

/// The transport class of the worst leg of the way, by which an onion has its size. spec: L2/5
enum class OnionClass : std::uint8_t { constrained, standard, bulk };

inline constexpr std::size_t kOnionHead = 33;                  ///< version and alpha
inline constexpr std::size_t kOnionLayer = 32;                 ///< next hop and tag
inline constexpr std::size_t kOnionExit = 3;                   ///< context and length at the exit
inline constexpr std::size_t kMostOnionHops = 8;               ///< spec: L2/7
inline constexpr std::size_t kDefaultOnionHops = 3;            ///< spec: L2/7
inline constexpr Millis kOnionMemory = Millis::seconds(3600);  ///< spec: L2/7

/// L: what is under the head, tag included.
constexpr std::size_t onion_layer_bytes(OnionClass c) {
  constexpr std::array<std::size_t, 3> kBytes{432, 1'448, 4'044};
  return kBytes[static_cast<std::size_t>(c)];
}
/// DATA of an onion packet.
constexpr std::size_t onion_size(OnionClass c) { return kOnionHead + onion_layer_bytes(c); }
/// What is left for the data under @p hops layers; 0 when there is no room for so many.
constexpr std::size_t onion_capacity(OnionClass c, std::size_t hops) {
  const std::size_t cost = kOnionLayer * hops + kOnionExit;
  return onion_layer_bytes(c) > cost ? onion_layer_bytes(c) - cost : 0;
}
/// The class of a packet of @p mtu bytes; nothing below the smallest.
[[nodiscard]] std::optional<OnionClass> onion_class(Mtu mtu);
static_assert(onion_size(OnionClass::bulk) == 4'077 &&
              onion_capacity(OnionClass::constrained, 3) == 333);

/// What the last relay sends on. A zero destination without data is cover.
struct OnionExit {
  NodeId destination;
  std::uint8_t context = 0;
  ByteView data;
};

/// Writes the onion of @p exit through @p relays, in their order, to the front of @p out; the
/// returned view has `onion_size(c)` bytes. @p fresh is used for this onion alone.
/// Errors: bad_value (no relay, over 8, an unusable key), too_big (data over the capacity, or @p
/// out is short).
[[nodiscard]] Result<MutableBytes> build_onion(OnionClass c, std::span<const Recipient> relays,
                                               const OnionExit& exit, const Ephemeral& fresh,
                                               MutableBytes out);

/// One layer less.
struct Peeled {
  enum class Kind : std::uint8_t {
    forward,  ///< `data` is the onion for `to`
    exit,     ///< `data` goes to `to` in the clear of onions, as DATA of `context`
    cover,    ///< nothing to do
  };
  Kind kind = Kind::cover;
  NodeId to;
  std::uint8_t context = 0;
  MutableBytes data;  ///< in the buffer that was given
};

/// Takes this node's layer off @p packet, in place. @p seen remembers the layers of the last hour.
/// Errors: bad_value (size, version, a degenerate alpha, an exit that does not fit), bad_seal (not
/// for this node, or changed), replayed.
[[nodiscard]] Result<Peeled> peel_onion(const Signer& me, MutableBytes packet, ReplayCache& seen,
                                        Millis now);

}  // namespace mehr::l2
