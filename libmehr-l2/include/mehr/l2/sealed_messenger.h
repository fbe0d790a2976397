// L2's door: messages sealed end to end, some with a proof of their sender, some through an onion.
// spec: README/3, L2/4, L2/5, L6/2 S8
//
// Place: L2's facade over L1's `Messenger`; the same door for the floor above, and beside it
// `StreamMessenger` for bodies that the caller seals itself and `KeyTable` for keys learnt here.
// Shapes: DATA of contexts 0xE0-0xE3 is a registered 8-byte stream id and what the caller sealed,
// or an E1/E2 envelope of: port u16, then the body, or on a port with `kProvenPort` its SignedBody.
// On 0xF3-0xF9 it is a form byte and the envelope of sub-type and body, in segments when too long;
// with `one_hop` sub-type and body go inside the link to a neighbour, unsealed. 0xE4 is an onion.
// Machine: send = key, proof, envelope (E2 where a prekey is known), onion if asked for, below.
// Receive = stream id or form, else open (E2 when the first four bytes are a live prekey's id, then
// E1), replay check, port or sub-type, proof, handler. Deadlines: prekey erasure, segments,
// questions for keys, cover. Bounds: buffers of one message each, tables sized from `Limits`; a
// handler per protocol and per stream. What a full table drops stands in its own header. Failure: a
// stranger's bytes that fail any step are dropped and counted in `Counters`, with no answer; a
// neighbour's malformed message is told to L1; sending gives an Error that names what is missing.
// Threads: the node's. Handlers run while the floor below hands something in; they may send, and
// change handlers and streams. All references given at construction outlive this object.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "mehr/core/clock.h"
#include "mehr/core/key_table.h"
#include "mehr/core/limits.h"
#include "mehr/core/messenger.h"
#include "mehr/core/timers.h"
#include "mehr/l1/control_door.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/hop_sender.h"
#include "mehr/l2/key_exchange.h"
#include "mehr/l2/onion_router.h"
#include "mehr/l2/peer_keys.h"
#include "mehr/l2/prekey.h"
#include "mehr/l2/reassembly.h"
#include "mehr/l2/replay_cache.h"
#include "mehr/l2/signed_body.h"
#include "mehr/l2/stream_table.h"

namespace mehr::l2 {

/// Longest DATA of any packet. spec: README/3
inline constexpr std::size_t kMaxDatagram = 4'077;
/// What a sealed datagram costs besides its body, without and with a proof of the sender.
inline constexpr std::size_t kSealedOverhead = kE1Overhead + 2;
inline constexpr std::size_t kProvenOverhead = kSealedOverhead + kProofSize;
/// Longest body of a message on contexts 0xF3-0xF9, which may travel in segments; proven or not,
/// under either envelope. The join has form, envelope, proof and sub-type besides. spec: README/3
inline constexpr std::size_t kMaxMessage = kMostJoined - 1 - kE2Overhead - kProofSize - 1;

class SealedMessenger final : public Messenger,
                              public StreamMessenger,
                              public KeyTable,
                              private l1::ControlHandler,
                              private Wakeable {
 public:
  /// What happened to datagrams since the start; each drop has one reason.
  struct Counters {
    std::uint64_t sealed = 0;             ///< envelopes handed to the floor below
    std::uint64_t sealed_forward = 0;     ///< of these to a prekey: E2
    std::uint64_t opened = 0;             ///< envelopes that reached a handler
    std::uint64_t streamed = 0;           ///< datagrams handed to a stream's handler unopened
    std::uint64_t hopped_out = 0;         ///< messages given to a neighbour
    std::uint64_t hopped_in = 0;          ///< messages of a neighbour that reached a handler
    std::uint64_t segments_out = 0;       ///< pieces that messages were sent in
    std::uint64_t hops_given_up = 0;      ///< long messages whose link had no room for 30 s
    std::uint64_t dropped_short = 0;      ///< under 48 bytes
    std::uint64_t dropped_zero_dh = 0;    ///< ephemeral of low order
    std::uint64_t dropped_unopened = 0;   ///< wrong tag: not for this node, changed, or no envelope
    std::uint64_t dropped_too_big = 0;    ///< longer than any packet carries
    std::uint64_t dropped_replayed = 0;   ///< accepted before
    std::uint64_t dropped_no_port = 0;    ///< opened, but too short to name a port or sub-type
    std::uint64_t dropped_unhandled = 0;  ///< nobody listens on that context and port
    std::uint64_t dropped_unproven = 0;   ///< a proof that was asked for and does not hold
    std::uint64_t dropped_form = 0;       ///< an unknown form, or a segment that is none
    std::uint64_t dropped_keyless = 0;    ///< waited for a key that did not come
    std::uint64_t replays_forgotten = 0;  ///< replay entries that went before their time
  };
  /// What there may be beside the floor's own door. Without `links` nothing goes one hop and no key
  /// is asked for; without `paths` there are no onions; without `timers` the owner calls `on_time`.
  struct Beside {
    l1::ControlDoor* links = nullptr;
    const PathInfo* paths = nullptr;
    const TrustView* trust = nullptr;
    Timers* timers = nullptr;
  };

  /// Takes the handlers of contexts 0xE0-0xE4 and 0xF3-0xF9 on @p below until destruction.
  SealedMessenger(Messenger& below, const KeyTable& keys_below, const Signer& me, Random& random,
                  Clock& clock, const Limits& limits, const Beside& beside);
  SealedMessenger(Messenger& below, const KeyTable& keys_below, const Signer& me, Random& random,
                  Clock& clock, const Limits& limits)
      : SealedMessenger(below, keys_below, me, random, clock, limits, Beside{}) {}
  ~SealedMessenger() override;
  SealedMessenger(const SealedMessenger&) = delete;
  SealedMessenger& operator=(const SealedMessenger&) = delete;

  // Messenger. The context must be one of 0xE0-0xE3 and 0xF3-0xF9, the sub-type of the latter 1 to
  // 255; sending on another is bad_value, listening on another is a defect of the caller.
  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override;
  void on(Protocol protocol, MessageHandler handler) override;
  /// Of a datagram: fits on every port; one without `kProvenPort` carries `kProofSize` bytes more.
  /// Messages on contexts 0xF3-0xF9 may have `kMaxMessage` bytes, on whatever path.
  [[nodiscard]] std::size_t max_body(const NodeId& to) const override;
  void on_writable(std::function<void()> handler) override;

  // StreamMessenger.
  Status accept_stream(const StreamId& id, MessageHandler handler) override;
  void drop_stream(const StreamId& id) override;
  Status send_stream(const NodeId& to, std::uint8_t context, const StreamId& id,
                     ByteView sealed) override;
  [[nodiscard]] std::size_t max_sealed(const NodeId& to) const override;

  // KeyTable: senders proven here, then the table below.
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId& node) const override;
  /// Hands @p message to @p resume with the key of @p signer, at once when it is known, else when
  /// it has been got from where the message came (@p link; 0: by no link). spec: L2/4.1
  void with_key(const NodeId& signer, std::uint32_t link, ByteView message,
                KeyExchange::Resume resume);

  // Prekeys.
  /// Continues the ids of an earlier run: @p last_id is the highest ever used. Before the first
  /// `rotate_prekey`; what was live then is not.
  void resume_prekeys(std::uint32_t last_id);
  /// Makes a new current prekey and gives the bundle to publish. Due every `kPrekeyPeriod`. Errors:
  /// full (ids have run out), io (the signer did not sign): nothing has changed.
  [[nodiscard]] Result<PrekeyBundle> rotate_prekey();
  /// Takes up another node's bundle. Errors as `PeerKeys::learn_prekey`.
  [[nodiscard]] Status learn_prekey(const PrekeyBundle& bundle);

  // Onions.
  /// Relays that messages with `onion_route` go through, 1 to 8; 3 at first.
  void set_onion_hops(std::size_t hops);
  /// Cover traffic, off at first: an onion a minute to a random exit.
  void set_cover(bool on);
  [[nodiscard]] bool covers() const { return onions_.covers(); }

  /// Does what is due, and wipes prekeys whose time is over; for an owner without `timers`.
  void on_time();
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] OnionCounters onion_counters() const { return onions_.counters(); }
  [[nodiscard]] const Reassembler::Counters& segment_counters() const {
    return segments_.counters();
  }

 private:
  using Handlers = std::map<Protocol, std::shared_ptr<const MessageHandler>>;
  using Route = std::optional<OnionRouter::Route>;
  /// What one message is sealed with.
  struct Sealing {
    Recipient to;
    std::optional<PrekeyRef> prekey;
    [[nodiscard]] std::size_t overhead() const { return prekey ? kE2Overhead : kE1Overhead; }
    [[nodiscard]] std::size_t body_at() const { return prekey ? kE2Body : kE1Body; }
  };

  // Sending: sealed_messenger.cpp; in forms and segments: message_sending.cpp.
  Status send_datagram(const NodeId& to, Protocol protocol, ByteView body,
                       const SendOptions& options);
  Status send_message(const NodeId& to, Protocol protocol, ByteView body,
                      const SendOptions& options);
  Status send_one_hop(const NodeId& to, Protocol protocol, ByteView body);
  Result<Sealing> sealing_for(const NodeId& to);
  Result<Route> route_for(const NodeId& to, const SendOptions& options);
  /// DATA that fits: into the onion of @p route, or as it is.
  Status dispatch(const NodeId& to, std::uint8_t context, ByteView data, const Route& route,
                  const SendOptions& options);
  /// Seals @p plain, which lies at its place in @p out.
  Result<MutableBytes> seal(const Sealing& how, std::uint8_t context, std::size_t plain_size,
                            const Ephemeral& ephemeral, MutableBytes out);
  /// Writes @p front and then @p body, or its proof, where the plaintext goes; its size.
  Result<std::size_t> write_plain(const NodeId& to, std::uint8_t context, ByteView front,
                                  ByteView body, bool proven, const Ephemeral& ephemeral,
                                  MutableBytes out);
  [[nodiscard]] std::size_t room_to(const NodeId& to, const Route& route) const;

  // Receiving: sealed_messenger.cpp; forms and links: message_receiving.cpp.
  void receive(std::uint8_t context, const Message& message);
  void receive_form(std::uint8_t context, const Message& message);
  void receive_onion(const Message& message);
  Result<Opened> open(std::uint8_t context, MutableBytes data);
  /// Opens and judges by the replay cache; nothing: dropped and counted.
  std::optional<Opened> open_new(std::uint8_t context, MutableBytes data);
  void deliver(std::uint8_t context, const Opened& opened, std::uint32_t link);
  void deliver_form(std::uint8_t context, std::uint8_t form, const Opened& opened,
                    std::uint32_t link);
  /// Takes the proof off @p message, whose body is a SignedBody, and names its sender; false: it
  /// does not hold, counted.
  bool prove(const Opened& opened, Message& message);
  /// To the handler of @p message, if there is one.
  bool hand_up(const Message& message);
  void count_unopened(Errc why);
  Status on_control(l1::LinkId from, ByteView message) override;
  Status take_one_hop(l1::LinkId from, const l1::LinkEnd& end, ByteView message);
  Status take_key_message(l1::LinkId from, ByteView message);
  void resume_for(const PublicKey& key);
  void ask_for_keys();

  void on_wake(Millis now) override;
  void set_wake();

  Messenger& below_;
  Beside beside_;
  const Signer& me_;
  Random& random_;
  Clock& clock_;
  PeerKeys keys_;
  ReplayCache replays_;
  StreamTable streams_;
  PrekeyRing prekeys_;
  Reassembler segments_;
  KeyExchange key_exchange_;
  HopSender hops_;
  OnionRouter onions_;
  std::size_t onion_hops_ = kDefaultOnionHops;
  Handlers handlers_;  // local callers' alone: nothing a stranger sends adds to it
  std::function<void()> writable_;
  Bytes sending_;  // one datagram being made
  Bytes opening_;  // plaintext of an E2 attempt, so that E1 can still be tried on the original
  Bytes onion_;    // one onion being made
  Bytes message_;  // a message of 0xF3-0xF9 being made; as long as the longest so far
  Bytes hopping_;  // one message of a link
  Millis wake_at_ = Millis::never();
  Counters counters_;
};

}  // namespace mehr::l2
