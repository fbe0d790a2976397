// The three-message handshake that makes a link. spec: L0/5.2 to 5.4, L2/3.1 to 3.3
//
// Place: L0, one object per link being set up, owned by Link, which adds timers and resends.
// Seam: `Signer` for the node's key; everything random is handed in.
// Machine: initiator: INIT made at construction, `on_resp` gives AUTH. Responder:
// `respond` gives RESP, `on_auth` ends it. Both end with a session key and a proven peer.
// Bounds: under half a kilobyte; what may be resent is kept, so resends are byte-identical and no
// body is ever sealed twice under counter 0.
// Failure: Errc::truncated / bad_value malformed, bad_seal, bad_signature, wrong_peer (not the
// NodeID asked for, or our own), wrong_version, too_big (MTU below 484). The last two come after
// the peer is proven: the session key is then set, so that a sealed CLOSE can say why.
#pragma once

#include <optional>

#include "mehr/core/crypto.h"
#include "mehr/core/kem.h"
#include "mehr/core/signer.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_frames.h"
#include "mehr/l0/link_layer.h"

namespace mehr::l0 {

/// What this node says of itself in every handshake.
struct LocalTerms {
  Mtu max_frame_size{4096};    ///< message bytes; the link takes the lesser of both sides
  std::uint32_t features = 0;  ///< feature::k*
  const Kem* kem = nullptr;    ///< offers the post-quantum hybrid; outlives the links. spec: L2/3.6
};

/// What a finished handshake gives.
struct HandshakeResult {
  Secret<32> session_key;
  std::uint16_t peer_link = 0;  ///< goes into frames to the peer
  PublicKey peer_key;
  NodeId peer;         ///< node_id_of(peer_key)
  AuthTail peer_tail;  ///< the peer's own words, signed
  Mtu mtu;             ///< negotiated; 0 while the peer's terms are refused
};

class InitiatorHandshake {
 public:
  /// @p target: the NodeID wanted, or none for whoever answers.
  InitiatorHandshake(const Signer& signer, const LocalTerms& terms, std::uint16_t own_link,
                     const std::optional<NodeId>& target, Secret<32> ephemeral);

  /// The INIT frame, 52 bytes, until a RESP is accepted: AUTH then takes its place.
  [[nodiscard]] ByteView init() const { return ByteView(frame_).first(wire_size<Init>); }
  /// Checks RESP; on success `auth()` and `result()` are ready.
  [[nodiscard]] Status on_resp(ByteView frame, NodeTime clock);
  /// The AUTH frame, 131 bytes, once RESP was accepted.
  [[nodiscard]] ByteView auth() const { return frame_; }
  [[nodiscard]] const HandshakeResult& result() const { return result_; }
  /// True when @p frame is the RESP that was accepted. spec: L2/3.3 "same RESP again"
  [[nodiscard]] bool is_accepted_resp(ByteView frame) const;

 private:
  const Signer& signer_;
  LocalTerms terms_;
  std::uint16_t own_link_;
  std::optional<NodeId> target_;
  Secret<32> ephemeral_;
  X25519Key ephemeral_public_;
  std::array<std::uint8_t, wire_size<Auth>> frame_{};  // what is resent: INIT, later AUTH
  Hash256 accepted_resp_;                              // B2 of it
  HandshakeResult result_;
};

class ResponderHandshake {
 public:
  /// Answers @p init, which `accepts` took.
  ResponderHandshake(const Signer& signer, const LocalTerms& terms, std::uint16_t own_link,
                     ByteView init, Secret<32> ephemeral);
  /// Whether this INIT is well-formed, of a version we speak and meant for @p self. spec: L0/5.7
  [[nodiscard]] static Result<Init> accepts(ByteView frame, const NodeId& self);

  /// Derives the keys and seals RESP. Errc::bad_value for a degenerate ephemeral.
  [[nodiscard]] Status respond(NodeTime clock);
  /// The RESP frame, 166 bytes, once `respond` succeeded.
  [[nodiscard]] ByteView resp() const { return resp_; }
  /// Checks AUTH; on success `result()` is complete.
  [[nodiscard]] Status on_auth(ByteView frame);
  [[nodiscard]] const HandshakeResult& result() const { return result_; }
  /// True when @p frame is the INIT this handshake answers. spec: L2/3.3 "identical INIT"
  [[nodiscard]] bool is_same_init(ByteView frame) const { return same_bytes(frame, init_); }

 private:
  const Signer& signer_;
  LocalTerms terms_;
  std::uint16_t own_link_;
  Secret<32> ephemeral_;
  std::array<std::uint8_t, wire_size<Init>> init_{};
  std::array<std::uint8_t, wire_size<Resp>> resp_{};
  Hash256 transcript_;
  HandshakeResult result_;
};

}  // namespace mehr::l0
