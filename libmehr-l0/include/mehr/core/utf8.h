// Is a run of bytes well-formed text? spec: README/2.1 `str`, README/2.5 rule 2
//
// Place: core; decoders of structures with names and titles ask it.
// Shapes: one question, answered without state; nothing is decoded or changed. Failure: none.
// Well-formed as the Unicode Standard says (table 3-7): shortest forms only, no surrogates, nothing
// above U+10FFFF. What may be shown to people is another question and not asked here.
#pragma once

#include "mehr/core/bytes.h"

namespace mehr {

namespace detail {
// What may follow a first byte: how many bytes, and the range of the first of them. The others are
// 0x80..0xBF always.
struct Utf8Tail {
  std::size_t count;
  std::uint8_t low;
  std::uint8_t high;
};
// Count 4 stands for "no first byte".
constexpr Utf8Tail utf8_tail(std::uint8_t first) {
  if (first < 0x80) return {0, 0x80, 0xBF};
  if (first < 0xC2 || first > 0xF4) return {4, 0x80, 0xBF};
  if (first < 0xE0) return {1, 0x80, 0xBF};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first < 0xF0) return {2, 0x80, 0xBF};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  return {3, 0x80, static_cast<std::uint8_t>(first == 0xF4 ? 0x8F : 0xBF)};
}
}  // namespace detail

/// True for well-formed UTF-8, the empty text among it.
constexpr bool is_utf8(ByteView text) {
  while (!text.empty()) {
    detail::Utf8Tail tail = detail::utf8_tail(text.front());
    text = text.subspan(1);
    // A text that ends within a character is not well-formed.
    if (tail.count > 3 || text.size() < tail.count) return false;
    for (std::size_t i = 0; i < tail.count; ++i) {
      if (text[i] < tail.low || text[i] > tail.high) return false;
      tail.low = 0x80;  // only the first of them is narrower
      tail.high = 0xBF;
    }
    text = text.subspan(tail.count);
  }
  return true;
}

}  // namespace mehr
