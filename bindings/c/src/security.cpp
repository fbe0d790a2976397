// Sealed messages, key files, shares and notices of mehr/l2.h.
#include <cstring>
#include <limits>
#include <vector>

#include "handles.h"
#include "mehr/l2.h"
#include "mehr/l2/advisory.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/key_file.h"
#include "mehr/l2/share.h"
#include "mehr/l2/signed_body.h"
#include "random_source.h"

namespace mehr::capi {
namespace {

constexpr std::uint32_t kMostContext = 255;
constexpr std::size_t kMostShares = 255;

std::size_t sealed_size(std::size_t body, bool proven) {
  return body + l2::kE1Overhead + (proven ? l2::kProofSize : 0);
}

mehr_status seal_into(const l2::Recipient& to, std::uint8_t context, const mehr_identity* sender,
                      ByteView body, Random& random, MutableBytes out) {
  const auto ephemeral = l2::Ephemeral::draw(random);
  if (sender == nullptr) {
    const auto sealed = l2::seal_e1(to, context, body, ephemeral, out);
    return sealed ? MEHR_OK : status_of(sealed.error());
  }
  const auto plain = l2::make_signed_body(*sender->signer, {to.id, ephemeral.public_key(), context},
                                          body, out.subspan(l2::kE1Body));
  if (!plain) return status_of(plain.error());
  const auto sealed = l2::seal_e1(to, context, *plain, ephemeral, out);
  return sealed ? MEHR_OK : status_of(sealed.error());
}

mehr_status read_cost(const mehr_key_cost* in, crypto::Argon2Cost& out) {
  mehr_key_cost given = MEHR_KEY_COST_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(given.struct_size), given); good < 0) return good;
  }
  if (given.reserved != 0) return MEHR_E_INVALID;
  if (given.memory_kib != 0) out.memory_kib = given.memory_kib;
  if (given.passes != 0) out.passes = given.passes;
  return MEHR_OK;
}

mehr_status read_passphrase(const mehr_bytes& in, l2::Passphrase& out) {
  if (!is_valid(in) || in.size == 0) return MEHR_E_INVALID;
  auto read = l2::Passphrase::of(view_of(in));
  if (!read) return MEHR_E_INVALID;
  out = std::move(*read);
  return MEHR_OK;
}

/// A buffer that holds a plaintext for a while, and is wiped whichever way it is left.
struct Plaintext {
  explicit Plaintext(std::size_t size) : bytes(size) {}
  ~Plaintext() { crypto::wipe(bytes); }
  Plaintext(const Plaintext&) = delete;
  Plaintext& operator=(const Plaintext&) = delete;
  Bytes bytes;
};

mehr_identity* identity_of(const crypto::Seed& seed) { return new_handle(seed); }

bool is_own(const mehr_identity* first, const mehr_identity* second) {
  return first->own != nullptr && (second == nullptr || second->own != nullptr);
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_seal(const mehr_public_key* recipient, std::uint32_t context,
                      const mehr_identity* sender, mehr_bytes body, const mehr_random* random,
                      mehr_buf out, std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (recipient == nullptr || written == nullptr || context > kMostContext || !is_valid(body) ||
        !is_valid(out) || body.size > std::numeric_limits<std::size_t>::max() / 2) {
      return MEHR_E_INVALID;
    }
    RandomSource source;
    if (auto good = source.open(random); good < 0) return good;
    const auto to = l2::Recipient::of(PublicKey::from(recipient->bytes));
    if (!to) return MEHR_E_BAD_VALUE;
    *written = sealed_size(body.size, sender != nullptr);
    if (is_size_query(out)) return MEHR_OK;
    if (out.size < *written) return MEHR_E_TOO_BIG;
    // Into a buffer of our own, so that nothing is written unless all of it is.
    Plaintext sealed(*written);
    if (auto good = source.refill(); good < 0) return good;
    if (auto good = seal_into(*to, static_cast<std::uint8_t>(context), sender, view_of(body),
                              source.random(), sealed.bytes);
        good < 0) {
      return good;
    }
    copy_bytes(sealed.bytes, room_of(out));
    return MEHR_OK;
  });
}

mehr_status mehr_open(const mehr_identity* identity, std::uint32_t context, mehr_bytes envelope,
                      mehr_buf out, std::size_t* written, mehr_public_key* sender) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || written == nullptr || context > kMostContext ||
        !is_valid(envelope) || !is_valid(out)) {
      return MEHR_E_INVALID;
    }
    Plaintext plain(envelope.size);
    const auto at = static_cast<std::uint8_t>(context);
    const auto opened = l2::open_e1(*identity->signer, at, view_of(envelope), plain.bytes);
    if (!opened) return status_of(opened.error());
    ByteView body = opened->plain;
    PublicKey from;
    if (sender != nullptr) {
      const auto proven = l2::verify_signed_body(
          {identity->signer->node_id(), opened->ephemeral, at}, opened->plain);
      if (!proven) return status_of(proven.error());
      body = proven->body;
      from = proven->sender;
    }
    const mehr_status done = deliver(body, out, written);
    if (done == MEHR_OK && sender != nullptr) copy_bytes(from.view(), sender->bytes);
    return done;
  });
}

mehr_status mehr_key_file_seal(const mehr_identity* identity, mehr_bytes passphrase,
                               const mehr_key_cost* cost, const mehr_random* random, mehr_buf out,
                               std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || written == nullptr || !is_valid(out)) return MEHR_E_INVALID;
    if (identity->own == nullptr) return MEHR_E_UNSUPPORTED;
    l2::Passphrase phrase;
    if (auto good = read_passphrase(passphrase, phrase); good < 0) return good;
    crypto::Argon2Cost price;
    if (auto good = read_cost(cost, price); good < 0) return good;
    RandomSource source;
    if (auto good = source.open(random); good < 0) return good;
    *written = l2::kKeyFileSize;
    if (is_size_query(out)) return MEHR_OK;
    if (out.size < l2::kKeyFileSize) return MEHR_E_TOO_BIG;
    if (auto good = source.refill(); good < 0) return good;
    const auto file = l2::seal_key_file(identity->own->seed(), phrase, price, source.random());
    if (!file) return status_of(file.error());
    return deliver(*file, out, written);
  });
}

mehr_status mehr_key_file_open(mehr_bytes file, mehr_bytes passphrase,
                               mehr_identity** out) noexcept {
  return guard([&]() -> mehr_status {
    if (out == nullptr || !is_valid(file)) return MEHR_E_INVALID;
    l2::Passphrase phrase;
    if (auto good = read_passphrase(passphrase, phrase); good < 0) return good;
    const auto seed = l2::open_key_file(view_of(file), phrase);
    if (!seed) return status_of(seed.error());
    *out = identity_of(*seed);
    return MEHR_OK;
  });
}

mehr_status mehr_shares_split(const mehr_identity* identity, std::uint32_t needed,
                              std::uint32_t total, const mehr_random* random,
                              mehr_share* out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || out == nullptr) return MEHR_E_INVALID;
    if (identity->own == nullptr) return MEHR_E_UNSUPPORTED;
    if (needed < 2 || needed > total || total > kMostShares) return MEHR_E_BAD_VALUE;
    static_assert(sizeof(mehr_share) > l2::kShareText);
    // A coefficient for each share that is needed, drawn before anything is made.
    CallerBytes coefficients(std::size_t{needed} * crypto::Seed::kSize);
    if (auto good = coefficients.draw(random); good < 0) return good;
    std::vector<l2::Share> shares(total);
    const auto made = l2::split_seed(identity->own->seed(), static_cast<std::uint8_t>(needed),
                                     shares, coefficients);
    if (!made) return status_of(made.error());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      std::memset(out[i].text, 0, sizeof out[i].text);
      shares[i].to_text(std::span<char, l2::kShareText>(out[i].text, l2::kShareText));
    }
    return MEHR_OK;
  });
}

mehr_status mehr_shares_combine(const char* const* texts, std::size_t count,
                                mehr_identity** out) noexcept {
  return guard([&]() -> mehr_status {
    constexpr std::size_t kLongestText = 1024;
    if (texts == nullptr || out == nullptr || count == 0 || count > kMostShares) {
      return MEHR_E_INVALID;
    }
    std::vector<l2::Share> shares;
    shares.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (texts[i] == nullptr) return MEHR_E_INVALID;
      auto share = l2::Share::parse({texts[i], strnlen(texts[i], kLongestText)});
      if (!share) return status_of(share.error());
      shares.push_back(std::move(*share));
    }
    const auto seed = l2::combine_shares(shares);
    if (!seed) return status_of(seed.error());
    *out = identity_of(*seed);
    return MEHR_OK;
  });
}

mehr_status mehr_advisory_build(const mehr_identity* compromised, const mehr_identity* successor,
                                std::uint64_t sequence, std::uint64_t timestamp, mehr_buf out,
                                std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (compromised == nullptr || written == nullptr || !is_valid(out)) return MEHR_E_INVALID;
    const Signer& old = *compromised->signer;
    if (successor != nullptr && successor->signer->public_key() == old.public_key()) {
      return MEHR_E_INVALID;
    }
    const auto advisory = successor == nullptr
                              ? l2::make_advisory(old, PublicKey{}, sequence, timestamp)
                              : l2::make_advisory(old, *successor->signer, sequence, timestamp);
    // A key that is kept elsewhere may not have signed.
    if (!is_own(compromised, successor) && !l2::verify(advisory)) return MEHR_E_IO;
    std::array<std::uint8_t, l2::kAdvisoryBoth> bytes{};
    const auto encoded = l2::encode_advisory(advisory, bytes);
    if (!encoded) return status_of(encoded.error());
    return deliver(*encoded, out, written);
  });
}

mehr_status mehr_advisory_verify(mehr_bytes advisory, mehr_advisory* out) noexcept {
  return guard([&]() -> mehr_status {
    if (!is_valid(advisory)) return MEHR_E_INVALID;
    if (out != nullptr) {
      if (auto good = check_struct(out, sizeof(out->struct_size)); good < 0) return good;
    }
    const auto read = l2::decode_advisory(view_of(advisory));
    if (!read) return status_of(read.error());
    if (auto good = l2::verify(*read); !good) return status_of(good.error());
    if (out == nullptr) return MEHR_OK;
    mehr_advisory told = MEHR_ADVISORY_INIT;
    told.signed_by_both = read->evidence == l2::Evidence::both ? 1 : 0;
    copy_bytes(read->compromised.view(), told.compromised.bytes);
    copy_bytes(read->successor.view(), told.successor.bytes);
    told.sequence = read->sequence;
    told.timestamp = read->timestamp;
    write_struct(told, out);
    return MEHR_OK;
  });
}

mehr_status mehr_commitment_build(const mehr_identity* owner, const mehr_public_key* next,
                                  mehr_buf out, std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (owner == nullptr || next == nullptr || written == nullptr || !is_valid(out)) {
      return MEHR_E_INVALID;
    }
    const auto made = l2::make_commitment(*owner->signer, PublicKey::from(next->bytes));
    if (!is_own(owner, nullptr) && !l2::verify(made)) return MEHR_E_IO;
    return deliver(encode_fixed(made), out, written);
  });
}

mehr_status mehr_commitment_verify(mehr_bytes commitment, const mehr_public_key* next) noexcept {
  return guard([&]() -> mehr_status {
    if (!is_valid(commitment)) return MEHR_E_INVALID;
    const auto read = decode<l2::NextKeyCommitment>(view_of(commitment));
    if (!read) return status_of(read.error());
    if (auto good = l2::verify(*read); !good) return status_of(good.error());
    if (next != nullptr && read->commitment != l2::commitment_to(PublicKey::from(next->bytes))) {
      return MEHR_E_WRONG_PEER;
    }
    return MEHR_OK;
  });
}
