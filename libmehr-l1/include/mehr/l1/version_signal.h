// VersionSignal: what a node's operator thinks of proposals, in its announce. spec: L1/13.6
//
// Place: byte layout of L1, TLV 0x03. L1 carries it; a tally over announces (mep.h) decides.
// Shapes: count u8 (0..8), then count x [mep_number u32, support u8], 41 bytes at most.
// Bounds: eight votes inline. Failure: a wrong length, a count above 8 or another support value
// does not decode, and the field is ignored as a whole. A number that comes twice counts once, the
// first time.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/bounded.h"
#include "mehr/core/codec.h"

namespace mehr::l1 {

enum class Support : std::uint8_t { support = 0, oppose = 1, neutral = 2 };
constexpr bool is_valid(Support s) { return s <= Support::neutral; }

struct MepVote {
  std::uint32_t mep_number = 0;
  Support support = Support::neutral;

  static constexpr auto wire =
      std::tuple{field("mep_number", &MepVote::mep_number), field("support", &MepVote::support)};
  constexpr bool operator==(const MepVote&) const = default;
};
static_assert(wire_size<MepVote> == 5);

inline constexpr std::size_t kMaxVotes = 8;
inline constexpr std::size_t kVersionSignalMax = 1 + kMaxVotes * wire_size<MepVote>;
static_assert(kVersionSignalMax == 41);

/// Votes by number, each number once.
using VersionSignal = Bounded<MepVote, kMaxVotes>;

/// Errors: truncated, trailing, bad_value. All mean: as if the field were absent.
[[nodiscard]] Result<VersionSignal> decode_version_signal(ByteView data);
/// Writes the field's data to the front of @p out, 41 bytes at most; too_big when it does not fit.
[[nodiscard]] Result<MutableBytes> encode_version_signal(const VersionSignal& signal,
                                                         MutableBytes out);

}  // namespace mehr::l1
