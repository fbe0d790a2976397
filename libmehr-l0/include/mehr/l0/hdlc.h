// HDLC-like framing of byte streams: TCP, serial. spec: L0/4
//
// Place: L0 codec, used by the ports whose media are byte streams.
// Shapes: 0x7E, body with 0x7D -> 7D 5D and 0x7E -> 7D 5E, 0x7E; no checksum.
// Machine: `Unstuffer` of stuffing.h: feed received bytes in any chunking; each completed body is
// handed out once; empty bodies are passed over; a closing flag may open the next frame.
// Bounds: one buffer of `limit` bytes, taken at construction; nothing allocates afterwards.
// Failure: a wrong byte after 0x7D or a body over the limit drops that frame and counts it; the
// next flag opens a frame again. Twice the limit without a flag clears what was gathered.
// Threads: one at a time per object.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/l0/stuffing.h"

namespace mehr::l0 {

/// Largest frame body on native interfaces: 4,096 + 24. spec: L0/4
inline constexpr std::size_t kNativeFrameLimit = 4120;
/// Largest frame body in Reticulum mode.
inline constexpr std::size_t kReticulumFrameLimit = 8208;

inline constexpr Alphabet kHdlcAlphabet{
    .flag = 0x7E, .escape = 0x7D, .flag_stand_in = 0x5E, .escape_stand_in = 0x5D};

/// Most bytes that framing @p body_size bytes can take: every byte escaped, two flags.
constexpr std::size_t hdlc_max_encoded(std::size_t body_size) { return 2 * body_size + 2; }

/// Writes @p body framed and escaped to the front of @p out and gives the number of bytes written.
/// @p out must hold hdlc_max_encoded(body.size()) bytes and not overlap @p body; a smaller buffer
/// is a defect of the caller. Bytes of @p out behind the frame are left in any state.
std::size_t hdlc_encode(ByteView body, MutableBytes out);

/// Received bytes to frame bodies.
class HdlcDecoder {
 public:
  using Counters = StuffingCounters;

  /// @p limit: most bytes of a body, at least 1.
  explicit HdlcDecoder(std::size_t limit = kNativeFrameLimit) : unstuffer_(kHdlcAlphabet, limit) {}

  /// Takes the next received bytes off the front of @p in (which shrinks) until a body is complete
  /// or the input ends. A frame that lies whole in @p in is undone there, without a copy: the
  /// caller's buffer is overwritten where it was read. The body, empty when none is complete, may
  /// be overwritten by the caller and is valid until the next call and no longer than the memory
  /// behind @p in. Call again while @p in is not empty.
  MutableBytes next(MutableBytes& in) { return unstuffer_.next(in); }
  [[nodiscard]] const Counters& counters() const { return unstuffer_.counters(); }

 private:
  Unstuffer unstuffer_;
};

}  // namespace mehr::l0
