#include "mehr/transfer/file_name.h"

#include <cstdint>

namespace mehr::transfer {
namespace {

struct Sequence {
  std::size_t bytes;
  std::uint32_t bits;   ///< payload of the first byte
  std::uint32_t least;  ///< smaller code points must use a shorter form
};

Sequence sequence_of(std::uint8_t first) {
  if (first < 0x80) return {1, first, 0};
  if (first >= 0xC0 && first < 0xE0) return {2, first & 0x1Fu, 0x80};
  if (first >= 0xE0 && first < 0xF0) return {3, first & 0x0Fu, 0x800};
  if (first >= 0xF0 && first < 0xF8) return {4, first & 0x07u, 0x10000};
  return {0, 0, 0};
}

/// Well-formed, and without C1 controls.
bool is_clean_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Sequence s = sequence_of(static_cast<std::uint8_t>(text[at]));
    if (s.bytes == 0 || text.size() - at < s.bytes) return false;
    std::uint32_t point = s.bits;
    for (std::size_t i = 1; i < s.bytes; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at + i]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3Fu);
    }
    if (point < s.least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    if (point >= 0x80 && point < 0xA0) return false;  // C1 controls steer terminals
    at += s.bytes;
  }
  return true;
}

}  // namespace

Status check_file_name(std::string_view name) {
  if (name.empty()) return fail(Errc::bad_value, "a file name must not be empty");
  if (name.size() > kMaxFileName) return fail(Errc::too_big, "a file name has at most 255 bytes");
  if (name == "." || name == "..") return fail(Errc::bad_value, "'.' and '..' are no file names");
  for (const char c : name) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F) {
      return fail(Errc::bad_value, "a file name holds no slash, backslash or control character");
    }
  }
  if (!is_clean_utf8(name)) {
    return fail(Errc::bad_value, "a file name must be well-formed UTF-8 without controls");
  }
  return {};
}

}  // namespace mehr::transfer
