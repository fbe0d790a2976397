// CongestionSignal, "slow down" to the neighbour that feeds a queue. spec: L1/10.4
//
// Place: one hop, inside a link, type byte first as in l0/link_frames.h. egress.h sends it, and
// backpressure.h holds what one received means.
// Layout after the type: bits 7-6 severity, 5-4 scope, 3-0 zero; then the estimated time until the
// queue has drained, in milliseconds, saturating.
// Bounds: fixed size. Failure: severity 3, scope 2 and 3 and low bits that are not zero are refused
// by the decoder; the caller drops the message.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

/// First byte of the message. spec: README/4.2
inline constexpr std::uint8_t kCongestionSignalType = 0x89;

/// How full the queue is, and what the receiver does about it. spec: L1/10.4
enum class Severity : std::uint8_t {
  moderate = 0,   ///< over 50 %: three quarters of the share
  severe = 1,     ///< over 75 %: half the share; P2 and P3 go elsewhere when they can
  saturated = 2,  ///< over 90 %: P2 and P3 stop, P1 gets half, P0 is left alone
};
inline constexpr std::size_t kSeverities = 3;

/// Whether one outbound link of the sender is short, or all of them.
enum class SignalScope : std::uint8_t { this_link = 0, all_outbound = 1 };

struct CongestionSignal {
  Constant<kCongestionSignalType> type;
  std::uint8_t bits = 0;
  std::uint16_t drain_ms = 0;  ///< estimated, saturating

  /// A signal with these fields; a longer @p drain becomes 65,535 ms.
  static constexpr CongestionSignal of(Severity severity, SignalScope scope, Millis drain) {
    CongestionSignal s;
    s.bits = static_cast<std::uint8_t>(static_cast<unsigned>(severity) << 6 |
                                       static_cast<unsigned>(scope) << 4);
    s.drain_ms = static_cast<std::uint16_t>(drain.count > 0xFFFF ? 0xFFFF : drain.count);
    return s;
  }
  /// Of a signal that passed `check`.
  [[nodiscard]] constexpr Severity severity() const { return static_cast<Severity>(bits >> 6); }
  [[nodiscard]] constexpr SignalScope scope() const {
    return static_cast<SignalScope>((bits >> 4) & 3);
  }

  static constexpr auto wire =
      std::tuple{field("type", &CongestionSignal::type), field("bits", &CongestionSignal::bits),
                 field("drain_ms", &CongestionSignal::drain_ms)};
  [[nodiscard]] constexpr Status check() const {
    if ((bits >> 6) == 3) return fail(Errc::bad_value, "severity 3 of a signal is reserved");
    if ((bits & 0x20) != 0) return fail(Errc::bad_value, "a signal's scope is 0 or 1");
    if ((bits & 0x0F) != 0) return fail(Errc::bad_value, "low bits of a signal must be zero");
    return {};
  }
  constexpr bool operator==(const CongestionSignal&) const = default;
};
static_assert(wire_size<CongestionSignal> == 1 + 3);

}  // namespace mehr::l1
