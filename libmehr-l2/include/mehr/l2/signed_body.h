// The sender's proof inside an envelope. spec: L2/4 SignedBody
//
// Place: L2; the plaintext of messages that ask for a sender (form 02, proven ports, sealed
// objects). Shapes: key 32, signature 64, body; the signature covers id(recipient), ephemeral,
// context, body. It is bound to its envelope: whoever receives it cannot pass it on as meant for
// another. Machine: none. Bounds: 96 bytes more than the body; no allocation, no copy beyond the
// body's own. Both calls use the 96 bytes before the body as room for what is signed, which is why
// they take a buffer they may write. Failure: short or wrong input is bad_signature or truncated,
// and proves nothing. Threads: any.
#pragma once

#include "mehr/core/codec.h"
#include "mehr/core/signer.h"

namespace mehr::l2 {

inline constexpr std::size_t kProofSize = 96;  ///< key and signature before the body. spec: L2/4

/// The layout, for reading and for showing it to people; `body` borrows from the decoded input.
struct SignedBody {
  PublicKey sender;
  Signature signature;
  Tail body;
  static constexpr auto wire =
      std::tuple{field("sender", &SignedBody::sender), field("signature", &SignedBody::signature),
                 field("body", &SignedBody::body)};
  constexpr bool operator==(const SignedBody&) const = default;
};
static_assert(wire_size<SignedBody> == kProofSize);

/// The envelope a proof belongs to.
struct ProofBinding {
  NodeId recipient;
  X25519Key ephemeral;
  std::uint8_t context = 0;
  static constexpr auto wire = std::tuple{field("recipient", &ProofBinding::recipient),
                                          field("ephemeral", &ProofBinding::ephemeral),
                                          field("context", &ProofBinding::context)};
};

/// Writes the SignedBody of @p body to the front of @p out; the returned view is it.
/// @p body may already lie at `out.subspan(kProofSize)`. Errc::too_big when @p out is short.
[[nodiscard]] Result<MutableBytes> make_signed_body(const Signer& sender, const ProofBinding& where,
                                                    ByteView body, MutableBytes out);

/// A proof that held. `body` lies in the buffer that was checked.
struct Proven {
  PublicKey sender;
  MutableBytes body;
};

/// Checks the SignedBody that fills @p plain, and overwrites its first 96 bytes.
/// Errors: truncated (under 96 bytes), bad_signature.
[[nodiscard]] Result<Proven> verify_signed_body(const ProofBinding& where, MutableBytes plain);

}  // namespace mehr::l2
