#include "mehr/l0/pq_rekey.h"

#include "mehr/core/crypto.h"

namespace mehr::l0 {

namespace {

constexpr std::string_view kTag = "mehr-pq-v1";

}  // namespace

PqRekey::PqRekey(const Kem& kem, const Secret<32>& session_key)
    : kem_(kem), session_key_(Secret<32>::copy_of(session_key.expose())) {}

Status PqRekey::ask(std::uint8_t epoch, Random& random) {
  random.fill(ephemeral_.expose_mutable());
  random.fill(seed_.expose_mutable());
  const auto key = kem_.encapsulation_key(seed_);
  if (!key) return fail(key);
  PqRequest request;
  request.epoch = epoch;
  request.ephemeral = crypto::x25519_public(ephemeral_);
  request.key = *key;
  request_ = encode_fixed(request);
  return {};
}

std::optional<Secret<32>> PqRekey::answer(const PqRequest& request, Random& random) {
  Secret<32> own;
  random.fill(own.expose_mutable());
  Secret<32> coins;
  random.fill(coins.expose_mutable());
  const auto exchange = crypto::x25519(own, request.ephemeral);
  if (!exchange) return std::nullopt;
  PqAck ack;
  ack.epoch = request.epoch;
  ack.ephemeral = crypto::x25519_public(own);
  const auto secret = kem_.encapsulate(request.key, coins, ack.ciphertext);
  if (!secret) return std::nullopt;
  const auto bytes = encode_fixed(request);
  ack_ = encode_fixed(ack);
  answered_ = crypto::b2(bytes);
  return key_of(*exchange, *secret, bytes, ack_);
}

std::optional<Secret<32>> PqRekey::take(const PqAck& ack) {
  const auto exchange = crypto::x25519(ephemeral_, ack.ephemeral);
  if (!exchange) return std::nullopt;
  const auto secret = kem_.decapsulate(seed_, ack.ciphertext);
  if (!secret) return std::nullopt;
  return key_of(*exchange, *secret, request_, encode_fixed(ack));
}

bool PqRekey::is_answered(const PqRequest& request) const {
  return crypto::b2(encode_fixed(request)) == answered_;
}

void PqRekey::installed(const Secret<32>& key) {
  session_key_ = Secret<32>::copy_of(key.expose());
  ephemeral_.clear();
  seed_.clear();
}

void PqRekey::forget() {
  ephemeral_.clear();
  seed_.clear();
  answered_ = {};
}

Secret<32> PqRekey::key_of(const Secret<32>& exchange, const Secret<32>& kem, ByteView request,
                           ByteView ack) const {
  const Hash256 key =
      crypto::b2(as_bytes(kTag), exchange.expose(), kem.expose(), session_key_.expose(),
                 crypto::b2(request).view(), crypto::b2(ack).view());
  Secret<32> out = Secret<32>::copy_of(key.bytes);
  Hash256 gone = key;
  crypto::wipe(gone.mutable_view());
  return out;
}

}  // namespace mehr::l0
