#include "mehr/l0/stuffing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <gsl/assert>

namespace mehr::l0 {

namespace {

template <class T>
T load(const std::uint8_t* from) {
  std::array<std::uint8_t, sizeof(T)> bytes;
  std::copy_n(from, sizeof(T), bytes.begin());
  return std::bit_cast<T>(bytes);
}

template <class T>
void store(T value, std::uint8_t* to) {
  const auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
  std::copy_n(bytes.begin(), sizeof(T), to);
}

// A block is looked at as a whole: `special(v)` has marks where v holds flags and escapes, and
// `first(marks)` is the place of the first. They are two steps so that the processor may run ahead
// over blocks without marks, which is most of them, instead of waiting for each one's place.

/// Eight bytes as one integer.
struct WordBlock {
  using Value = std::uint64_t;
  static constexpr std::size_t kSize = sizeof(Value);
  static constexpr Value kOnes = 0x0101010101010101;
  static constexpr Value kLow = 0x7F7F7F7F7F7F7F7F;

  Value flags;
  Value escapes;
  explicit WordBlock(Alphabet a) : flags(kOnes * a.flag), escapes(kOnes * a.escape) {}

  /// The high bit of each byte that is not zero; exact, so it serves either byte order.
  static constexpr Value nonzero(Value v) { return ((v & kLow) + kLow) | v; }
  [[nodiscard]] Value special(Value v) const {
    return ~(nonzero(v ^ flags) & nonzero(v ^ escapes)) & ~kLow;
  }
  static std::size_t first(Value marks) {
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(marks)
                                                                : std::countl_zero(marks);
    return static_cast<std::size_t>(bits) / 8;
  }
};

#if defined(__SSE2__) && defined(__GNUC__)
/// Sixteen bytes in a vector register; every x86-64 has them.
struct VectorBlock {
  using Value = char __attribute__((vector_size(16)));
  static constexpr std::size_t kSize = sizeof(Value);

  Value flags;
  Value escapes;
  explicit VectorBlock(Alphabet a)
      : flags(Value{} + static_cast<char>(a.flag)),
        escapes(Value{} + static_cast<char>(a.escape)) {}

  [[nodiscard]] unsigned special(Value v) const {
    const auto equal = std::bit_cast<Value>((v == flags) | (v == escapes));
    return static_cast<unsigned>(__builtin_ia32_pmovmskb128(equal));
  }
  static std::size_t first(unsigned marks) {
    return static_cast<std::size_t>(std::countr_zero(marks));
  }
};
#else
using VectorBlock = WordBlock;
#endif

template <Scan S>
using BlockOf = std::conditional_t<S == Scan::widest, VectorBlock, WordBlock>;

struct Copy {
  const std::uint8_t* from;
  const std::uint8_t* end;
  std::uint8_t* to;

  void put_escaped(Alphabet a) {
    *to++ = a.escape;
    *to++ = *from++ == a.flag ? a.flag_stand_in : a.escape_stand_in;
  }
};

/// Stuffs while a whole block is left. Each block is written whole before its special byte is
/// known; what follows that byte is overwritten by the next round. Every byte left has room for
/// two, so a block always fits. @p alphabet by value: the writes could alias a reference.
template <class Block>
void stuff_blocks(Alphabet alphabet, Copy& copy) {
  const Block block(alphabet);
  Copy at = copy;
  while (at.end - at.from >= static_cast<std::ptrdiff_t>(Block::kSize)) {
    const auto value = load<typename Block::Value>(at.from);
    store(value, at.to);
    const auto marks = block.special(value);
    const std::size_t plain = marks == 0 ? Block::kSize : Block::first(marks);
    at.from += plain;
    at.to += plain;
    if (marks == 0) continue;
    // One after the other is rare but would be slow block by block.
    do {
      at.put_escaped(alphabet);
    } while (at.from != at.end && alphabet.is_special(*at.from));
  }
  copy = at;
}

}  // namespace

template <Scan S>
std::size_t plain_run(const Alphabet& alphabet, ByteView bytes) {
  using Block = BlockOf<S>;
  const Block block(alphabet);
  std::size_t at = 0;
  if (bytes.empty() || alphabet.is_special(bytes.front())) return 0;
  while (bytes.size() - at >= Block::kSize) {
    const auto marks = block.special(load<typename Block::Value>(bytes.data() + at));
    if (marks != 0) return at + Block::first(marks);
    at += Block::kSize;
  }
  while (at < bytes.size() && !alphabet.is_special(bytes[at])) ++at;
  return at;
}

template <Scan S>
std::size_t stuff(const Alphabet& alphabet, ByteView body, MutableBytes out) {
  Expects(out.size() / 2 >= body.size());
  Copy copy{body.data(), body.data() + body.size(), out.data()};
  stuff_blocks<BlockOf<S>>(alphabet, copy);
  while (copy.from != copy.end) {
    if (alphabet.is_special(*copy.from)) {
      copy.put_escaped(alphabet);
    } else {
      *copy.to++ = *copy.from++;
    }
  }
  return static_cast<std::size_t>(copy.to - out.data());
}

template std::size_t plain_run<Scan::portable>(const Alphabet&, ByteView);
template std::size_t plain_run<Scan::widest>(const Alphabet&, ByteView);
template std::size_t stuff<Scan::portable>(const Alphabet&, ByteView, MutableBytes);
template std::size_t stuff<Scan::widest>(const Alphabet&, ByteView, MutableBytes);

Unstuffer::Unstuffer(const Alphabet& alphabet, std::size_t limit)
    : alphabet_(alphabet), limit_(limit), buffer_(limit) {
  Expects(limit > 0);
}

MutableBytes Unstuffer::next(MutableBytes& in) {
  while (!in.empty()) {
    if (state_ == State::hunting) {
      hunt(in);
    } else if (const MutableBytes body = gather(in); !body.empty()) {
      return body;
    }
  }
  return {};
}

void Unstuffer::hunt(MutableBytes& in) {
  while (!in.empty()) {
    consume(in, plain_run(alphabet_, in));
    if (in.empty()) return;
    if (in.front() == alphabet_.flag) return take_flag(in);
    consume(in, 1);
  }
}

/// Goes on with a body until it is complete, dropped, or the input ends. With nothing gathered yet
/// the body is undone in place: it never grows, so its target stays behind what is read.
MutableBytes Unstuffer::gather(MutableBytes& in) {
  const bool in_place = used_ == 0;
  const MutableBytes target = in_place ? in : MutableBytes(buffer_);
  std::size_t length = used_;
  used_ = 0;
  if (state_ == State::body) take_pairs(in, target, length);
  while (!in.empty()) {
    if (state_ == State::escape && !take_stand_in(in, target, length)) return {};
    if (!take_run(in, target, length)) return {};
    if (in.empty()) break;
    if (in.front() == alphabet_.flag) {
      take_flag(in);
      if (length > 0) ++counters_.frames;
      return target.first(length);
    }
    state_ = State::escape;
    consume(in, 1);
    if (state_ == State::hunting) return {};
  }
  if (in_place) copy_bytes(target.first(length), buffer_);
  used_ = length;
  return {};
}

/// The common way, with nothing to refuse: runs and whole escape pairs that fit the limit. What it
/// leaves, a flag or a fault or the end, is for the others. Locals only: the writes to the target
/// could alias any member.
void Unstuffer::take_pairs(MutableBytes& in, MutableBytes target, std::size_t& length) {
  const Alphabet a = alphabet_;
  std::uint8_t* to = target.data() + length;
  std::size_t room = limit_ - length;
  ByteView left = in;
  while (true) {
    const std::size_t run = plain_run(a, left);
    if (run > room) break;
    if (to != left.data()) std::copy_n(left.data(), run, to);
    to += run;
    room -= run;
    left = left.subspan(run);
    if (left.size() < 2 || left[0] != a.escape || room == 0) break;
    const bool flag = left[1] == a.flag_stand_in;
    if (!flag && left[1] != a.escape_stand_in) break;
    *to++ = flag ? a.flag : a.escape;
    --room;
    left = left.subspan(2);
  }
  length = limit_ - room;
  consume(in, in.size() - left.size());
}

/// Moves bytes up to the next special one to the target; false when the frame was dropped.
bool Unstuffer::take_run(MutableBytes& in, MutableBytes target, std::size_t& length) {
  const std::size_t run = plain_run(alphabet_, in);
  const bool fits = run <= limit_ - length;
  if (!fits) {
    drop(counters_.oversize);
  } else if (target.data() + length != in.data()) {
    copy_bytes(in.first(run), target.subspan(length));
  }
  consume(in, run);
  length += run;
  return fits;
}

/// Undoes the byte after an escape; false when the frame was dropped. A flag there is left in the
/// input, where it may open the next frame.
bool Unstuffer::take_stand_in(MutableBytes& in, MutableBytes target, std::size_t& length) {
  const std::uint8_t byte = in.front();
  const bool flag = byte == alphabet_.flag_stand_in;
  if (!flag && byte != alphabet_.escape_stand_in) {
    drop(counters_.bad_escape);
  } else if (length == limit_) {
    drop(counters_.oversize);
  } else {
    state_ = State::body;
    target[length++] = flag ? alphabet_.flag : alphabet_.escape;
  }
  if (byte != alphabet_.flag) consume(in, 1);
  return state_ == State::body;
}

void Unstuffer::take_flag(MutableBytes& in) {
  in = in.subspan(1);
  since_flag_ = 0;
  state_ = State::body;
}

/// Passes over bytes that are no flags. spec: L0/4 rule 4
void Unstuffer::consume(MutableBytes& in, std::size_t count) {
  in = in.subspan(count);
  since_flag_ += count;
  const std::size_t window = 2 * limit_ + 1;
  if (since_flag_ < window) return;
  counters_.cleared += since_flag_ / window;
  since_flag_ %= window;
  state_ = State::hunting;
}

void Unstuffer::drop(std::uint64_t& counter) {
  ++counter;
  state_ = State::hunting;
}

}  // namespace mehr::l0
