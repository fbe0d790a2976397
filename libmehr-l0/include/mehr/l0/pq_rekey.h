// The post-quantum half of a rekey: what goes beside X25519, and the key that comes of both.
// spec: L2/3.6
//
// Place: L0, owned by RekeyMachine on links where both ends offer it; made with the link, so that
// links without it cost nothing.
// Shapes: PQ_REQ 834 bytes, PQ_ACK 802, told apart from classical requests by their types.
// Key: B2("mehr-pq-v1" || DH || KEM secret || old session key || B2(PQ_REQ) || B2(PQ_ACK)). The old
// key is mixed in, so the new one is never weaker than the link was.
// Machine: none of its own; RekeyMachine says when. Bounds: one request and one answer, for
// repeats. Failure: a key or ciphertext that is none, or a degenerate ephemeral, gives nothing: the
// message stays unanswered. Threads: one at a time.
#pragma once

#include <optional>

#include "mehr/core/kem.h"
#include "mehr/core/random.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_frames.h"

namespace mehr::l0 {

/// False in an image for devices, which have neither the algorithm nor the room for its messages:
/// what belongs to hybrid links is then left out.
#if defined(MEHR_NO_HYBRID)
inline constexpr bool kHybrid = false;
#else
inline constexpr bool kHybrid = true;
#endif

/// Least MTU of a link that carries these messages. spec: L2/3.6
inline constexpr Mtu kPqLeastMtu{1500};

/// PQ_REQ: "let us change the key", with both public halves.
struct PqRequest {
  Constant<control::kPqRequest> type;
  std::uint8_t epoch = 0;  ///< of the key to come
  X25519Key ephemeral;
  EncapsulationKey key;
  static constexpr auto wire =
      std::tuple{field("type", &PqRequest::type), field("epoch", &PqRequest::epoch),
                 field("ephemeral", &PqRequest::ephemeral), field("key", &PqRequest::key)};
  constexpr bool operator==(const PqRequest&) const = default;
};
static_assert(wire_size<PqRequest> == 834);

/// PQ_ACK: the answer; the new key is in use.
struct PqAck {
  Constant<control::kPqAck> type;
  std::uint8_t epoch = 0;  ///< of the request
  X25519Key ephemeral;
  KemCiphertext ciphertext;
  static constexpr auto wire =
      std::tuple{field("type", &PqAck::type), field("epoch", &PqAck::epoch),
                 field("ephemeral", &PqAck::ephemeral), field("ciphertext", &PqAck::ciphertext)};
  constexpr bool operator==(const PqAck&) const = default;
};
static_assert(wire_size<PqAck> == 802);

class PqRekey {
 public:
  /// @p kem outlives this; @p session_key is the link's present one.
  PqRekey(const Kem& kem, const Secret<32>& session_key);

  /// Makes our request for the key of @p epoch.
  [[nodiscard]] Status ask(std::uint8_t epoch, Random& random);
  /// Our request, as it is repeated.
  [[nodiscard]] ByteView request() const { return request_; }
  /// Answers the peer's request: the new key; `ack` has what to send.
  [[nodiscard]] std::optional<Secret<32>> answer(const PqRequest& request, Random& random);
  /// The peer's answer to ours: the new key.
  [[nodiscard]] std::optional<Secret<32>> take(const PqAck& ack);
  [[nodiscard]] ByteView ack() const { return ack_; }
  /// True when @p request is the one that `ack` answers.
  [[nodiscard]] bool is_answered(const PqRequest& request) const;
  /// The link has a new key, by whichever kind of rekey.
  void installed(const Secret<32>& key);
  /// Forgets what our request and the last answer held.
  void forget();

 private:
  [[nodiscard]] Secret<32> key_of(const Secret<32>& exchange, const Secret<32>& kem,
                                  ByteView request, ByteView ack) const;

  const Kem& kem_;
  Secret<32> session_key_;
  Secret<32> ephemeral_;  // of our request
  KemSeed seed_;          // likewise
  std::array<std::uint8_t, wire_size<PqRequest>> request_{};
  std::array<std::uint8_t, wire_size<PqAck>> ack_{};
  Hash256 answered_;  // B2 of the request that `ack_` answers
};

}  // namespace mehr::l0
