#include "mehr/l2/advisory.h"

#include "labelled.h"

namespace mehr::l2 {

namespace {

constexpr std::string_view kAdvisoryLabel = "mehr-kca-v1";
constexpr std::string_view kCommitmentLabel = "mehr-next-v1";
constexpr std::string_view kCommitmentTag = "mehr-next-key-v1";
constexpr std::size_t kCommitted = 72;  // spec: L2/6.1 bytes[0..72]

// What both lengths begin with.
struct AdvisoryHead {
  PublicKey compromised;
  PublicKey successor;
  std::uint64_t sequence = 0;
  Evidence evidence = Evidence::both;
  static constexpr auto wire = std::tuple{field("compromised_key", &AdvisoryHead::compromised),
                                          field("new_key", &AdvisoryHead::successor),
                                          field("sequence", &AdvisoryHead::sequence),
                                          field("evidence", &AdvisoryHead::evidence)};
};
static_assert(wire_size<AdvisoryHead> == 73);

AdvisoryHead head_of(const KeyAdvisory& a) {
  return {a.compromised, a.successor, a.sequence, a.evidence};
}

// What both keys sign: the head and the timestamp, which stands last.
struct Signed {
  AdvisoryHead head;
  std::uint64_t timestamp = 0;
  static constexpr auto wire =
      std::tuple{field("head", &Signed::head), field("timestamp", &Signed::timestamp)};
};

std::array<std::uint8_t, wire_size<Signed>> signed_bytes(const KeyAdvisory& a) {
  return encode_fixed(Signed{head_of(a), a.timestamp});
}

}  // namespace

Result<KeyAdvisory> decode_advisory(ByteView body) {
  Reader r(body);
  AdvisoryHead head;
  KeyAdvisory out;
  r.get(head);
  r.get(out.sig_old);
  if (head.evidence == Evidence::both) r.get(out.sig_new);
  r.get(out.timestamp);
  if (auto end = r.finish(); !end) return fail(end);
  out.compromised = head.compromised;
  out.successor = head.successor;
  out.sequence = head.sequence;
  out.evidence = head.evidence;
  if (out.evidence == Evidence::both &&
      (out.successor.is_zero() || out.successor == out.compromised)) {
    return fail(Errc::bad_value, "the key that signs for the future must be another one");
  }
  return out;
}

Result<MutableBytes> encode_advisory(const KeyAdvisory& advisory, MutableBytes out) {
  Writer w(out);
  w.put(head_of(advisory));
  w.put(advisory.sig_old);
  if (advisory.evidence == Evidence::both) w.put(advisory.sig_new);
  w.put(advisory.timestamp);
  if (!w.ok()) return fail(Errc::too_big, "the advisory does not fit the buffer");
  return w.written();
}

Status verify(const KeyAdvisory& advisory) {
  const auto message = signed_bytes(advisory);
  if (!verify_labelled(advisory.compromised, kAdvisoryLabel, message, advisory.sig_old)) {
    return fail(Errc::bad_signature, "the advisory is not signed by the key that it is about");
  }
  if (advisory.evidence == Evidence::both &&
      !verify_labelled(advisory.successor, kAdvisoryLabel, message, advisory.sig_new)) {
    return fail(Errc::bad_signature, "the advisory is not signed by the key that it names");
  }
  return {};
}

KeyAdvisory make_advisory(const Signer& old, const PublicKey& successor, std::uint64_t sequence,
                          std::uint64_t timestamp) {
  KeyAdvisory out{old.public_key(), successor, sequence, Evidence::old_only, {}, {}, timestamp};
  out.sig_old = old.sign(kAdvisoryLabel, signed_bytes(out));
  return out;
}

KeyAdvisory make_advisory(const Signer& old, const Signer& successor, std::uint64_t sequence,
                          std::uint64_t timestamp) {
  KeyAdvisory out{old.public_key(), successor.public_key(), sequence, Evidence::both, {}, {},
                  timestamp};
  const auto message = signed_bytes(out);
  out.sig_old = old.sign(kAdvisoryLabel, message);
  out.sig_new = successor.sign(kAdvisoryLabel, message);
  return out;
}

Hash256 commitment_to(const PublicKey& next) {
  return crypto::b2(as_bytes(kCommitmentTag), next.view());
}

NextKeyCommitment make_commitment(const Signer& owner, const PublicKey& next) {
  NextKeyCommitment out{owner.public_key(), commitment_to(next), 0, {}};
  out.signature = owner.sign(kCommitmentLabel, ByteView(encode_fixed(out)).first(kCommitted));
  return out;
}

Status verify(const NextKeyCommitment& commitment) {
  const auto bytes = encode_fixed(commitment);
  if (!verify_labelled(commitment.owner, kCommitmentLabel, ByteView(bytes).first(kCommitted),
                       commitment.signature)) {
    return fail(Errc::bad_signature, "the commitment is not signed by the key that it is about");
  }
  return {};
}

}  // namespace mehr::l2
