// KISS framing, towards RNode and TNC hardware. spec: L0/4
//
// Place: L0 codec, used by the ports that reach a radio over a serial line.
// Shapes: FEND C0, command byte, body with C0 -> DB DC and DB -> DB DD, FEND. Only command 0x00
// (data, port 0) carries frames; any other comes from the hardware itself.
// Machine: `Unstuffer` of stuffing.h with the same four rules as HDLC; then the command is judged.
// Bounds: one buffer of `limit` + 1 bytes, taken at construction; nothing allocates afterwards.
// Failure: as HDLC; frames with another command are dropped and counted.
// Threads: one at a time per object.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/l0/hdlc.h"
#include "mehr/l0/stuffing.h"

namespace mehr::l0 {

inline constexpr Alphabet kKissAlphabet{
    .flag = 0xC0, .escape = 0xDB, .flag_stand_in = 0xDC, .escape_stand_in = 0xDD};
/// The command of a data frame on port 0.
inline constexpr std::uint8_t kKissData = 0x00;

/// Most bytes that framing @p body_size bytes can take: every byte escaped, two FENDs, a command.
constexpr std::size_t kiss_max_encoded(std::size_t body_size) { return 2 * body_size + 3; }

/// Writes @p body framed and escaped to the front of @p out and gives the number of bytes written.
/// @p out must hold kiss_max_encoded(body.size()) bytes and not overlap @p body; a smaller buffer
/// is a defect of the caller. Bytes of @p out behind the frame are left in any state.
std::size_t kiss_encode(ByteView body, MutableBytes out);

/// Received bytes to frame bodies, without their command byte.
class KissDecoder {
 public:
  struct Counters {
    std::uint64_t frames = 0;         ///< bodies handed out
    std::uint64_t other_command = 0;  ///< frames dropped for a command other than 0x00
    std::uint64_t bad_escape = 0;     ///< frames dropped for a wrong byte after 0xDB
    std::uint64_t oversize = 0;       ///< frames dropped for a body over the limit
    std::uint64_t cleared = 0;        ///< times that twice the limit went by without a FEND
  };

  /// @p limit: most bytes of a body, the command byte not counted.
  explicit KissDecoder(std::size_t limit = kNativeFrameLimit)
      : unstuffer_(kKissAlphabet, limit + 1) {}

  /// As HdlcDecoder::next: takes bytes off the front of @p in, which are overwritten where a frame
  /// lies whole in them; the body is empty when none is complete. Call again while @p in is not
  /// empty.
  MutableBytes next(MutableBytes& in);
  [[nodiscard]] Counters counters() const;

 private:
  Unstuffer unstuffer_;
  std::uint64_t frames_ = 0;
  std::uint64_t other_command_ = 0;
};

}  // namespace mehr::l0
