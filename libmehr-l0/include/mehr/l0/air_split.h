// The air split of bare LoRa radios, whose frames hold 255 bytes: RNode's. spec: L0/2
//
// Place: L0 codec, used by ports that drive a LoRa chip without RNode firmware in between.
// Shapes: header byte (random high nibble, bit 0 = split, bits 1-3 zero), up to 254 bytes; a longer
// body, up to 508 bytes, goes on in a second frame with the same header and the rest.
// Machine: `AirJoiner`. States: idle, or holding a first half. Event: a received radio frame and
// the time; action: at most one body. A half is overdue after `hold`, judged when the next frame
// arrives, so there is no deadline to arm.
// Bounds: one half, in a fixed buffer of 508 bytes; nothing allocates. The next frame that is not
// its second half takes a held half's place, as in RNode firmware: a sender sends both back to
// back. Failure: empty, header-only and overlong radio frames are ignored; all that is lost is
// counted. Security: none here: a wrongly joined body fails the link's seal. Threads: one at a time
// per object.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"

namespace mehr::l0 {

/// Bytes of one radio frame, and those left in it after the header.
inline constexpr std::size_t kAirFrame = 255;
inline constexpr std::size_t kAirPayload = kAirFrame - 1;
/// Largest body: two radio frames. A native medium must carry exactly this. spec: L0/2
inline constexpr std::size_t kAirBodyLimit = 2 * kAirPayload;

/// The radio frames of one body, to be sent one right after the other; `second` may be empty.
/// Borrowed from the buffer given to air_split.
struct AirFrames {
  MutableBytes first;
  MutableBytes second;
};

/// Splits @p body (1 to 508 bytes) into frames written to @p out. The high nibble of @p random,
/// drawn anew for each body, marks the frames that belong together.
/// Errc::bad_value for an empty body, Errc::too_big for one over 508 bytes.
[[nodiscard]] Result<AirFrames> air_split(ByteView body, std::uint8_t random,
                                          std::span<std::uint8_t, 2 * kAirFrame> out);

/// Received radio frames to bodies.
class AirJoiner {
 public:
  struct Counters {
    std::uint64_t bodies = 0;       ///< handed out
    std::uint64_t ignored = 0;      ///< radio frames without payload or longer than 255 bytes
    std::uint64_t lost_halves = 0;  ///< halves whose counterpart never came, or came too late
  };

  /// @p hold: how long a first half waits; at least the airtime of a full frame on that radio.
  explicit AirJoiner(Millis hold) : hold_(hold) {}

  /// Takes one received radio frame. Gives a body when one is complete, else nothing. The body may
  /// be overwritten by the caller; it lies in @p frame or in the object and is valid until the next
  /// call and no longer than @p frame.
  MutableBytes join(MutableBytes frame, Millis now);
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  bool is_second_half(std::uint8_t header, Millis now) const;
  void lose_held_half();

  Millis hold_;
  Millis held_since_;
  std::array<std::uint8_t, kAirBodyLimit> body_{};
  std::uint8_t held_header_ = 0;
  bool holding_ = false;
  Counters counters_;
};

}  // namespace mehr::l0
