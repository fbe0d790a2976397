#include "mehr/l2/sealed_stream.h"

#include "envelope_keys.h"

namespace mehr::l2 {

namespace {

struct StreamNonce {
  std::uint32_t last = 0;
  std::uint64_t segment = 0;
  static constexpr auto wire =
      std::tuple{field("last", &StreamNonce::last), field("segment", &StreamNonce::segment)};
};

crypto::Nonce nonce_of(bool last, std::uint64_t segment) {
  return encode_fixed(StreamNonce{last ? 1U : 0U, segment});
}

}  // namespace

StreamSealer::StreamSealer(const Secret<32>& key, const X25519Key& head, const NodeId& to,
                           std::uint8_t context)
    : aead_(key, crypto::Aead::Use::seal),
      head_(head),
      aad_(encode_fixed(EnvelopeAad{to, context})) {}

Result<StreamSealer> StreamSealer::start(const Recipient& to, std::uint8_t context,
                                         const Ephemeral& ephemeral) {
  auto shared = crypto::x25519(ephemeral.secret(), to.key);
  if (!shared) return fail(shared);
  const auto key = identity_key(kSaltStream, *shared, ephemeral.public_key(), to.key);
  return StreamSealer(key, ephemeral.public_key(), to.id, context);
}

Result<MutableBytes> StreamSealer::seal(ByteView plain, bool last, MutableBytes out) {
  if (done_) return fail(Errc::wrong_state, "the last segment is sealed already");
  if (plain.size() > kStreamSegment || out.size() < plain.size() + kTagSize) {
    return fail(Errc::too_big, "a segment holds at most 16384 bytes and needs 16 more to seal");
  }
  if (!last && plain.size() != kStreamSegment) {
    return fail(Errc::bad_value, "every segment but the last holds exactly 16384 bytes");
  }
  const MutableBytes sealed = out.first(plain.size() + kTagSize);
  aead_.seal(nonce_of(last, next_), aad_, plain, sealed);
  ++next_;
  done_ = last;
  return sealed;
}

StreamOpener::StreamOpener(const Secret<32>& key, const NodeId& me, std::uint8_t context)
    : aead_(key, crypto::Aead::Use::open),
      aad_(encode_fixed(EnvelopeAad{me, context})),
      held_(kStreamSealedSegment) {}

Result<StreamOpener> StreamOpener::start(const Signer& me, std::uint8_t context,
                                         const X25519Key& head) {
  auto shared = me.agree(head);
  if (!shared) return fail(shared);
  const auto key = identity_key(kSaltStream, *shared, head, me.x25519_key());
  return StreamOpener(key, me.node_id(), context);
}

Result<ByteView> StreamOpener::feed(ByteView& in) {
  if (state_ != State::reading) return fail(Errc::wrong_state, "the stream has ended");
  // Bytes behind a full segment prove that it was not the final one.
  if (filled_ == kStreamSealedSegment && !in.empty()) return open_held(false);
  const std::size_t n = std::min(in.size(), kStreamSealedSegment - filled_);
  copy_bytes(in.first(n), MutableBytes(held_).subspan(filled_));
  filled_ += n;
  in = in.subspan(n);
  if (!in.empty()) return open_held(false);
  return ByteView{};
}

Result<ByteView> StreamOpener::finish() {
  if (state_ != State::reading) return fail(Errc::wrong_state, "the stream has ended");
  if (filled_ < kTagSize) {
    state_ = State::failed;
    return fail(Errc::truncated, "the stream ends without its final segment");
  }
  auto plain = open_held(true);
  if (plain) state_ = State::done;
  return plain;
}

Result<ByteView> StreamOpener::open_held(bool last) {
  const MutableBytes sealed = MutableBytes(held_).first(filled_);
  const MutableBytes plain = sealed.first(filled_ - kTagSize);
  filled_ = 0;
  if (auto good = aead_.open(nonce_of(last, next_), aad_, sealed, plain); !good) {
    state_ = State::failed;
    return fail(good);
  }
  ++next_;
  return ByteView(plain);
}

}  // namespace mehr::l2
