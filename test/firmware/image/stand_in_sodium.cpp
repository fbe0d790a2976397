// THIS PROTECTS NOTHING. The calls of libsodium that L0 and L1 make, without any cryptography.
//
// Debian has no libsodium for the device, and the image wants to be linked and run all the same: so
// that everything of ours is in it, and that its size and its behaviour are seen. A device links
// the real library; so does this image, with MEHR_SODIUM_SOURCE. Anybody can sign for anybody. What
// holds: sizes, verdicts, an altered byte is noticed, both ends of an exchange agree.
#if defined(__unix__) || defined(_WIN32) || defined(__APPLE__)
#error "the stand-in is for a machine without operating system, and so without sockets"
#endif

#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

extern "C" {
// As in ports/sim/fast-crypto: no program of ours with sockets can be linked with this.
extern const char mehr_real_crypto_only_programs_open_sockets[];
[[gnu::used]] const char mehr_real_crypto_only_programs_open_sockets[] =
    "this image has a stand-in for its crypto";
}

namespace {

using Word = std::uint64_t;
constexpr Word kOdd = 0x9E3779B97F4A7C15;

/// Takes bytes, however they are cut, and gives as many back.
class Mixer {
 public:
  explicit constexpr Mixer(Word purpose) : a_(purpose * kOdd), b_(~purpose) {}
  Mixer& add(const void* bytes, std::size_t size) {
    const auto* at = static_cast<const std::uint8_t*>(bytes);
    for (std::size_t i = 0; i < size; ++i) {
      a_ = std::rotl(a_ ^ at[i], 9) * kOdd;
      b_ += a_;
    }
    return *this;
  }
  void fill(std::uint8_t* out, std::size_t size) const {
    Word x = a_ ^ std::rotl(b_, 32);
    for (std::size_t i = 0; i < size; ++i) {
      x = (x ^ (x >> 29)) * kOdd + b_;
      out[i] = static_cast<std::uint8_t>(x >> 56);
    }
  }

 private:
  Word a_;
  Word b_;
};

enum Purpose : Word { kHash = 1, kSha, kPublic, kSignature, kExchange, kShared, kStream, kTag };

Mixer& mixer_in(void* state) { return *static_cast<Mixer*>(state); }

void apply_stream(std::uint8_t* out, const std::uint8_t* in, std::size_t size,
                  const std::uint8_t* nonce, const std::uint8_t* key) {
  const Mixer stream = Mixer(kStream).add(key, 32).add(nonce, 12);
  std::array<std::uint8_t, 32> block{};
  for (std::size_t at = 0; at < size; at += block.size()) {
    Mixer(stream).add(&at, sizeof(at)).fill(block.data(), block.size());
    const std::size_t part = std::min(block.size(), size - at);
    for (std::size_t i = 0; i < part; ++i) out[at + i] = in[at + i] ^ block[i];
  }
}

void tag_of(std::uint8_t* tag, const std::uint8_t* sealed, std::size_t size,
            const std::uint8_t* aad, std::size_t aad_size, const std::uint8_t* nonce,
            const std::uint8_t* key) {
  Mixer(kTag).add(key, 32).add(nonce, 12).add(aad, aad_size).add(sealed, size).fill(tag, 16);
}

void signature_of(std::uint8_t* signature, const std::uint8_t* message, std::size_t size,
                  const std::uint8_t* public_key) {
  Mixer(kSignature).add(public_key, 32).add(message, size).fill(signature, 64);
}

using Size = unsigned long long;
std::size_t of(Size size) { return static_cast<std::size_t>(size); }

}  // namespace

int sodium_init() { return 0; }
void sodium_memzero(void* bytes, size_t size) {
  std::memset(bytes, 0, size);
  asm volatile("" : : "r"(bytes) : "memory");
}
int sodium_memcmp(const void* a, const void* b, size_t size) {
  return std::memcmp(a, b, size) == 0 ? 0 : -1;
}

// ---- Hashes

static_assert(sizeof(Mixer) <= sizeof(crypto_generichash_blake2b_state));
int crypto_generichash_blake2b_init(crypto_generichash_blake2b_state* state,
                                    const unsigned char* key, const size_t key_size,
                                    const size_t size) {
  mixer_in(state) = Mixer(kHash).add(key, key_size).add(&size, sizeof(size));
  return 0;
}
int crypto_generichash_blake2b_update(crypto_generichash_blake2b_state* state,
                                      const unsigned char* bytes, Size size) {
  mixer_in(state).add(bytes, of(size));
  return 0;
}
int crypto_generichash_blake2b_final(crypto_generichash_blake2b_state* state, unsigned char* out,
                                     const size_t size) {
  mixer_in(state).fill(out, size);
  return 0;
}
int crypto_generichash_blake2b(unsigned char* out, size_t size, const unsigned char* in,
                               Size in_size, const unsigned char* key, size_t key_size) {
  Mixer(kHash).add(key, key_size).add(&size, sizeof(size)).add(in, of(in_size)).fill(out, size);
  return 0;
}
int crypto_hash_sha256(unsigned char* out, const unsigned char* in, Size size) {
  Mixer(kSha).add(in, of(size)).fill(out, 32);
  return 0;
}
int crypto_hash_sha512(unsigned char* out, const unsigned char* in, Size size) {
  Mixer(kSha).add(in, of(size)).fill(out, 64);
  return 0;
}

// ---- Keys

int crypto_sign_seed_keypair(unsigned char* key, unsigned char* pair, const unsigned char* seed) {
  Mixer(kPublic).add(seed, 32).fill(key, 32);
  key[31] &= 0x3f;  // below the prime, as y coordinates are
  std::memcpy(pair, seed, 32);
  std::memcpy(pair + 32, key, 32);
  return 0;
}
int crypto_sign_detached(unsigned char* signature, Size* size, const unsigned char* message,
                         Size message_size, const unsigned char* pair) {
  if (size != nullptr) *size = 64;
  signature_of(signature, message, of(message_size), pair + 32);
  return 0;
}
int crypto_sign_verify_detached(const unsigned char* signature, const unsigned char* message,
                                Size size, const unsigned char* key) {
  std::array<std::uint8_t, 64> right{};
  signature_of(right.data(), message, of(size), key);
  return sodium_memcmp(right.data(), signature, right.size());
}
int crypto_core_ed25519_add(unsigned char* out, const unsigned char* p, const unsigned char*) {
  std::memcpy(out, p, 32);
  return 0;
}
int crypto_scalarmult_base(unsigned char* out, const unsigned char* secret) {
  Mixer(kExchange).add(secret, 32).fill(out, 32);
  return 0;
}
int crypto_scalarmult(unsigned char* out, const unsigned char* secret, const unsigned char* peer) {
  std::array<std::uint8_t, 32> own{};
  crypto_scalarmult_base(own.data(), secret);
  // The lesser one first: the same at both ends.
  const bool own_first = std::memcmp(own.data(), peer, 32) < 0;
  Mixer mixer(kShared);
  mixer.add(own_first ? own.data() : peer, 32).add(own_first ? peer : own.data(), 32).fill(out, 32);
  return 0;
}

// ---- ChaCha20-Poly1305

int crypto_aead_chacha20poly1305_ietf_encrypt_detached(unsigned char* out, unsigned char* tag,
                                                       Size* tag_size, const unsigned char* plain,
                                                       Size size, const unsigned char* aad,
                                                       Size aad_size, const unsigned char*,
                                                       const unsigned char* nonce,
                                                       const unsigned char* key) {
  if (tag_size != nullptr) *tag_size = 16;
  apply_stream(out, plain, of(size), nonce, key);
  tag_of(tag, out, of(size), aad, of(aad_size), nonce, key);
  return 0;
}
int crypto_aead_chacha20poly1305_ietf_decrypt_detached(unsigned char* out, unsigned char*,
                                                       const unsigned char* sealed, Size size,
                                                       const unsigned char* tag,
                                                       const unsigned char* aad, Size aad_size,
                                                       const unsigned char* nonce,
                                                       const unsigned char* key) {
  std::array<std::uint8_t, 16> right{};
  tag_of(right.data(), sealed, of(size), aad, of(aad_size), nonce, key);
  if (sodium_memcmp(right.data(), tag, right.size()) != 0) return -1;
  apply_stream(out, sealed, of(size), nonce, key);
  return 0;
}
