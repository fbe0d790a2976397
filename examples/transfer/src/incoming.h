// One file on its way in.
//
// Place: owned by the service, which hands it offers, chunks and time. It never calls back into
// the service.
// States: receiving -> verifying -> done | failed.
// Chunks are opened in place, gathered into runs of neighbours and written a run at a time. A run
// that continues what was hashed is hashed from memory; behind a gap the hash follows by reading
// the file back, a slice per step.
// Bounds: one run of `write_block` bytes and the bits of ReceiveWindow.
// Failure: a write, a read or a commit that fails ends the transfer with Done(disk_failed), other
// bytes than announced with Done(mismatch); the writer is aborted in both cases.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "context.h"
#include "mehr/core/secret.h"
#include "receive_window.h"

namespace mehr::transfer {

class Incoming {
 public:
  Incoming(Context& context, TransferId id, const NodeId& from, const Offer& offer,
           std::unique_ptr<FileWriter> file, Millis now);

  /// Registers the data stream; Errc::full when the floor below has no room for another.
  Status open(MessageHandler on_data);
  /// Answers an offer of this transfer; false when it is not the offer it was before.
  bool on_offer(const Offer& offer, Millis now);
  void on_data(MutableBytes sealed, Millis now);
  /// Does what is due at @p now: acknowledgement, hashing, commit, giving up.
  void step(Millis now);
  /// Ends the transfer for @p sentence and tells the sender.
  void cancel(const char* sentence, Millis now);
  /// Gives its stream back. Not from within a stream handler.
  void release();

  [[nodiscard]] Millis deadline() const;
  [[nodiscard]] bool over() const { return state_ == State::done || state_ == State::failed; }
  [[nodiscard]] bool is(const NodeId& peer, const StreamId& transfer) const {
    return peer == from_ && transfer == transfer_;
  }
  [[nodiscard]] TransferId id() const { return id_; }
  [[nodiscard]] const NodeId& from() const { return from_; }
  [[nodiscard]] const StreamId& transfer() const { return transfer_; }
  /// The last word, once over; nothing when the sender may begin anew.
  [[nodiscard]] std::optional<Outcome> outcome() const { return outcome_; }
  [[nodiscard]] TransferStatus status() const;
  /// True once after each change of state.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }

 private:
  void to_state(State state, const char* error = "");
  void finish(Outcome outcome, const char* sentence, Millis now);
  void store(std::uint32_t index, ByteView plain, Millis now);
  Status flush();
  [[nodiscard]] std::uint64_t whole_until() const;
  Status catch_up();
  void verify(Millis now);
  void send_ack(Millis now);
  [[nodiscard]] std::size_t chunk_size(std::uint32_t index) const;

  Context& context_;
  const TransferId id_;
  const NodeId from_;
  const std::string name_;
  std::unique_ptr<FileWriter> file_;
  const StreamId transfer_;
  const StreamId acks_;
  const WireKey offered_key_mark_;  ///< hash of the offered key, to know a repetition by
  const std::uint64_t size_;
  const std::uint16_t chunk_;
  const ContentHash hash_;
  ReceiveWindow window_;
  std::optional<crypto::Aead> opener_;
  Secret<32> ack_key_;
  std::optional<crypto::Aead> sealer_;
  std::uint32_t ack_packet_ = 0;

  Bytes run_;  ///< chunks that follow each other, not written yet
  std::size_t run_size_ = 0;
  std::uint64_t run_at_ = 0;
  crypto::Blake3 hasher_;
  std::uint64_t hashed_ = 0;

  State state_ = State::receiving;
  bool changed_ = true;
  const char* error_ = "";
  std::string path_;
  std::optional<Outcome> outcome_;
  bool registered_ = false;
  Millis started_, data_started_, heard_;
};

}  // namespace mehr::transfer
