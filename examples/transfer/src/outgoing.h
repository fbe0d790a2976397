// One file on its way out.
//
// Place: owned by the service, which hands it messages, acknowledgements and time; it spends the
// decisions of its SendWindow on the seams. It never calls back into the service.
// States: see transfer_service.h. `step` does what is due, `pump` sends chunks while there is room.
// A path that became too narrow for the chunk size ends the offer and begins another with fresh
// stream ids, a fresh key and smaller chunks; the id that people see stays.
// Bounds: one read-ahead block, one datagram, the rings of SendWindow.
// Failure: `failed()` with a sentence; the service reports and forgets it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "context.h"
#include "mehr/core/secret.h"
#include "send_window.h"

namespace mehr::transfer {

class Outgoing {
 public:
  enum class Pumped : std::uint8_t { idle, more, full };

  Outgoing(Context& context, TransferId id, const NodeId& to, std::string_view name,
           std::unique_ptr<FileReader> file, Millis now);

  /// Does what is due at @p now. @p on_ack is registered for the stream of a new offer.
  void step(Millis now, const MessageHandler& on_ack);
  /// Sends at most @p budget chunks; `full` when the floor below has no room.
  Pumped pump(Millis now, std::uint32_t budget);
  void on_answer(const Answer& answer, Millis now);
  void on_done(Outcome outcome, Millis now);
  void on_ack(MutableBytes sealed, Millis now);
  void cancel(Millis now);
  /// Gives its stream back. Not from within a stream handler.
  void release();

  [[nodiscard]] Millis deadline() const;
  [[nodiscard]] bool over() const { return state_ == State::done || state_ == State::failed; }
  /// Over, and the other side needs no more word of it.
  [[nodiscard]] bool removable() const { return over() && farewells_ == 0; }
  [[nodiscard]] bool is(const NodeId& peer, const StreamId& transfer) const {
    return offered_ && peer == to_ && transfer == transfer_;
  }
  [[nodiscard]] TransferId id() const { return id_; }
  [[nodiscard]] TransferStatus status() const;
  /// True once after each change of state.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }

 private:
  static constexpr int kFarewells = 5;  ///< cancels sent before a silent receiver is left alone

  void to_state(State state, const char* error = "");
  void fail_with(const char* sentence, Millis now);
  void hash(Millis now);
  void begin_offer(Millis now, const MessageHandler& on_ack);
  void send_offer(Millis now);
  void offer_again(Millis now);
  void say_farewell(Millis now);
  void wait_for_route(Millis now, const Error& why);
  void reached(std::uint32_t base, Millis now);
  Result<ByteView> seal_chunk(std::uint32_t index);
  Result<ByteView> chunk_bytes(std::uint64_t offset, std::size_t size);
  void refused_below(const Error& error, Millis now);

  Context& context_;
  const TransferId id_;
  const NodeId to_;
  const std::string name_;
  std::unique_ptr<FileReader> file_;
  const std::uint64_t size_;

  State state_ = State::hashing;
  bool changed_ = true;
  const char* error_ = "";
  crypto::Blake3 hasher_;
  std::uint64_t hashed_ = 0;
  ContentHash hash_;

  bool offered_ = false;  ///< the ids and keys below are drawn
  bool reshape_ = false;  ///< begin another offer at the next step
  StreamId transfer_;
  StreamId acks_;
  Secret<32> key_;
  std::uint16_t chunk_ = 0;
  std::uint32_t attempt_ = 0;
  std::uint32_t answered_ = 0;  ///< attempt of the newest answer
  Millis offer_sent_;
  Millis offer_wait_;
  Millis offer_at_ = Millis::never();

  std::optional<crypto::Aead> sealer_;
  std::optional<crypto::Aead> opener_;
  Secret<32> ack_key_;
  std::optional<std::uint32_t> last_ack_;
  std::optional<SendWindow> window_;
  Bytes block_;  ///< read ahead
  std::uint64_t block_at_ = 0;
  std::size_t block_size_ = 0;
  Bytes datagram_;

  bool data_flows_ = false;  ///< answered, and chunks may be sent
  Millis retry_at_ = Millis::never();
  std::optional<Millis> too_big_since_;
  int farewells_ = 0;
  Millis farewell_at_ = Millis::never();
  Millis started_, data_started_, progress_;
};

}  // namespace mehr::transfer
