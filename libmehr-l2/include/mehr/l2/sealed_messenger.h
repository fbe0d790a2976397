// L2's door: datagrams sealed end to end, some with a proof of their sender. spec: L2/4, L6/2 S8
//
// Place: L2's facade over L1's `Messenger`; the same door for the floor above, and beside it
// `StreamMessenger` for bodies that the caller seals itself and `KeyTable` for keys learnt here.
// Shapes: DATA of contexts 0xE0-0xE3 is a registered 8-byte stream id and what the caller sealed,
// or an E1/E2 envelope of: port u16, then the body, or on a port with `kProvenPort` its SignedBody.
// Machine: send = key, proof, envelope, below. Receive = stream id, else open (E2 when the first
// four bytes are a live prekey's id, then E1), replay check, port, proof, handler. Deadline: the
// next prekey erasure. Bounds: two buffers of one datagram each, tables sized from `Limits`; a
// handler per (context, port) and per stream. What a full table drops stands in its own header.
// Failure: a stranger's datagram that fails any step is dropped and counted in `Counters`, with no
// answer; sending gives an Error that names what is missing.
// Threads: the node's. Handlers run while the floor below hands in a datagram; they may send, and
// change handlers and streams. All references given at construction outlive this object.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "mehr/core/clock.h"
#include "mehr/core/key_table.h"
#include "mehr/core/limits.h"
#include "mehr/core/messenger.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/peer_keys.h"
#include "mehr/l2/prekey.h"
#include "mehr/l2/replay_cache.h"
#include "mehr/l2/signed_body.h"
#include "mehr/l2/stream_table.h"

namespace mehr::l2 {

/// Longest DATA of any packet. spec: README/3
inline constexpr std::size_t kMaxDatagram = 4'077;
/// What a sealed datagram costs besides its body, without and with a proof of the sender.
inline constexpr std::size_t kSealedOverhead = kE1Overhead + 2;
inline constexpr std::size_t kProvenOverhead = kSealedOverhead + kProofSize;

class SealedMessenger final : public Messenger, public StreamMessenger, public KeyTable {
 public:
  /// What happened to datagrams since the start; each drop has one reason.
  struct Counters {
    std::uint64_t sealed = 0;             ///< envelopes handed to the floor below
    std::uint64_t opened = 0;             ///< envelopes that reached a handler
    std::uint64_t streamed = 0;           ///< datagrams handed to a stream's handler unopened
    std::uint64_t dropped_short = 0;      ///< under 48 bytes
    std::uint64_t dropped_zero_dh = 0;    ///< ephemeral of low order
    std::uint64_t dropped_unopened = 0;   ///< wrong tag: not for this node, changed, or no envelope
    std::uint64_t dropped_too_big = 0;    ///< longer than any packet carries
    std::uint64_t dropped_replayed = 0;   ///< accepted before
    std::uint64_t dropped_no_port = 0;    ///< opened, but too short to name a port
    std::uint64_t dropped_unhandled = 0;  ///< nobody listens on that context and port
    std::uint64_t dropped_unproven = 0;   ///< a proven port whose SignedBody does not hold
    std::uint64_t replays_forgotten = 0;  ///< replay entries that went before their time
  };

  /// Takes the handlers of contexts 0xE0-0xE3 on @p below until destruction.
  SealedMessenger(Messenger& below, const KeyTable& keys_below, const Signer& me, Random& random,
                  Clock& clock, const Limits& limits);
  ~SealedMessenger() override;
  SealedMessenger(const SealedMessenger&) = delete;
  SealedMessenger& operator=(const SealedMessenger&) = delete;

  // Messenger. The context must be one of 0xE0-0xE3; sending on another is bad_value, listening on
  // another is a defect of the caller.
  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override;
  void on(Protocol protocol, MessageHandler handler) override;
  /// Fits on every port; one without `kProvenPort` carries `kProofSize` bytes more.
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

  /// Continues the ids of an earlier run: @p last_id is the highest ever used. Before the first
  /// `rotate_prekey`; what was live then is not.
  void resume_prekeys(std::uint32_t last_id);
  /// Makes a new current prekey and gives the bundle to publish. Due every `kPrekeyPeriod`.
  [[nodiscard]] Result<PrekeyBundle> rotate_prekey();
  /// Wipes prekeys whose time is over; call it at `next_deadline`.
  void expire();
  [[nodiscard]] Millis next_deadline() const { return prekeys_.next_deadline(); }
  [[nodiscard]] Counters counters() const;

 private:
  using Handlers = std::map<Protocol, std::shared_ptr<const MessageHandler>>;

  Result<MutableBytes> seal(const Recipient& to, Protocol protocol, ByteView body);
  void receive(std::uint8_t context, MutableBytes data);
  Result<Opened> open(std::uint8_t context, MutableBytes data);
  void deliver(std::uint8_t context, const Opened& opened);
  void count_unopened(Errc why);

  Messenger& below_;
  const Signer& me_;
  Random& random_;
  Clock& clock_;
  PeerKeys keys_;
  ReplayCache replays_;
  StreamTable streams_;
  PrekeyRing prekeys_;
  Handlers handlers_;  // local callers' alone: nothing a stranger sends adds to it
  Bytes sending_;      // one datagram being made
  Bytes opening_;      // plaintext of an E2 attempt, so that E1 can still be tried on the original
  Counters counters_;
};

}  // namespace mehr::l2
