#include "mehr/l0/link_session.h"

#include <gsl/assert>
#include <utility>

#include "mehr/core/hazard.h"

namespace mehr::l0 {

namespace {

constexpr std::uint8_t kEndMarker = 0x80;

LinkRole other(LinkRole role) {
  return role == LinkRole::initiator ? LinkRole::responder : LinkRole::initiator;
}

// Length of the message in front of the marker and the zeros after it. spec: L2/3.4 step 5
Result<std::size_t> message_size(ByteView plain) {
  std::size_t end = plain.size();
  while (end > 0 && plain[end - 1] == 0) --end;
  if (end < 2 || plain[end - 1] != kEndMarker) {
    return fail(Errc::bad_value, "a DATA frame without end marker or without message");
  }
  return end - 1;
}

}  // namespace

Result<Secret<32>> derive_session_key(const Secret<32>& own_ephemeral,
                                      const X25519Key& peer_ephemeral, const X25519Key& first,
                                      const X25519Key& second) {
  const auto shared = crypto::x25519(own_ephemeral, peer_ephemeral);
  if (!shared) return fail(shared);
  Hash256 digest = crypto::b2(shared->expose(), first.bytes, second.bytes);
  auto key = Secret<32>::copy_of(digest.bytes);
  crypto::wipe(digest.mutable_view());
  return key;
}

crypto::Nonce link_nonce(LinkRole sender, std::uint64_t counter) {
  crypto::Nonce nonce{};
  Writer w(nonce);
  w.put(std::uint32_t{sender == LinkRole::initiator ? 0U : 1U});
  w.put(counter);
  return nonce;
}

LinkSession::Key::Key(const Secret<32>& key, std::uint8_t key_epoch, std::uint32_t first_counter)
    : sealer(key, crypto::Aead::Use::seal),
      opener(key, crypto::Aead::Use::open),
      next_counter(first_counter),
      epoch(key_epoch) {}

LinkSession::LinkSession(const Addressing& addressing, const Secret<32>& key)
    : addressing_(addressing), current_(key, 0, 1) {
  current_.window.mark(0);  // the handshake took it
}

Result<MutableBytes> LinkSession::seal(ByteView message, std::size_t padded_size,
                                       MutableBytes out) {
  return seal_under(current_, message, padded_size, out);
}

Result<MutableBytes> LinkSession::seal_with_old(ByteView message, MutableBytes out) {
  if (!old_) return fail(Errc::wrong_state, "the previous link key is gone");
  return seal_under(*old_, message, 0, out);
}

Result<MutableBytes> LinkSession::seal_under(Key& key, ByteView message, std::size_t padded_size,
                                             MutableBytes out) {
  const std::size_t area = std::max(message.size(), padded_size);
  if (message.empty() || area > addressing_.mtu.bytes || out.size() < area + kLinkOverhead) {
    return fail(Errc::too_big, "the message does not fit a frame of this link");
  }
  if (key.next_counter == kLastCounter) {
    return fail(Errc::wrong_state, "the counters of this link key are used up");
  }
  std::uint32_t counter = key.next_counter++;
  if (planted("l0.counter_repeats") && counter % 16 == 15) --counter;
  const auto head = encode_fixed(DataHead{static_cast<std::uint8_t>(kDataType | (key.epoch & 0x0F)),
                                          addressing_.peer_link, counter});
  const MutableBytes frame = out.first(area + kLinkOverhead);
  const MutableBytes rest = copy_bytes(message, copy_bytes(head, frame));
  rest[0] = kEndMarker;
  std::fill_n(rest.begin() + 1, area - message.size(), std::uint8_t{0});
  const MutableBytes body = frame.subspan(kDataHeadSize);
  key.sealer.seal(link_nonce(addressing_.role, counter), frame.first(kDataHeadSize),
                  body.first(area + 1), body);
  key.sealed_bytes += frame.size();
  return frame;
}

LinkSession::Key* LinkSession::key_of(std::uint8_t type) {
  const std::uint8_t epoch = type & 0x0F;
  if ((current_.epoch & 0x0F) == epoch) return &current_;
  if (old_ && (old_->epoch & 0x0F) == epoch) return &*old_;
  return nullptr;
}

Result<MutableBytes> LinkSession::open(MutableBytes frame) {
  DataHead head;
  Reader r(frame);
  r.get(head);
  if (!r.ok() || frame.size() < kLinkOverhead) {
    return fail(Errc::truncated, "a DATA frame has at least 24 bytes");
  }
  Key* key = is_data_frame(head.type) ? key_of(head.type) : nullptr;
  if (key == nullptr || head.receiver_link != addressing_.own_link) {
    return fail(Errc::wrong_peer, "no such link or key epoch");
  }
  if (!key->window.is_fresh(head.counter) && !planted("l0.replay_window")) {
    return fail(Errc::replayed, "this counter was accepted before or is too old");
  }
  const MutableBytes sealed = frame.subspan(kDataHeadSize);
  const MutableBytes plain = sealed.first(sealed.size() - crypto::Aead::kTagSize);
  const auto nonce = link_nonce(other(addressing_.role), head.counter);
  if (planted("l0.bad_seal")) {
    // A stream cipher deciphers by enciphering; the tag is not looked at.
    key->sealer.seal(nonce, frame.first(kDataHeadSize), plain, sealed);
  } else if (auto opened = key->opener.open(nonce, frame.first(kDataHeadSize), sealed, plain);
             !opened) {
    return fail(opened);
  }
  key->window.mark(head.counter);  // only a frame that opened moves the window. spec: L2/3.4
  key->heard = true;
  const auto size = message_size(plain);
  if (!size) return fail(size);
  if (*size > addressing_.mtu.bytes) {
    return fail(Errc::too_big, "the message is over the negotiated MTU");
  }
  return plain.first(*size);
}

void LinkSession::install(const Secret<32>& key) {
  const auto epoch = static_cast<std::uint8_t>(current_.epoch + 1);
  old_.emplace(std::move(current_));
  current_ = Key(key, epoch, 0);
}

void LinkSession::exchange_keys() {
  Expects(old_.has_value());
  std::swap(current_, *old_);
  current_.heard = false;
}

}  // namespace mehr::l0
