#include "mehr/l2/key_file.h"

namespace mehr::l2 {

namespace {

Result<Secret<32>> key_of(const Passphrase& passphrase, const KeyFileHead& head) {
  Secret<32> key;
  if (auto good = crypto::argon2id(passphrase.expose(), head.salt.bytes,
                                   {head.memory_kib, head.passes}, key);
      !good) {
    return fail(good);
  }
  return key;
}

}  // namespace

Result<Passphrase> Passphrase::of(ByteView bytes) {
  if (bytes.size() > kLongest) {
    return fail(Errc::too_big, "a passphrase has at most 1024 bytes");
  }
  Passphrase out;
  copy_bytes(bytes, out.bytes_.expose_mutable());
  out.size_ = bytes.size();
  return out;
}

Status KeyFileHead::check() const {
  if (!same_bytes(magic.view(), as_bytes(kKeyFileMagic))) {
    return fail(Errc::bad_value, "this is no key file: it does not begin with MEHRKEY1");
  }
  if (memory_kib < kLeastMemoryKib || memory_kib > kMostMemoryKib) {
    return fail(Errc::bad_value, "the key file asks for less than 8 MiB or more than 4 GiB memory");
  }
  if (passes < 1 || passes > kMostPasses || lanes != 1) {
    return fail(Errc::bad_value, "the key file asks for no, or over 64, passes, or several lanes");
  }
  return {};
}

Result<KeyFileBytes> seal_key_file(const crypto::Seed& seed, const Passphrase& passphrase,
                                   const crypto::Argon2Cost& cost, Random& random) {
  KeyFile file;
  file.head.magic = FixedBytes<8, KeyFileMagicTag>::from(as_bytes(kKeyFileMagic));
  file.head.memory_kib = cost.memory_kib;
  file.head.passes = cost.passes;
  file.head.lanes = 1;
  random.fill(file.head.salt.mutable_view());
  random.fill(file.head.nonce.mutable_view());
  if (auto good = file.head.check(); !good) return fail(good);
  auto key = key_of(passphrase, file.head);
  if (!key) return fail(key);
  crypto::Aead(*key, crypto::Aead::Use::seal)
      .seal(file.head.nonce.bytes, encode_fixed(file.head), seed.expose(),
            file.sealed.mutable_view());
  return encode_fixed(file);
}

Result<crypto::Seed> open_key_file(ByteView bytes, const Passphrase& passphrase) {
  const auto file = decode<KeyFile>(bytes);
  if (!file) return fail(file);
  auto key = key_of(passphrase, file->head);
  if (!key) return fail(key);
  crypto::Seed seed;
  if (!crypto::Aead(*key, crypto::Aead::Use::open)
           .open(file->head.nonce.bytes, encode_fixed(file->head), file->sealed.view(),
                 seed.expose_mutable())) {
    return fail(Errc::bad_seal, "the passphrase is wrong, or the key file is damaged");
  }
  return seed;
}

}  // namespace mehr::l2
