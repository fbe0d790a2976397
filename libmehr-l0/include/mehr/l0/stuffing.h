// Byte stuffing: what the HDLC-like framing and KISS share. spec: L0/4
//
// Place: L0 codec under hdlc.h and kiss.h; nothing else uses it.
// Shapes: a flag byte ends and begins frames; inside a body the flag and the escape byte are sent
// as the escape byte and a stand-in, given by an `Alphabet`.
// Machine: `Unstuffer` eats received bytes in any chunking. States: hunting (no flag seen since the
// start or since a dropped frame), body, escape (just after an escape byte). Its only event is
// bytes, its only action a completed body; it has no deadline. The result does not depend on the
// chunking.
// Bounds: one buffer of `limit` bytes, taken at construction; nothing allocates afterwards.
// Failure: a wrong byte after the escape, a body over the limit, and more than twice the limit
// without a flag each drop what was gathered, count it and wait for the next flag.
// Threads: one at a time per object; the free functions are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mehr/core/bytes.h"

namespace mehr::l0 {

/// The four bytes that a framing gives a meaning.
struct Alphabet {
  std::uint8_t flag = 0;
  std::uint8_t escape = 0;
  std::uint8_t flag_stand_in = 0;    ///< follows the escape in place of a flag
  std::uint8_t escape_stand_in = 0;  ///< follows the escape in place of an escape

  [[nodiscard]] constexpr bool is_special(std::uint8_t b) const { return b == flag || b == escape; }
};

/// How bytes are looked through: eight at a time in plain C++, or sixteen with the vector unit.
/// Where the compiler targets none, `widest` is `portable`. Both give the same answers.
enum class Scan : std::uint8_t { portable, widest };

/// Number of bytes at the front of @p bytes that are neither flag nor escape.
template <Scan S = Scan::widest>
[[nodiscard]] std::size_t plain_run(const Alphabet& alphabet, ByteView bytes);

/// Writes @p body stuffed, without flags, to the front of @p out and gives the number of bytes
/// written. @p out must hold 2 * body.size() bytes (a contract) and may be scribbled on up to
/// there; it must not overlap @p body.
template <Scan S = Scan::widest>
std::size_t stuff(const Alphabet& alphabet, ByteView body, MutableBytes out);

/// What an Unstuffer did and refused.
struct StuffingCounters {
  std::uint64_t frames = 0;      ///< bodies handed out
  std::uint64_t bad_escape = 0;  ///< frames dropped for a wrong byte after the escape
  std::uint64_t oversize = 0;    ///< frames dropped for a body over the limit
  std::uint64_t cleared = 0;     ///< times that 2 * limit bytes went by without a flag

  constexpr bool operator==(const StuffingCounters&) const = default;
};

/// Received bytes to bodies. A body that lies whole within one chunk is undone where it lies; only
/// a body that straddles chunks is gathered in the object's own buffer.
class Unstuffer {
 public:
  /// @p limit: most bytes of a body, at least 1 (a contract).
  Unstuffer(const Alphabet& alphabet, std::size_t limit);

  /// Takes received bytes off the front of @p in (which shrinks) until a body is complete or the
  /// input ends. The bytes taken may be overwritten. The body, empty when none is complete, lies in
  /// @p in's memory or in the object's: it may be overwritten by the caller, and is valid until the
  /// next call and as long as @p in's memory. Call again while @p in is not empty.
  MutableBytes next(MutableBytes& in);
  [[nodiscard]] const StuffingCounters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { hunting, body, escape };

  void hunt(MutableBytes& in);
  MutableBytes gather(MutableBytes& in);
  void take_pairs(MutableBytes& in, MutableBytes target, std::size_t& length);
  bool take_run(MutableBytes& in, MutableBytes target, std::size_t& length);
  bool take_stand_in(MutableBytes& in, MutableBytes target, std::size_t& length);
  void take_flag(MutableBytes& in);
  void consume(MutableBytes& in, std::size_t count);
  void drop(std::uint64_t& counter);

  Alphabet alphabet_;
  std::size_t limit_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;        // bytes of an unfinished body in buffer_
  std::size_t since_flag_ = 0;  // received bytes since the last flag or clearing
  State state_ = State::hunting;
  StuffingCounters counters_;
};

}  // namespace mehr::l0
