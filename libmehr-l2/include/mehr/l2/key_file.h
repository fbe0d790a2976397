// A node's seed under a passphrase, as bytes. spec: L2/6 Key file
//
// Place: L2, pure functions; a port reads and writes the file, atomically and with mode 0600.
// Shapes: 96 bytes: "MEHRKEY1" 8, m_kib 4, t 4, p 4, salt 16, nonce 12, sealed seed 32, tag 16. Key
// = Argon2id(passphrase, salt, m, t, p); the associated data is everything before the seed.
// Machine: none. Each sealing draws a new salt and nonce.
// Bounds: what a file may ask of this machine is 8 MiB to 4 GiB and 1 to 64 passes on one lane;
// anything else is refused before any work. Memory for Argon2id is taken for the call.
// Failure: size, magic and costs are judged first; then a wrong passphrase and a damaged file look
// the same (bad_seal), and take the same time, since one tag stands for both.
// Threads: any; a call takes its time. Everything secret is wiped before return.
#pragma once

#include <array>
#include <string_view>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/core/random.h"

namespace mehr::l2 {

inline constexpr std::size_t kKeyFileSize = 96;
inline constexpr std::string_view kKeyFileMagic = "MEHRKEY1";

/// Limits of what a file may ask for. spec: L2/6
inline constexpr std::uint32_t kLeastMemoryKib = 8'192;
inline constexpr std::uint32_t kMostMemoryKib = 4'194'304;
inline constexpr std::uint32_t kMostPasses = 64;

/// What a person types, UTF-8; it wipes itself.
class Passphrase {
 public:
  static constexpr std::size_t kLongest = 1024;
  Passphrase() = default;
  /// Errc::too_big over `kLongest` bytes. The source stays the caller's to wipe.
  [[nodiscard]] static Result<Passphrase> of(ByteView bytes);
  [[nodiscard]] ByteView expose() const { return ByteView(bytes_.expose()).first(size_); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Constant time for passphrases of one length.
  [[nodiscard]] bool equals(const Passphrase& other) const {
    return size_ == other.size_ && bytes_.equals(other.bytes_);
  }

 private:
  Secret<kLongest> bytes_;
  std::size_t size_ = 0;
};

/// The layout before the sealed seed, readable without the passphrase.
struct KeyFileHead {
  FixedBytes<8, struct KeyFileMagicTag> magic;
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  FixedBytes<16, struct KeyFileSaltTag> salt;
  FixedBytes<12, struct KeyFileNonceTag> nonce;
  static constexpr auto wire = std::tuple{
      field("magic", &KeyFileHead::magic),   field("memory_kib", &KeyFileHead::memory_kib),
      field("passes", &KeyFileHead::passes), field("lanes", &KeyFileHead::lanes),
      field("salt", &KeyFileHead::salt),     field("nonce", &KeyFileHead::nonce)};
  constexpr bool operator==(const KeyFileHead&) const = default;
  /// Errors: bad_value, with a sentence about which part it is.
  [[nodiscard]] Status check() const;
};

/// The whole file.
struct KeyFile {
  KeyFileHead head;
  FixedBytes<48, struct KeyFileSealedTag> sealed;  ///< seed and tag
  static constexpr auto wire =
      std::tuple{field("head", &KeyFile::head), field("sealed", &KeyFile::sealed)};
  constexpr bool operator==(const KeyFile&) const = default;
};
static_assert(wire_size<KeyFile> == kKeyFileSize && wire_size<KeyFileHead> == 48);

using KeyFileBytes = std::array<std::uint8_t, kKeyFileSize>;

/// The file of @p seed. Errors: bad_value (@p cost outside what files may ask for), full (memory).
[[nodiscard]] Result<KeyFileBytes> seal_key_file(const crypto::Seed& seed,
                                                 const Passphrase& passphrase,
                                                 const crypto::Argon2Cost& cost, Random& random);

/// The seed in @p file. Errors: truncated, trailing (not 96 bytes), bad_value (not such a file, or
/// costs out of range), full (memory), bad_seal (wrong passphrase, or damaged).
[[nodiscard]] Result<crypto::Seed> open_key_file(ByteView file, const Passphrase& passphrase);

}  // namespace mehr::l2
