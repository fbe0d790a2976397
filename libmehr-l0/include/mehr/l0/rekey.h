// Replacing a link's key while it carries traffic. spec: L0/5.6, L2/3.5
//
// Place: L0, owned by Link; works on its LinkSession.
// Machine: STEADY -> ASKED (our REKEY_REQ is out) -> DRAIN (new key in use, old one still opens)
// -> STEADY. Events: due, REQ, ACK, timer. Each gives at most one message to send.
// Deadlines: a REQ is repeated twice, one handshake step apart, then the link must close with
// reason 4; the old key lives 30 s after the new one is in use, three handshake steps where that is
// longer.
// Simultaneous requests: the link initiator's wins. A REQ in DRAIN ends the drain early.
// Where both ends offer the post-quantum hybrid the link initiator asks for it at once, and every
// later rekey is of that kind; three unanswered tries keep the key and return to classical rekeys.
// A key of the hybrid is on trial until a frame opens under it: each end Pings every step of the
// drain, and goes back to the old key at its end, keeping the new one for opening: a frame under it
// takes it up after all. A classical REQ says that the peer has given the hybrid up.
// docs/decisions/0024
// Bounds: one ephemeral, one cached ACK, and on hybrid links one PqRekey. Failure: messages of
// another epoch change nothing.
#pragma once

#include <memory>
#include <optional>

#include "mehr/core/bounded.h"
#include "mehr/core/random.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_session.h"
#include "mehr/l0/pq_rekey.h"

namespace mehr::l0 {

class RekeyMachine {
 public:
  static constexpr Millis kMaxKeyAge = Millis::seconds(3600);
  static constexpr Millis kDrain = Millis::seconds(30);
  /// A key younger than this is not replaced again: a hostile peer could ask without end.
  static constexpr Millis kLeastKeyAge = Millis::seconds(1);
  static constexpr int kResends = 2;
  /// A hybrid key without proof is given up after this at the latest: half of a link's silence.
  static constexpr Millis kMostTrial = Millis::seconds(90);

  using Message = std::array<std::uint8_t, wire_size<RekeyRequest>>;
  struct Send {
    Message message{};
    bool under_old_key = false;  ///< seal with the previous key: an ACK. spec: README/9 item 13
  };
  struct Outcome {
    std::optional<Send> send;
    ByteView large;                ///< a PQ_REQ or PQ_ACK, borrowed until the next event
    bool large_under_old = false;  ///< as in Send
    bool ping = false;             ///< send a Ping under the new key, to prove it
    bool failed = false;           ///< no ACK came: close with reason 4
  };

  /// @p step: handshake step timeout T_hs. @p byte_limit: sealed bytes that make a key due.
  RekeyMachine(Millis step, std::uint64_t byte_limit, Millis now);

  /// Both ends offer the hybrid: from here on rekeys are of that kind. @p initiator begins at once.
  void use_hybrid(const Kem& kem, const Secret<32>& session_key, bool initiator);
  [[nodiscard]] bool is_hybrid() const { return pq_ != nullptr; }

  /// max(1 MB, bandwidth x 60 s / 8) bytes. spec: L0/5.6
  [[nodiscard]] static std::uint64_t byte_limit(BitsPerSecond bandwidth);

  /// True when the current key must be replaced and no request is out.
  [[nodiscard]] bool is_due(const LinkSession& session, Millis now) const;
  [[nodiscard]] Outcome on_timer(LinkSession& session, Random& random, Millis now);
  [[nodiscard]] Outcome on_request(const RekeyRequest& request, LinkSession& session,
                                   Random& random, Millis now);
  void on_ack(const RekeyAck& ack, LinkSession& session, Millis now);
  /// The hybrid's messages; only on links that use it.
  [[nodiscard]] Outcome on_request(const PqRequest& request, LinkSession& session, Random& random,
                                   Millis now);
  [[nodiscard]] Outcome on_ack(const PqAck& ack, LinkSession& session, Millis now);
  /// The medium has room again for a `large` that found none: what of it is still to be said.
  [[nodiscard]] Outcome on_room(const LinkSession& session) const;
  /// True while it has to be told of each frame that opens.
  [[nodiscard]] bool is_on_trial() const { return kHybrid && trial_ != Trial::none; }
  /// A frame has opened.
  void on_opened(LinkSession& session, Millis now);
  [[nodiscard]] Millis next_deadline() const;

 private:
  enum class State : std::uint8_t { steady, asked, drain };
  /// Of a hybrid key: in use without proof, or put back behind the old one.
  enum class Trial : std::uint8_t { none, unproven, gone_back };

  void begin_drain(LinkSession& session, const Secret<32>& key, Millis now);
  void begin_trial(Millis first_ping);
  void end_drain(LinkSession& session);
  void go_back(LinkSession& session);
  void give_up_hybrid();
  void on_classical_peer(std::uint8_t epoch, LinkSession& session);
  [[nodiscard]] Outcome answer(const RekeyRequest& request, LinkSession& session, Random& random,
                               Millis now);

  /// True when the peer may ask for the key of @p epoch now.
  [[nodiscard]] bool may_ask(std::uint8_t epoch, const LinkSession& session, Millis now) const;
  [[nodiscard]] bool begin_asking(LinkSession& session, Random& random);
  [[nodiscard]] Outcome ask() const;
  [[nodiscard]] Outcome answered() const;
  [[nodiscard]] Outcome unanswered(const LinkSession& session, Millis now);

  Millis step_;
  Millis drain_;
  std::uint64_t byte_limit_;
  State state_ = State::steady;
  Millis key_since_;
  mutable bool early_ = false;         // a hazard made the key due before its time
  Millis deadline_ = Millis::never();  // of ASKED or DRAIN
  int resends_ = 0;
  Secret<32> ephemeral_;         // of our request
  RekeyRequest request_;         // ours while ASKED, the peer's while DRAIN
  std::optional<Message> ack_;   // what answered the peer's request
  std::unique_ptr<PqRekey> pq_;  // none: classical
  bool pq_first_ = false;        // the one right after the link came up is still to be asked for
  bool pq_asked_ = false;        // the request that is out is of that kind
  bool pq_answered_ = false;     // so is the answer that may have to be repeated
  Trial trial_ = Trial::none;
  Millis ping_at_ = Millis::never();  // of the next Ping of a trial
  Millis old_since_;                  // when the key that a trial may go back to was agreed
};

}  // namespace mehr::l0
