// THIS PROTECTS NOTHING. A stand-in for ChaCha20-Poly1305; keys.cpp tells what it is for.
//
// A keystream of one multiplication per word, and a tag over nonce, associated data and ciphertext.
// Every altered bit fails, sizes and errors are the real ones. Nothing is allocated.
#include <array>
#include <gsl/assert>
#include <new>

#include "mehr/core/crypto.h"
#include "mixer.h"

namespace mehr::crypto {

namespace {

using fast::kOdd1;
using fast::load_word;
using fast::Mixer;
using fast::store_word;

using Tag = std::array<std::uint8_t, Aead::kTagSize>;
using Words = std::array<std::uint64_t, 4>;

/// One message on its way through: text is turned into the other kind word by word, and what is
/// ciphertext goes into the tag.
class Pass {
 public:
  Pass(const Words& key, const Nonce& nonce, ByteView aad)
      : mixer_(key[0] ^ std::rotl(key[1], 17)), at_(key[2] ^ std::rotl(key[3], 41)) {
    mixer_.word_a(key[2]);
    mixer_.word_b(key[3]);
    mixer_.absorb(nonce).absorb(aad);
    at_ = fast::stirred(at_ ^ load_word(nonce.data() + 4)) + load_word(nonce.data());
  }

  template <bool kSealing>
  Tag run(ByteView in, std::uint8_t* out) {
    const std::uint8_t* from = in.data();
    std::size_t left = in.size();
    for (; left >= 16; left -= 16, from += 16, out += 16) {
      const std::uint64_t one = load_word(from);
      const std::uint64_t two = load_word(from + 8);
      const std::uint64_t other_one = one ^ next();
      const std::uint64_t other_two = two ^ next();
      mixer_.word_a(kSealing ? other_one : one);
      mixer_.word_b(kSealing ? other_two : two);
      store_word(other_one, out);
      store_word(other_two, out + 8);
    }
    while (left > 0) {
      const std::size_t size = std::min<std::size_t>(left, 8);
      const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * size);
      const std::uint64_t word = fast::load_rest(from, size);
      const std::uint64_t other = word ^ (next() & mask);
      mixer_.word_a(kSealing ? other : word);
      std::memcpy(out, &other, size);
      from += size;
      out += size;
      left -= size;
    }
    mixer_.word_b(in.size());
    Tag tag{};
    mixer_.fill(tag);
    return tag;
  }

 private:
  std::uint64_t next() {
    at_ += kOdd1;
    const std::uint64_t x = at_ * fast::kOdd2;
    return x ^ (x >> 32);
  }

  Mixer mixer_;
  std::uint64_t at_;
};

}  // namespace

struct Aead::Context {
  Use use;
  bool has_key = true;  // false once it has moved on
  Words key{};
};

Aead::Context& Aead::context() {
  static_assert(sizeof(Context) <= sizeof(place_) && alignof(Context) <= alignof(Aead));
  return *std::launder(reinterpret_cast<Context*>(place_.data()));
}

Aead::Aead(const Secret<32>& key, Use use) {
  Context* const made = new (place_.data()) Context{use};
  for (std::size_t i = 0; i < made->key.size(); ++i) {
    made->key[i] = load_word(key.expose().data() + 8 * i);
  }
}

Aead::~Aead() { context().~Context(); }
Aead::Aead(Aead&& other) noexcept {
  new (place_.data()) Context(other.context());
  other.context().has_key = false;
}
Aead& Aead::operator=(Aead&& other) noexcept {
  if (this == &other) return *this;
  context() = other.context();
  other.context().has_key = false;
  return *this;
}

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plain, MutableBytes out) {
  const Context& own = context();
  Expects(own.has_key && own.use == Use::seal);
  Expects(out.size() == plain.size() + kTagSize);
  const Tag tag = Pass(own.key, nonce, aad).run<true>(plain, out.data());
  copy_bytes(tag, out.subspan(plain.size()));
}

Status Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed, MutableBytes out) {
  const Context& own = context();
  Expects(own.has_key && own.use == Use::open);
  if (sealed.size() < kTagSize) return fail(Errc::bad_seal, "shorter than an authentication tag");
  Expects(out.size() == sealed.size() - kTagSize);
  Tag expected{};
  copy_bytes(sealed.subspan(out.size()), expected);
  const Tag tag = Pass(own.key, nonce, aad).run<false>(sealed.first(out.size()), out.data());
  if (tag == expected) return {};
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  return fail(Errc::bad_seal, "the authentication tag does not match");
}

}  // namespace mehr::crypto
