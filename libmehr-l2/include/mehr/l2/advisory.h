// Notices that a key is compromised, and commitments to the next key. spec: L2/6.1
//
// Place: L2, layouts and signatures; `AdvisoryStore` judges them against each other.
// Shapes: KeyCompromiseAdvisory (gossip 0x66) 209 bytes signed by both keys, 145 signed by the old
// one alone; NextKeyCommitment (0x67) 136 bytes.
// Machine: none. Bounds: fixed sizes, no allocation.
// Failure: decoding refuses what the layout cannot mean; `verify` says whether the signatures hold.
// Threads: any.
#pragma once

#include "mehr/core/codec.h"
#include "mehr/core/signer.h"

namespace mehr::l2 {

inline constexpr std::uint8_t kAdvisoryKind = 0x66;    ///< gossip kind. spec: README/4.3
inline constexpr std::uint8_t kCommitmentKind = 0x67;  ///< gossip kind

/// Who signed an advisory.
enum class Evidence : std::uint8_t { both = 0, old_only = 1 };
constexpr bool is_valid(Evidence e) { return e == Evidence::both || e == Evidence::old_only; }

/// An advisory, of either length. `sig_new` is zero where the old key signed alone.
struct KeyAdvisory {
  PublicKey compromised;
  PublicKey successor;  ///< zero: none is named
  std::uint64_t sequence = 0;
  Evidence evidence = Evidence::both;
  Signature sig_old;
  Signature sig_new;
  std::uint64_t timestamp = 0;  ///< informational

  constexpr bool operator==(const KeyAdvisory&) const = default;
};

inline constexpr std::size_t kAdvisoryBoth = 209;
inline constexpr std::size_t kAdvisoryOldOnly = 145;

/// Errors: as decoding; bad_value where a successor that signs is missing or is the key itself.
[[nodiscard]] Result<KeyAdvisory> decode_advisory(ByteView body);
/// Writes @p advisory in the length of its evidence to the front of @p out.
[[nodiscard]] Result<MutableBytes> encode_advisory(const KeyAdvisory& advisory, MutableBytes out);
/// Errc::bad_signature unless the keys it names signed it.
[[nodiscard]] Status verify(const KeyAdvisory& advisory);
/// A notice by the holder of @p old alone; @p successor may be zero.
[[nodiscard]] KeyAdvisory make_advisory(const Signer& old, const PublicKey& successor,
                                        std::uint64_t sequence, std::uint64_t timestamp);
/// A notice that both keys sign: the rotation from one to the other.
[[nodiscard]] KeyAdvisory make_advisory(const Signer& old, const Signer& successor,
                                        std::uint64_t sequence, std::uint64_t timestamp);

/// A promise of which key comes next, made while the present one is safe.
struct NextKeyCommitment {
  PublicKey owner;
  Hash256 commitment;
  std::uint64_t sequence = 0;  ///< 0 in this version
  Signature signature;
  static constexpr auto wire = std::tuple{field("public_key", &NextKeyCommitment::owner),
                                          field("commitment", &NextKeyCommitment::commitment),
                                          field("sequence", &NextKeyCommitment::sequence),
                                          field("signature", &NextKeyCommitment::signature)};
  constexpr bool operator==(const NextKeyCommitment&) const = default;
  [[nodiscard]] constexpr Status check() const {
    if (sequence != 0) return fail(Errc::bad_value, "a commitment has sequence 0");
    return {};
  }
};
static_assert(wire_size<NextKeyCommitment> == 136);

/// What commits to @p next.
[[nodiscard]] Hash256 commitment_to(const PublicKey& next);
[[nodiscard]] NextKeyCommitment make_commitment(const Signer& owner, const PublicKey& next);
/// Errc::bad_signature unless the owner signed it.
[[nodiscard]] Status verify(const NextKeyCommitment& commitment);

}  // namespace mehr::l2
