// What has arrived, and when to say so.
//
// Place: machine of an incoming transfer; it calls nothing and is handed `now`.
// State: the first missing chunk and a ring of bits for the `window` chunks after it.
// Events: sort (before a chunk is opened), take (after), ack_sent. Deadline: `ack_at`.
// An acknowledgement is due at once after `ack_every` chunks, when a first gap opens and when the
// last chunk is there, otherwise `ack_delay` after the first chunk not yet acknowledged.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/transfer/limits.h"
#include "mehr/transfer/messages.h"

namespace mehr::transfer {

class ReceiveWindow {
 public:
  enum class Kind : std::uint8_t { fresh, repeated, outside };

  ReceiveWindow(std::uint32_t count, const TransferLimits& limits);

  [[nodiscard]] Kind sort(std::uint32_t index) const;
  /// A datagram that opened. @p kind is the answer of `sort` for it, not `outside`.
  void take(const DataHeader& header, Kind kind, Millis now);

  [[nodiscard]] std::uint32_t next() const { return next_; }
  [[nodiscard]] std::uint16_t window() const { return static_cast<std::uint16_t>(size_); }
  [[nodiscard]] bool complete() const { return next_ == count_; }
  /// When an acknowledgement is due; never when there is no news.
  [[nodiscard]] Millis ack_at() const { return ack_at_; }
  /// The acknowledgement to send; its bitmap is written to @p room and borrows from it.
  [[nodiscard]] Ack ack(Millis now, MutableBytes room) const;
  void ack_sent();
  /// The acknowledgement could not be sent: again at @p at.
  void ack_delayed(Millis at) { ack_at_ = at; }

 private:
  [[nodiscard]] bool has(std::uint32_t index) const;
  void set(std::uint32_t index, bool there);

  const std::uint32_t count_;
  const std::uint32_t size_;
  const std::uint32_t ack_every_;
  const Millis ack_delay_;
  std::vector<std::uint64_t> bits_;
  std::uint32_t next_ = 0;
  std::uint32_t end_ = 0;     ///< one past the highest chunk seen
  std::uint32_t newest_ = 0;  ///< highest packet number seen
  bool any_ = false;
  Millis newest_at_;
  std::uint32_t unacked_ = 0;
  Millis ack_at_ = Millis::never();
};

}  // namespace mehr::transfer
