#include "mehr/l2/signed_body.h"

#include "mehr/core/crypto.h"

namespace mehr::l2 {

namespace {

constexpr std::string_view kLabel = "mehr-e2e-auth-v1";
constexpr std::size_t kBindingSize = wire_size<ProofBinding>;
static_assert(kLabel.size() + kBindingSize <= kProofSize, "what is signed fits before the body");

}  // namespace

Result<MutableBytes> make_signed_body(const Signer& sender, const ProofBinding& where,
                                      ByteView body, MutableBytes out) {
  if (out.size() < kProofSize || out.size() - kProofSize < body.size()) {
    return fail(Errc::too_big, "the signed body does not fit the buffer");
  }
  const MutableBytes whole = out.first(kProofSize + body.size());
  if (whole.data() + kProofSize != body.data()) copy_bytes(body, whole.subspan(kProofSize));
  // The binding stands right before the body while it is signed; the proof then takes its place.
  copy_bytes(encode_fixed(where), whole.subspan(kProofSize - kBindingSize));
  const Signature signature = sender.sign(kLabel, whole.subspan(kProofSize - kBindingSize));
  if (signature == Signature{}) return fail(Errc::io, "the message could not be signed");
  Writer head(whole);
  head.put(sender.public_key());
  head.put(signature);
  return whole;
}

Result<Proven> verify_signed_body(const ProofBinding& where, MutableBytes plain) {
  const auto parts = decode<SignedBody>(plain);
  if (!parts) return fail(parts);
  const MutableBytes message = plain.subspan(kProofSize - kBindingSize - kLabel.size());
  copy_bytes(encode_fixed(where), copy_bytes(as_bytes(kLabel), message));
  if (!crypto::verify(parts->sender, message, parts->signature)) {
    return fail(Errc::bad_signature, "the sender's proof does not belong to this message");
  }
  return Proven{parts->sender, plain.subspan(kProofSize)};
}

}  // namespace mehr::l2
