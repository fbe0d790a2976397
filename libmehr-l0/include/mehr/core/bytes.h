// Bytes and views of bytes.
//
// Place: core vocabulary, usable by every layer. No allocation except in `Bytes` itself, which is
// used only where a caller owns a buffer of unknown size (never per packet in L0 and L1).
// A view borrows: it is valid until the call it was given to returns, unless a header says longer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mehr {

/// An owned, growable run of bytes.
using Bytes = std::vector<std::uint8_t>;
/// A borrowed run of bytes that may be read.
using ByteView = std::span<const std::uint8_t>;
/// A borrowed run of bytes that may be read and written.
using MutableBytes = std::span<std::uint8_t>;

/// The bytes of a text, without a terminator. Borrowed from @p text.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The bytes as text, whatever they are. Borrowed from @p bytes.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Copies @p from to the start of @p to, which must be at least as long.
/// Returns what of @p to is left after the copy, so that calls chain.
constexpr MutableBytes copy_bytes(ByteView from, MutableBytes to) {
  std::copy(from.begin(), from.end(), to.begin());
  return to.subspan(from.size());
}

/// True when both runs hold the same bytes. Not constant-time: never for secrets or tags.
constexpr bool same_bytes(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// True when every byte is zero. Not constant-time.
constexpr bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace mehr
