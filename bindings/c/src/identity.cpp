// Identities of mehr/l0.h.
#include <cstring>
#include <gsl/assert>
#include <optional>
#include <string_view>

#include "handles.h"

namespace mehr::capi {

void PooledRandom::fill(MutableBytes out) {
  Expects(out.size() <= kSize - used_);
  const MutableBytes from = pool().subspan(used_, out.size());
  copy_bytes(from, out);
  crypto::wipe(from);
  used_ += out.size();
}

namespace {

constexpr std::size_t kLongestLabel = 64;

std::optional<std::string_view> label_of(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view label(text, strnlen(text, kLongestLabel + 1));
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
  const bool good = !label.empty() && label.size() <= kLongestLabel &&
                    std::all_of(label.begin(), label.end(), printable);
  return good ? std::optional(label) : std::nullopt;
}

mehr_status new_identity(const crypto::Seed& seed, mehr_identity** out) {
  *out = new_handle(seed);
  return MEHR_OK;
}

}  // namespace

mehr_identity* new_handle(const crypto::Seed& seed) {
  auto own = std::make_shared<const l0::Identity>(l0::Identity::from_seed(seed));
  return new mehr_identity{own, own};
}

}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_identity_from_seed(mehr_bytes seed, mehr_identity** out) noexcept {
  return guard([&]() -> mehr_status {
    if (out == nullptr || seed.data == nullptr || seed.size != crypto::Seed::kSize) {
      return MEHR_E_INVALID;
    }
    const auto secret = crypto::Seed::copy_of(view_of(seed).first<crypto::Seed::kSize>());
    return new_identity(secret, out);
  });
}

mehr_status mehr_identity_generate(const mehr_random* random, mehr_identity** out) noexcept {
  return guard([&]() -> mehr_status {
    if (out == nullptr) return MEHR_E_INVALID;
    mehr_random source;
    if (auto good = read_random(random, source); good < 0) return good;
    crypto::Seed seed;
    if (auto good = fill_random(source, seed.expose_mutable()); good < 0) return good;
    return new_identity(seed, out);
  });
}

void mehr_identity_free(mehr_identity* identity) noexcept { delete identity; }

mehr_status mehr_identity_node_id(const mehr_identity* identity, mehr_id* out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || out == nullptr) return MEHR_E_INVALID;
    copy_bytes(identity->signer->node_id().view(), out->bytes);
    return MEHR_OK;
  });
}

mehr_status mehr_identity_public_key(const mehr_identity* identity, mehr_public_key* out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || out == nullptr) return MEHR_E_INVALID;
    copy_bytes(identity->signer->public_key().view(), out->bytes);
    return MEHR_OK;
  });
}

mehr_status mehr_identity_seed(const mehr_identity* identity, mehr_buf out,
                               std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || written == nullptr || !is_valid(out)) return MEHR_E_INVALID;
    if (identity->own == nullptr) return MEHR_E_UNSUPPORTED;
    return deliver(identity->own->seed().expose(), out, written);
  });
}

mehr_status mehr_identity_sign(const mehr_identity* identity, const char* label, mehr_bytes message,
                               mehr_signature* out) noexcept {
  return guard([&]() -> mehr_status {
    const auto checked = label_of(label);
    if (identity == nullptr || out == nullptr || !checked || !is_valid(message)) {
      return MEHR_E_INVALID;
    }
    // spec: L2/1. The core stops the program here; a caller of the C ABI gets an answer.
    if (checked->size() <= 32 && message.size == 32 - checked->size()) return MEHR_E_DENIED;
    const Signature made = identity->signer->sign(*checked, view_of(message));
    if (made == Signature{}) return MEHR_E_IO;  // whoever keeps the key did not sign
    copy_bytes(made.view(), out->bytes);
    return MEHR_OK;
  });
}

mehr_status mehr_verify(const mehr_public_key* key, const char* label, mehr_bytes message,
                        const mehr_signature* signature) noexcept {
  return guard([&]() -> mehr_status {
    const auto checked = label_of(label);
    if (key == nullptr || signature == nullptr || !checked || !is_valid(message)) {
      return MEHR_E_INVALID;
    }
    Bytes joined(checked->size() + message.size);
    copy_bytes(view_of(message), copy_bytes(as_bytes(*checked), joined));
    const bool good =
        crypto::verify(PublicKey::from(key->bytes), joined, Signature::from(signature->bytes));
    return good ? MEHR_OK : MEHR_E_BAD_SIGNATURE;
  });
}

mehr_status mehr_node_id_of(const mehr_public_key* key, mehr_id* out) noexcept {
  return guard([&]() -> mehr_status {
    if (key == nullptr || out == nullptr) return MEHR_E_INVALID;
    copy_bytes(crypto::node_id_of(PublicKey::from(key->bytes)).view(), out->bytes);
    return MEHR_OK;
  });
}
