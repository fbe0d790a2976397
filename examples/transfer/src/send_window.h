// Which chunk goes next: what is in flight, what got lost, and how much the path bears.
//
// Place: machine of an outgoing transfer; it calls nothing and is handed `now`.
// State: a ring of one slot per chunk from the first unacknowledged one (`base`) on, each in
// flight, lost or acknowledged. Every datagram has a packet number of its own, so an
// acknowledgement tells a repetition from its original: round trips are unambiguous, and a lost
// repetition is seen like any other loss.
// Events: next/sent, on_ack, on_timer. Loss: 64 later packets were seen, or a later packet was seen
// and the round trip has passed with slack, or nothing was heard for a retransmission timeout.
// Rate: slow start, then one chunk a round trip; times 0.7 at most once per round trip on loss;
// back to the minimum on a timeout.
// Bounds: `tuning.window` slots and a ring of 4,096 send times.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/transfer/limits.h"
#include "mehr/transfer/messages.h"
#include "rtt.h"

namespace mehr::transfer {

class SendWindow {
 public:
  static constexpr std::uint32_t kReordering = 64;    ///< packets
  static constexpr std::uint32_t kMinCongestion = 8;  ///< chunks

  SendWindow(std::uint32_t count, const TransferLimits& limits);

  /// Begins anew at chunk @p next, as told by a receiver without memory of what came before.
  /// Packet numbers and the round trip are kept.
  void restart(std::uint32_t next, std::uint16_t remote_window);
  void sample_rtt(Millis rtt) { rtt_.sample(rtt); }

  /// The chunk to send now, repetitions first; nothing when the window is full or all is sent.
  [[nodiscard]] std::optional<std::uint32_t> next();
  /// Packet number of the next datagram.
  [[nodiscard]] std::uint32_t packet() const { return next_packet_; }
  /// The datagram of that number was made but not taken: the number is spent all the same.
  void skip_packet() { ++next_packet_; }
  /// The datagram of @p index, just given by `next`, is on its way.
  void sent(std::uint32_t index, Millis now);
  /// Errc::bad_value, and no change, when @p ack speaks of what was never sent.
  Status on_ack(const Ack& ack, Millis now);
  /// Takes chunks for lost whose time is over.
  void on_timer(Millis now);
  /// When `on_timer` is due; never while nothing is in flight.
  [[nodiscard]] Millis deadline() const;

  [[nodiscard]] bool finished() const { return base_ == count_; }
  [[nodiscard]] std::uint32_t base() const { return base_; }
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::uint32_t congestion_window() const { return congestion_; }
  /// Timeouts since anything was heard.
  [[nodiscard]] std::uint32_t timeouts() const { return timeouts_; }
  [[nodiscard]] std::uint64_t lost_total() const { return lost_total_; }
  [[nodiscard]] Millis rto() const;

 private:
  enum class Chunk : std::uint8_t { unsent, in_flight, lost, acked };
  struct Slot {
    Millis sent;
    std::uint32_t packet = 0;
    Chunk state = Chunk::unsent;
  };
  static constexpr std::uint32_t kTimes = 4096;

  Slot& slot(std::uint32_t index) { return slots_[index % slots_.size()]; }
  [[nodiscard]] Status check(const Ack& ack) const;
  void acknowledge(std::uint32_t index);
  void sample(const Ack& ack, Millis now);
  void grow(std::uint32_t acked, std::uint32_t was_in_flight);
  void lose(std::uint32_t index);
  void detect_losses(Millis now);
  [[nodiscard]] Millis patience() const;

  const std::uint32_t count_;
  const Millis rto_min_, rto_max_, ack_delay_;
  const std::uint32_t max_window_;
  std::vector<Slot> slots_;
  std::vector<Millis> times_;  ///< when a packet number was sent, by number modulo kTimes
  RttEstimator rtt_;

  std::uint32_t base_ = 0;  ///< first chunk not acknowledged in order
  std::uint32_t top_ = 0;   ///< first chunk never sent
  std::uint32_t remote_window_ = 1;
  std::uint32_t next_packet_ = 0;
  std::uint32_t largest_ = 0;   ///< highest packet number known to have arrived, plus one
  std::uint32_t recovery_ = 0;  ///< losses of packets below it were paid for
  std::uint32_t in_flight_ = 0;
  std::uint32_t lost_ = 0;
  std::uint32_t lost_from_ = 0;  ///< no lost chunk below it
  std::uint32_t congestion_;
  std::uint32_t threshold_;  ///< slow start ends here
  std::uint32_t credit_ = 0;
  std::uint32_t timeouts_ = 0;
  std::uint64_t lost_total_ = 0;
  Millis heard_;  ///< the retransmission timeout counts from here
  Millis loss_at_ = Millis::never();
};

}  // namespace mehr::transfer
