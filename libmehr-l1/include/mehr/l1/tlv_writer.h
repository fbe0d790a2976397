// Puts the extension fields of an own announce together. spec: L1/3
//
// Place: beside `TlvReader` of announce.h; what it holds goes into `build_announce`. Fields of the
// floors above (Presence) and of the operator (VersionSignal) meet here.
// Bounds: 308 bytes inline, the most an announce carries; nothing allocates.
// Failure: a field that does not fit, is over 255 bytes or is there already is refused and changes
// nothing. Threads: as any value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mehr/core/codec.h"
#include "mehr/l1/announce.h"

namespace mehr::l1 {

class TlvWriter {
 public:
  /// Appends a field. Errors: too_big; bad_value for a type that is there already, since receivers
  /// count the first only.
  Status add(std::uint8_t type, ByteView data);
  /// Appends a structure of fixed size as field. Errors as above.
  template <HasWire T>
  Status add(std::uint8_t type, const T& value) {
    return add(type, ByteView(encode_fixed(value)));
  }
  /// What was added, in that order; valid until the next `add`.
  [[nodiscard]] ByteView view() const { return ByteView(bytes_).first(size_); }
  /// Data of the first field of @p type.
  [[nodiscard]] std::optional<ByteView> find(std::uint8_t type) const;

 private:
  std::array<std::uint8_t, kTlvsMax> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace mehr::l1
