// A seed in n parts, any k of which give it back: Shamir's scheme. spec: L2/6 Share
//
// Place: L2, pure functions. Shapes: 44 bytes: version 1, k, n, x, set 4 (the start of the NodeID),
// y 32, check 4. As text, 71 Crockford base-32 symbols in groups of five joined by "-".
// How: each byte of the seed is the value at 0 of a polynomial of degree k-1 over GF(2^8) mod
// 0x11B, whose other coefficients are drawn; a share holds its values at x. Below k shares every
// seed is equally likely.
// Machine: none. Bounds: 2 <= k <= n <= 255; `split` fills what the caller provides.
// Failure: each mistake has its own sentence: a typo (check), other kinds, other sets, equal x, too
// few. Nothing is said of the seed. Threads: any. All arithmetic is free of branches and tables
// that depend on secrets; everything secret is wiped before return.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/core/random.h"

namespace mehr::l2 {

inline constexpr std::size_t kShareSize = 44;
inline constexpr std::size_t kShareSymbols = 71;  ///< without what joins the groups
inline constexpr std::size_t kShareText = 85;     ///< with it

/// One part. It is a secret: whoever has k of them has the seed.
class Share {
 public:
  Share() = default;

  /// Errors: as decoding, and bad_value with a sentence about the version, the numbers or the
  /// check.
  [[nodiscard]] static Result<Share> decode(ByteView bytes);
  /// Reads the text form: case-blind, O as 0, I and L as 1; spaces, line ends and hyphens are
  /// skipped. Errors: bad_value (a symbol that is none), truncated or trailing, and as `decode`.
  [[nodiscard]] static Result<Share> parse(std::string_view text);

  /// The 44 bytes.
  [[nodiscard]] std::span<const std::uint8_t, kShareSize> expose() const { return bytes_.expose(); }
  /// Writes the text form: `kShareText` characters.
  void to_text(std::span<char, kShareText> out) const;

  /// How many are needed, how many there are, and which this is.
  [[nodiscard]] std::uint8_t needed() const;
  [[nodiscard]] std::uint8_t total() const;
  [[nodiscard]] std::uint8_t x() const;
  /// The first four bytes of the NodeID that the seed belongs to.
  [[nodiscard]] std::array<std::uint8_t, 4> set() const;

 private:
  friend Status split_seed(const crypto::Seed&, std::uint8_t, std::span<Share>, Random&);
  friend Result<crypto::Seed> combine_shares(std::span<const Share>);
  Secret<kShareSize> bytes_;
};

/// Makes `out.size()` shares of @p seed, any @p needed of which combine.
/// Errc::bad_value unless 2 <= needed <= out.size() <= 255.
[[nodiscard]] Status split_seed(const crypto::Seed& seed, std::uint8_t needed, std::span<Share> out,
                                Random& random);

/// The seed that @p shares, at least as many as needed, were made of; more are used to check.
/// Errors: truncated (too few), bad_value (of different sets, kinds, or one twice), bad_seal (what
/// comes out has another NodeID: one of them is not what it says).
[[nodiscard]] Result<crypto::Seed> combine_shares(std::span<const Share> shares);

}  // namespace mehr::l2
