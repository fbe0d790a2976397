// The end-to-end envelope: one message sealed to one NodeID. spec: L2/4
//
// Place: L2, pure functions over borrowed buffers; `SealedMessenger` and whoever seals stored data
// call them. Seam: `Signer` does the recipient's half of the exchange, `Random` gives ephemerals.
// Shapes: E1 = ephemeral 32, ciphertext n, tag 16. E2 = prekey id 4 in front of that.
// Machine: none; nothing is remembered between calls. Repeats are `ReplayCache`'s business.
// Keys: HKDF-SHA-256 of the exchange, bound to ephemeral and recipient key; the AEAD's associated
// data is id(recipient) then the context byte. Context 0x00 is for anything stored or nested.
// What it gives: only the recipient opens; recipient, context and ephemeral cannot be changed. It
// names no sender (SignedBody does). E1 does not protect the past against later loss of the
// recipient's identity key; E2 does, once the prekey's secret is erased.
// Bounds: output = input plus 48 or 52 bytes; no allocation besides the cipher context.
// Failure: strangers' bytes give truncated, bad_value (zero exchange) or bad_seal; output is
// zeroed. Threads: any; secrets that pass through are wiped before return.
#pragma once

#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/core/random.h"
#include "mehr/core/result.h"
#include "mehr/core/secret.h"
#include "mehr/core/signer.h"

namespace mehr::l2 {

inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kE1Overhead = 48;  ///< spec: L2/7
inline constexpr std::size_t kE2Overhead = 52;  ///< spec: L2/7
/// Where the ciphertext starts in each form; a plaintext written there is sealed without a copy.
inline constexpr std::size_t kE1Body = 32;
inline constexpr std::size_t kE2Body = 36;

/// An E1 envelope as it lies on the wire; `sealed` is ciphertext and tag.
struct EnvelopeE1 {
  X25519Key ephemeral;
  Tail sealed;
  static constexpr auto wire =
      std::tuple{field("ephemeral", &EnvelopeE1::ephemeral), field("sealed", &EnvelopeE1::sealed)};
  constexpr bool operator==(const EnvelopeE1&) const = default;
  [[nodiscard]] constexpr Status check() const {
    if (sealed.bytes.size() < kTagSize) {
      return fail(Errc::truncated, "an envelope has at least 48 bytes");
    }
    return {};
  }
};
static_assert(wire_size<EnvelopeE1> + kTagSize == kE1Overhead);

/// An E2 envelope as it lies on the wire.
struct EnvelopeE2 {
  std::uint32_t prekey_id = 0;
  X25519Key ephemeral;
  Tail sealed;
  static constexpr auto wire =
      std::tuple{field("prekey_id", &EnvelopeE2::prekey_id),
                 field("ephemeral", &EnvelopeE2::ephemeral), field("sealed", &EnvelopeE2::sealed)};
  constexpr bool operator==(const EnvelopeE2&) const = default;
  [[nodiscard]] constexpr Status check() const {
    if (sealed.bytes.size() < kTagSize) {
      return fail(Errc::truncated, "an envelope to a prekey has at least 52 bytes");
    }
    return {};
  }
};
static_assert(wire_size<EnvelopeE2> + kTagSize == kE2Overhead);

/// Whom an envelope is for: NodeID and X25519 form of one identity key.
struct Recipient {
  NodeId id;
  X25519Key key;
  /// Errc::bad_value when @p identity has no X25519 form.
  [[nodiscard]] static Result<Recipient> of(const PublicKey& identity);
  /// The node itself.
  [[nodiscard]] static Recipient self(const Signer& me) { return {me.node_id(), me.x25519_key()}; }
};

/// The fresh pair of one envelope or stream. Use it once; it wipes itself.
class Ephemeral {
 public:
  /// The pair every caller wants.
  [[nodiscard]] static Ephemeral draw(Random& random);
  /// The pair of a given secret: for known answers.
  [[nodiscard]] static Ephemeral of(Secret<32> secret);
  [[nodiscard]] const X25519Key& public_key() const { return public_; }
  [[nodiscard]] const Secret<32>& secret() const { return secret_; }

 private:
  explicit Ephemeral(Secret<32> secret);
  Secret<32> secret_;
  X25519Key public_;
};

/// Public half of a recipient's prekey, out of a verified `PrekeyBundle`.
struct PrekeyRef {
  std::uint32_t id = 0;
  X25519Key key;
};

/// Seals @p plain into the front of @p out; the returned view is the envelope.
/// @p plain may already lie at its own place, `out.subspan(kE1Body)`; no other overlap.
/// Errors: too_big (@p out is short), bad_value (zero exchange: the recipient's key is unusable).
[[nodiscard]] Result<MutableBytes> seal_e1(const Recipient& to, std::uint8_t context,
                                           ByteView plain, const Ephemeral& ephemeral,
                                           MutableBytes out);
[[nodiscard]] Result<MutableBytes> seal_e1(const Recipient& to, std::uint8_t context,
                                           ByteView plain, Random& random, MutableBytes out);

/// As `seal_e1`, to identity and prekey together; the plaintext's own place is kE2Body.
[[nodiscard]] Result<MutableBytes> seal_e2(const Recipient& to, const PrekeyRef& prekey,
                                           std::uint8_t context, ByteView plain,
                                           const Ephemeral& ephemeral, MutableBytes out);
[[nodiscard]] Result<MutableBytes> seal_e2(const Recipient& to, const PrekeyRef& prekey,
                                           std::uint8_t context, ByteView plain, Random& random,
                                           MutableBytes out);

/// An opened envelope. `plain` lies in the buffer that was given for it.
struct Opened {
  MutableBytes plain;
  X25519Key ephemeral;
};

/// Opens an E1 envelope of @p me into the front of @p out, in place (`envelope` from kE1Body on) or
/// apart. Errors: truncated (under 48 bytes), bad_value (zero exchange), bad_seal, too_big (@p
/// out).
[[nodiscard]] Result<Opened> open_e1(const Signer& me, std::uint8_t context, ByteView envelope,
                                     MutableBytes out);

/// Opens an E2 envelope; @p prekey_secret and @p prekey are the two halves of the prekey it names.
/// Errors as `open_e1` (under 52 bytes), and not_found when it names another prekey.
[[nodiscard]] Result<Opened> open_e2(const Signer& me, const PrekeyRef& prekey,
                                     const Secret<32>& prekey_secret, std::uint8_t context,
                                     ByteView envelope, MutableBytes out);

}  // namespace mehr::l2
