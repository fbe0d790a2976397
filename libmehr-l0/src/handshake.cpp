#include "mehr/l0/handshake.h"

#include <gsl/assert>

#include "mehr/l0/link_session.h"
#include "mehr/l0/packet.h"

namespace mehr::l0 {

namespace {

constexpr std::string_view kTranscriptTag = "mehr-link-v1";
constexpr std::string_view kRespLabel = "mehr-link-resp";
constexpr std::string_view kInitLabel = "mehr-link-init";
constexpr std::size_t kRespHeadSize = wire_size<RespHead>;

// What a side signs after its label: transcript || key || tail. spec: L2/3.2
using SignedPart = std::array<std::uint8_t, 32 + 32 + 16>;
SignedPart signed_part(const Hash256& transcript, const PublicKey& key, const AuthTail& tail) {
  SignedPart out{};
  Writer w(out);
  w.put(transcript);
  w.put(key);
  w.put(tail);
  return out;
}

// th. spec: L2/3.2
Hash256 transcript_of(ByteView init, ByteView resp_head) {
  return crypto::b2(as_bytes(kTranscriptTag), init, resp_head);
}

// th2: the transcript that also covers the responder's sealed identity.
Hash256 extend(const Hash256& transcript, ByteView sealed) {
  return crypto::b2(transcript.bytes, sealed);
}

SealedAuthBody seal_body(const Signer& signer, const LocalTerms& terms, NodeTime clock,
                         LinkRole role, const Hash256& transcript, const Secret<32>& key,
                         ByteView associated) {
  AuthBody body;
  body.key = signer.public_key();
  body.tail.max_frame_size = terms.max_frame_size.bytes;
  body.tail.node_clock = clock.millis;
  body.tail.features = terms.features;
  const auto label = role == LinkRole::responder ? kRespLabel : kInitLabel;
  body.signature = signer.sign(label, signed_part(transcript, body.key, body.tail));
  const auto plain = encode_fixed(body);
  SealedAuthBody sealed;
  crypto::Aead(key, crypto::Aead::Use::seal)
      .seal(link_nonce(role, 0), associated, plain, sealed.mutable_view());
  return sealed;
}

Result<AuthBody> open_body(const SealedAuthBody& sealed, LinkRole sender, const Hash256& transcript,
                           const Secret<32>& key, ByteView associated) {
  std::array<std::uint8_t, wire_size<AuthBody>> plain{};
  if (auto opened = crypto::Aead(key, crypto::Aead::Use::open)
                        .open(link_nonce(sender, 0), associated, sealed.view(), plain);
      !opened) {
    return fail(opened);
  }
  auto body = decode<AuthBody>(plain);
  if (!body) return fail(body);
  if (!crypto::is_valid_key(body->key)) {
    return fail(Errc::bad_signature, "the peer's public key is not a valid point");
  }
  const auto label = as_bytes(sender == LinkRole::responder ? kRespLabel : kInitLabel);
  const auto part = signed_part(transcript, body->key, body->tail);
  std::array<std::uint8_t, kRespLabel.size() + std::tuple_size_v<SignedPart>> message{};
  static_assert(kRespLabel.size() == kInitLabel.size());
  copy_bytes(part, copy_bytes(label, message));
  if (!crypto::verify(body->key, message, body->signature)) {
    return fail(Errc::bad_signature, "the peer does not hold the key it claims");
  }
  return body;
}

// Takes the proven peer into @p out and judges its terms.
Status take_peer(const AuthBody& body, const Signer& self, const LocalTerms& terms,
                 HandshakeResult& out) {
  out.peer = crypto::node_id_of(body.key);
  if (out.peer == self.node_id()) return fail(Errc::wrong_peer, "the peer claims to be this node");
  out.peer_key = body.key;
  out.peer_tail = body.tail;
  if (!speaks_version(body.tail.version)) {
    return fail(Errc::wrong_version, "the peer speaks another major protocol version");
  }
  const auto mtu = negotiate_mtu(terms.max_frame_size, Mtu{body.tail.max_frame_size});
  if (!mtu) return fail(Errc::too_big, mtu.error().text);
  out.mtu = *mtu;
  return {};
}

}  // namespace

InitiatorHandshake::InitiatorHandshake(const Signer& signer, const LocalTerms& terms,
                                       std::uint16_t own_link, const std::optional<NodeId>& target,
                                       Secret<32> ephemeral)
    : signer_(signer),
      terms_(terms),
      own_link_(own_link),
      target_(target),
      ephemeral_(std::move(ephemeral)),
      ephemeral_public_(crypto::x25519_public(ephemeral_)) {
  Init init;
  init.initiator_link = own_link;
  init.target = target.value_or(NodeId{});
  init.ephemeral = ephemeral_public_;
  copy_bytes(encode_fixed(init), frame_);
}

Status InitiatorHandshake::on_resp(ByteView frame, NodeTime clock) {
  const auto resp = decode<Resp>(frame);
  if (!resp) return fail(resp);
  if (!speaks_version(resp->head.version)) {
    return fail(Errc::wrong_version, "RESP of another major protocol version");
  }
  if (resp->head.initiator_link != own_link_) {
    return fail(Errc::wrong_peer, "RESP does not echo our link id");
  }
  auto key =
      derive_session_key(ephemeral_, resp->head.ephemeral, ephemeral_public_, resp->head.ephemeral);
  if (!key) return fail(key);
  const ByteView head = frame.first(kRespHeadSize);
  const Hash256 transcript = transcript_of(init(), head);
  const auto body = open_body(resp->sealed, LinkRole::responder, transcript, *key, head);
  if (!body) return fail(body);
  if (target_ && crypto::node_id_of(body->key) != *target_) {
    return fail(Errc::wrong_peer, "somebody else than the node that was dialled answered");
  }
  const Status terms = take_peer(*body, signer_, terms_, result_);
  if (!terms && terms.error().code == Errc::wrong_peer) return fail(terms);
  result_.peer_link = resp->head.responder_link;

  Auth auth;
  auth.responder_link = resp->head.responder_link;
  const auto unsealed = encode_fixed(auth);
  auth.sealed = seal_body(signer_, terms_, clock, LinkRole::initiator,
                          extend(transcript, frame.subspan(kRespHeadSize)), *key,
                          ByteView(unsealed).first(kAuthHeadSize));
  frame_ = encode_fixed(auth);
  accepted_resp_ = crypto::b2(frame);
  result_.session_key = std::move(*key);
  ephemeral_.clear();
  return terms;
}

bool InitiatorHandshake::is_accepted_resp(ByteView frame) const {
  return result_.peer_link != 0 && crypto::b2(frame) == accepted_resp_;
}

ResponderHandshake::ResponderHandshake(const Signer& signer, const LocalTerms& terms,
                                       std::uint16_t own_link, ByteView init, Secret<32> ephemeral)
    : signer_(signer), terms_(terms), own_link_(own_link), ephemeral_(std::move(ephemeral)) {
  Expects(init.size() == init_.size());
  copy_bytes(init, init_);
}

Result<Init> ResponderHandshake::accepts(ByteView frame, const NodeId& self) {
  auto init = decode<Init>(frame);
  if (!init) return init;
  if (!speaks_version(init->version)) {
    return fail(Errc::wrong_version, "INIT of another major protocol version");
  }
  if (!init->target.is_zero() && init->target != self) {
    return fail(Errc::wrong_peer, "INIT is meant for another node");
  }
  return init;
}

Status ResponderHandshake::respond(NodeTime clock) {
  const auto init = decode<Init>(init_);
  if (!init) return fail(init);
  Resp resp;
  resp.head.initiator_link = init->initiator_link;
  resp.head.responder_link = own_link_;
  resp.head.ephemeral = crypto::x25519_public(ephemeral_);
  auto key = derive_session_key(ephemeral_, init->ephemeral, init->ephemeral, resp.head.ephemeral);
  if (!key) return fail(key);
  const auto head = encode_fixed(resp.head);
  transcript_ = transcript_of(init_, head);
  resp.sealed = seal_body(signer_, terms_, clock, LinkRole::responder, transcript_, *key, head);
  resp_ = encode_fixed(resp);
  transcript_ = extend(transcript_, ByteView(resp_).subspan(kRespHeadSize));
  result_.session_key = std::move(*key);
  result_.peer_link = init->initiator_link;
  ephemeral_.clear();
  return {};
}

Status ResponderHandshake::on_auth(ByteView frame) {
  const auto auth = decode<Auth>(frame);
  if (!auth) return fail(auth);
  if (auth->responder_link != own_link_) {
    return fail(Errc::wrong_peer, "AUTH does not echo our link id");
  }
  const auto body = open_body(auth->sealed, LinkRole::initiator, transcript_, result_.session_key,
                              frame.first(kAuthHeadSize));
  if (!body) return fail(body);
  return take_peer(*body, signer_, terms_, result_);
}

}  // namespace mehr::l0
