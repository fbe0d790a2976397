// A secret of N bytes that wipes itself.
//
// Place: core vocabulary. Bounds: N bytes inline, no heap. It cannot be copied, printed or compared
// except through `equals`, which takes the same time wherever the first difference lies. Moving
// wipes the source. Whoever needs the raw bytes says so by calling `expose`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"

namespace mehr {

namespace crypto {
/// Overwrites @p bytes with zeros in a way the compiler may not remove.
void wipe(MutableBytes bytes);
/// True when both runs are equal; time depends only on the lengths.
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);
}  // namespace crypto

/// N secret bytes: a seed, a session key, an ephemeral.
template <std::size_t N>
class Secret {
 public:
  /// All zero: a place to fill, not yet a secret.
  Secret() = default;
  /// Copies N bytes out of @p from, which must hold exactly N. The source stays the caller's to
  /// wipe.
  static Secret copy_of(std::span<const std::uint8_t, N> from) {
    Secret s;
    std::copy(from.begin(), from.end(), s.bytes_.begin());
    return s;
  }
  ~Secret() { crypto::wipe(bytes_); }
  // No copies: each would be one more place to wipe.
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { crypto::wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      crypto::wipe(other.bytes_);
    }
    return *this;
  }

  static constexpr std::size_t kSize = N;
  /// The only comparison; constant time.
  [[nodiscard]] bool equals(const Secret& other) const {
    return crypto::equal_constant_time(bytes_, other.bytes_);
  }
  /// The raw bytes, for a primitive that needs them. Borrowed; never log, store or send them.
  [[nodiscard]] std::span<const std::uint8_t, N> expose() const { return bytes_; }
  /// The raw bytes for filling in place.
  [[nodiscard]] std::span<std::uint8_t, N> expose_mutable() { return bytes_; }
  /// Wipes now, before the end of life.
  void clear() { crypto::wipe(bytes_); }

 private:
  std::array<std::uint8_t, N> bytes_{};
};

}  // namespace mehr
