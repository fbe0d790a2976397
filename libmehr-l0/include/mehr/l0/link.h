// One link to one neighbour: handshake, sealed traffic, rekey, liveness, close. spec: L0/5, L2/3
//
// Place: L0, the heart; owned by Links, which finds the link a frame belongs to.
// Seams: Signer and Random by reference; no clock, no medium.
// Machine: states WAIT_RESP, WAIT_AUTH, ACTIVE, CLOSED. Events: start, handshake frame, control
// message, timer, close request, medium lost -> bounded actions: send a frame, opened, round trip,
// refused, closed. `seal` and `open` are the packet path beside it and do not allocate.
// Deadlines (`next_deadline`): handshake step and its resends (datagram media only), rekey, Ping
// every 60 s (below 10 kbps every 300 s, and every 60 s of silence), closed after 180 s without a
// valid frame, in doubt after two handshake steps.
// Bounds: fixed size; a handshake of one side, two keys at most.
// Failure: on a stream a broken handshake closes it; on datagrams it is dropped, since anybody may
// inject. Bad DATA frames never close a link.
#pragma once

#include <optional>
#include <variant>

#include "mehr/core/bounded.h"
#include "mehr/core/random.h"
#include "mehr/core/signer.h"
#include "mehr/l0/handshake.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l0/link_session.h"
#include "mehr/l0/rekey.h"

namespace mehr::l0 {

/// T_hs: max(6 s, 4 x airtime of a full frame). spec: L0/9
[[nodiscard]] Millis handshake_step(BitsPerSecond bandwidth, Mtu mtu);

class Link {
 public:
  static constexpr Millis kSilent = Millis::seconds(180);
  static constexpr Millis kPingEvery = Millis::seconds(60);
  static constexpr Millis kSlowPingEvery = Millis::seconds(300);
  static constexpr BitsPerSecond kSlowBelow{10'000};
  static constexpr int kResends = 2;

  struct Config {
    const Signer& signer;  ///< outlives the link, as does `random`
    Random& random;
    LocalTerms terms;
    LinkId own_id;            ///< never 0, unique among the node's links
    bool stream = true;       ///< of the medium: nothing is resent, a broken handshake closes
    BitsPerSecond bandwidth;  ///< nominal; sets timeouts, Ping interval and rekey bytes
  };
  /// Time as a machine sees it: steady for timers, node clock for what is sent.
  struct Now {
    Millis steady;
    NodeTime node;
  };

  // Events
  struct HandshakeFrame {
    ByteView frame;  ///< INIT (repeated), RESP or AUTH
  };
  struct ControlMessage {
    ByteView message;  ///< REKEY_*, CLOSE, Ping or Pong, as `open` gave it
  };
  struct Timer {};
  struct CloseRequest {
    CloseReason reason;
  };
  struct MediumLost {};
  /// The peer asked for another link, as if it had lost this one: it is asked whether it is there.
  struct Doubt {};
  /// The medium that was too full for a SendLarge has room.
  struct Room {};
  using Event =
      std::variant<HandshakeFrame, ControlMessage, Timer, CloseRequest, MediumLost, Doubt, Room>;

  // Actions
  struct SendFrame {
    std::array<std::uint8_t, wire_size<Resp>> bytes{};
    std::size_t size = 0;
    [[nodiscard]] ByteView frame() const { return ByteView(bytes).first(size); }
  };
  /// A message that no SendFrame holds: seal it with `seal_large` and send it now. Where the medium
  /// is full it is dropped, and `Room` asks for it again when there is room.
  struct SendLarge {
    ByteView message;  ///< borrowed until the next event
    bool under_old_key = false;
  };
  struct Opened {};  ///< ACTIVE: `info` is complete
  struct RoundTrip {
    Millis rtt;
  };
  struct Malformed {};  ///< a control message of ours that does not decode: the peer's fault
  struct Refused {
    Error why;  ///< a handshake frame that did not pass; the link goes on
  };
  struct Closed {
    CloseReason reason;
    Error why;  ///< text for logs
  };
  using Action = std::variant<SendFrame, SendLarge, Opened, RoundTrip, Malformed, Refused, Closed>;
  using Actions = Bounded<Action, 4>;

  /// A link this node asks for.
  Link(const Config& config, const std::optional<NodeId>& target, Now now);
  /// A link that @p init, taken by ResponderHandshake::accepts, asks this node for.
  Link(const Config& config, ByteView init, Now now);

  /// Sends INIT or RESP. Call once.
  [[nodiscard]] Actions start(Now now);
  /// Feeds one event. A closed link answers nothing.
  [[nodiscard]] Actions step(const Event& event, Now now);
  /// When a Timer is due next; `never` once closed. Timers may come early.
  [[nodiscard]] Millis next_deadline() const;

  /// Opens a DATA frame in place; the message inside is a packet or a control message. In
  /// WAIT_AUTH only CLOSE comes out, everything else is Errc::wrong_state.
  [[nodiscard]] Result<MutableBytes> open(MutableBytes frame, Millis now);
  /// Seals a message as a DATA frame at the front of @p out. Errors as LinkSession::seal.
  [[nodiscard]] Result<MutableBytes> seal(ByteView message, std::size_t padded_size,
                                          MutableBytes out);
  /// Seals what a SendLarge names. Errors as LinkSession::seal.
  [[nodiscard]] Result<MutableBytes> seal_large(const SendLarge& what, MutableBytes out);
  /// True when sealing has made the key due for replacement: step a Timer soon.
  [[nodiscard]] bool wants_rekey(Millis now) const;

  /// Authenticated and carrying traffic.
  [[nodiscard]] bool is_active() const { return state_ == State::active; }
  /// In the middle of its handshake.
  [[nodiscard]] bool is_half_open() const;
  [[nodiscard]] bool is_closed() const { return state_ == State::closed; }
  /// True for a repeat of the INIT that this link answers.
  [[nodiscard]] bool answers(ByteView init) const;
  [[nodiscard]] LinkRole role() const { return role_; }
  /// Who is at the other end, once active; its session key is not kept here.
  [[nodiscard]] const HandshakeResult& peer() const { return peer_; }
  /// Peer's node clock minus ours, measured by the handshake. spec: L1/11
  [[nodiscard]] std::int64_t clock_offset_ms() const { return clock_offset_ms_; }
  /// How far that may be off: half of the handshake's round trip, rounded up.
  [[nodiscard]] Millis clock_error() const { return clock_error_; }
  /// Both ends offer the post-quantum hybrid, and it has not failed.
  [[nodiscard]] bool is_hybrid() const { return rekey_ && rekey_->is_hybrid(); }
  [[nodiscard]] std::uint8_t key_epoch() const { return session_ ? session_->epoch() : 0; }

 private:
  enum class State : std::uint8_t { wait_resp, wait_auth, active, closed };

  // The handshake that is under way on this side, or null.
  [[nodiscard]] InitiatorHandshake* initiator() {
    return std::get_if<InitiatorHandshake>(&handshake_);
  }
  // A link is one side or the other for its whole life, so at most one of these is not null.
  [[nodiscard]] ResponderHandshake* responder() {
    return std::get_if<ResponderHandshake>(&handshake_);
  }

  void on_init(ByteView frame, Actions& out);
  void on_resp(ByteView frame, Now now, Actions& out);
  void on_auth(ByteView frame, Now now, Actions& out);
  void on_handshake(ByteView frame, Now now, Actions& out);
  void on_control(ByteView message, Now now, Actions& out);
  void on_ping(ByteView message, Now now, Actions& out);
  void on_pong(ByteView message, Now now, Actions& out);
  void on_timer(Now now, Actions& out);
  void on_handshake_timer(Now now, Actions& out);
  void broken_handshake(const Error& why, Actions& out);
  void refuse_terms(const Error& why, Actions& out);
  void activate(Now now, const Secret<32>& session_key, Actions& out);
  void ping(Now now, Actions& out);
  void spend(const RekeyMachine::Outcome& outcome, Now now, Actions& out);
  void send_control(ByteView message, Actions& out, bool under_old_key = false);
  void send_close(CloseReason reason, Actions& out);
  void close(CloseReason reason, const Error& why, Actions& out);
  [[nodiscard]] Millis next_ping() const;
  /// When silence ends the link.
  [[nodiscard]] Millis silent_at() const;

  Config config_;
  LinkRole role_;
  State state_;
  Millis step_;
  // One side or the other: initiator until the link is confirmed, responder until AUTH passed.
  std::variant<std::monostate, InitiatorHandshake, ResponderHandshake> handshake_;
  std::optional<LinkSession> session_;
  std::optional<RekeyMachine> rekey_;
  HandshakeResult peer_;
  std::int64_t clock_offset_ms_ = 0;
  Millis clock_error_;
  Millis step_sent_;  // when INIT or RESP left
  Millis step_deadline_ = Millis::never();
  int resends_ = 0;
  Millis last_rx_;
  Millis last_ping_;
  Millis last_pong_;
  Millis doubted_at_ = Millis::never();      // nothing was heard of the peer since
  std::optional<std::uint32_t> ping_token_;  // of the Ping that has no Pong yet
  bool first_pong_ = true;                   // outside the rate limit. spec: README/9 item 4
};

}  // namespace mehr::l0
