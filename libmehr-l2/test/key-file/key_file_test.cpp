// L2/6 property 24: key files, and what is refused of them before any heavy work.
#include "mehr/l2/key_file.h"

#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

constexpr crypto::Argon2Cost kCheap{kLeastMemoryKib, 1};  // the least that a file may ask for

Passphrase phrase(std::string_view text) { return *Passphrase::of(as_bytes(text)); }

KeyFileBytes sealed(std::string_view passphrase, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  return *seal_key_file(repeated(0x55), phrase(passphrase), kCheap, random);
}

Errc refusal(ByteView file, std::string_view passphrase = "right") {
  const auto opened = open_key_file(file, phrase(passphrase));
  REQUIRE_FALSE(opened.has_value());
  return opened.error().code;
}

}  // namespace

TEST_CASE("L2/6 key file: the layout, and the seed comes back", "[l2][keyfile]") {
  const auto file = sealed("right");
  CHECK(as_text(ByteView(file).first(8)) == "MEHRKEY1");
  CHECK(bytes_of(ByteView(file).subspan(8, 12)) == hex("002000000100000001000000"));
  const auto seed = open_key_file(file, phrase("right"));
  REQUIRE(seed.has_value());
  CHECK(seed->equals(repeated(0x55)));
}

TEST_CASE("L2/6 key file: a known answer, made by hand from the layout", "[l2][keyfile]") {
  // The parts by the primitives themselves: Argon2id of RFC 9106, then the AEAD over bytes 0..48.
  Bytes head = join(text("MEHRKEY1"), hex("002000000100000001000000"));
  head = join(head, pattern(16));
  head = join(head, hex("000102030405060708090a0b"));
  crypto::Argon2Salt salt{};
  copy_bytes(pattern(16), salt);
  Secret<32> key;
  REQUIRE(crypto::argon2id(as_bytes("right"), salt, kCheap, key).has_value());
  crypto::Nonce nonce{};
  copy_bytes(ByteView(head).subspan(36), nonce);
  Bytes sealed_seed(48);
  const auto seed = repeated(0x07);
  crypto::Aead(key, crypto::Aead::Use::seal).seal(nonce, head, seed.expose(), sealed_seed);
  const auto opened = open_key_file(join(head, sealed_seed), phrase("right"));
  REQUIRE(opened.has_value());
  CHECK(opened->equals(seed));
}

TEST_CASE("L2/6 property 24: wrong passphrase, every byte flipped, every truncation",
          "[l2][keyfile]") {
  const auto file = sealed("right");
  CHECK(refusal(file, "wrong") == Errc::bad_seal);
  CHECK(refusal(file, "") == Errc::bad_seal);
  CHECK(refusal(file, "right ") == Errc::bad_seal);
  for (std::size_t i = 0; i < file.size(); ++i) {
    // The costs of memory and passes are judged by their own test: a flip may make them huge.
    if (i >= 8 && i < 20) continue;
    auto bad = file;
    bad[i] ^= 0x10;
    INFO("byte " << i);
    const Errc why = refusal(bad);
    CHECK(why == (i < 8 ? Errc::bad_value : Errc::bad_seal));
  }
  for (std::size_t n = 0; n < file.size(); ++n) {
    CHECK(refusal(ByteView(file).first(n)) == Errc::truncated);
  }
  CHECK(refusal(join(file, hex("00"))) == Errc::trailing);
}

TEST_CASE("L2/6 property 24: costs out of range are refused before any work", "[l2][keyfile]") {
  const auto file = decode<KeyFile>(sealed("right"));
  REQUIRE(file.has_value());
  const auto with = [&](std::uint32_t memory, std::uint32_t passes, std::uint32_t lanes) {
    KeyFile changed = *file;
    changed.head.memory_kib = memory;
    changed.head.passes = passes;
    changed.head.lanes = lanes;
    return refusal(encode_fixed(changed));
  };
  CHECK(with(kLeastMemoryKib - 1, 1, 1) == Errc::bad_value);
  CHECK(with(kMostMemoryKib + 1, 1, 1) == Errc::bad_value);
  CHECK(with(0xFFFFFFFF, 1, 1) == Errc::bad_value);
  CHECK(with(kLeastMemoryKib, 0, 1) == Errc::bad_value);
  CHECK(with(kLeastMemoryKib, 65, 1) == Errc::bad_value);
  CHECK(with(kLeastMemoryKib, 0xFFFFFFFF, 1) == Errc::bad_value);
  CHECK(with(kLeastMemoryKib, 1, 0) == Errc::bad_value);
  CHECK(with(kLeastMemoryKib, 1, 2) == Errc::bad_value);
  // Within range, but not what the file was sealed with: the same answer as a wrong passphrase.
  CHECK(with(kLeastMemoryKib + 1, 1, 1) == Errc::bad_seal);
  CHECK(with(kLeastMemoryKib, 2, 1) == Errc::bad_seal);
  SeededRandom random;
  CHECK_FALSE(
      seal_key_file(repeated(1), phrase("x"), {kLeastMemoryKib - 1, 1}, random).has_value());
}

TEST_CASE("L2/6 property 24: another passphrase keeps the seed; salt and nonce are new",
          "[l2][keyfile]") {
  SeededRandom random(5);
  const auto first = *seal_key_file(repeated(0x21), phrase("old"), kCheap, random);
  const auto seed = open_key_file(first, phrase("old"));
  REQUIRE(seed.has_value());
  const auto second = *seal_key_file(*seed, phrase("new"), kCheap, random);
  CHECK(open_key_file(second, phrase("old")).error().code == Errc::bad_seal);
  CHECK(open_key_file(second, phrase("new"))->equals(repeated(0x21)));
  CHECK_FALSE(same_bytes(ByteView(first).subspan(20, 28), ByteView(second).subspan(20, 28)));
}

TEST_CASE("L2/6: a passphrase has at most 1,024 bytes, and no NUL ends it", "[l2][keyfile]") {
  const Bytes longest(1024, 'x');
  CHECK(Passphrase::of(longest).has_value());
  CHECK(Passphrase::of(Bytes(1025, 'x')).error().code == Errc::too_big);
  SeededRandom random;
  const auto whole = Passphrase::of(hex("610062"));
  const auto file = *seal_key_file(repeated(1), *whole, kCheap, random);
  CHECK(open_key_file(file, phrase("a")).error().code == Errc::bad_seal);
  CHECK(open_key_file(file, *whole).has_value());
}

TEST_CASE("RFC 9106 by libsodium: Argon2id of a known input", "[l2][keyfile]") {
  // From the reference program: echo -n password | argon2 ssssssssssssssss -id -t 2 -k 8192 -p 1 -l
  // 32
  crypto::Argon2Salt salt{};
  salt.fill('s');
  Secret<32> key;
  REQUIRE(crypto::argon2id(as_bytes("password"), salt, {8192, 2}, key).has_value());
  CHECK(bytes_of(key.expose()) ==
        hex("1a1a96c724c9d09809fea72f022d4f5cbda3d14ef70efb970ae647e4f8403ed7"));
  Secret<32> again;
  REQUIRE(crypto::argon2id(as_bytes("password"), salt, {8192, 3}, again).has_value());
  CHECK_FALSE(key.equals(again));
  CHECK(crypto::argon2id(as_bytes("p"), salt, {7, 1}, again).error().code == Errc::bad_value);
  CHECK(crypto::argon2id(as_bytes("p"), salt, {8192, 0}, again).error().code == Errc::bad_value);
}
