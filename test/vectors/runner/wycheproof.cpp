// Wycheproof files, in the shape of its first schemas and of the present ones.
//
// "valid" must be accepted with the known output, "invalid" must be refused; "acceptable" may be
// refused, but an output must be the known one. Sizes that the primitive does not take are
// refusals.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "case.h"
#include "mehr/core/crypto.h"

namespace vectors {

namespace {

namespace crypto = mehr::crypto;

constexpr std::size_t kLongestHkdf = 255 * 32;
constexpr std::size_t kLongestWish = std::size_t{1} << 40;

enum class Expect : std::uint8_t { valid, acceptable, invalid };

Expect expectation(const Json& test) {
  const std::string result = text(test, "result");
  if (result == "valid") return Expect::valid;
  if (result == "acceptable") return Expect::acceptable;
  if (result == "invalid") return Expect::invalid;
  throw CaseError(fmt::format("'result' is '{}'", result));
}

void judge(std::string_view what, Expect expect, bool accepted, Case& out) {
  if (expect == Expect::acceptable) return;
  out.same(what, expect == Expect::valid, accepted);
}

/// Judges an operation that gives bytes, or nothing when it refuses.
void judge(std::string_view what, Expect expect, const std::optional<Bytes>& came, ByteView known,
           Case& out) {
  judge(what, expect, came.has_value(), out);
  if (came && expect != Expect::invalid) out.same(what, known, *came);
}

// ---- EDDSA

const Json& eddsa_key(const Json& group) {
  if (group.contains("publicKey")) return member(group, "publicKey");
  return member(group, "key");
}

void eddsa_group(const Json& group) {
  const std::string curve = text(eddsa_key(group), "curve");
  if (curve != "edwards25519") {
    throw FileError(fmt::format("has keys on '{}'; only edwards25519 is supported", curve));
  }
  (void)bytes(eddsa_key(group), "pk");
}

void eddsa(const Json& group, const Json& test, Case& out) {
  const Expect expect = expectation(test);
  const Json& pair = eddsa_key(group);
  const Bytes key = bytes(pair, "pk");
  const Bytes message = bytes(test, "msg");
  const Bytes signature = bytes(test, "sig");
  const bool sized =
      key.size() == mehr::PublicKey::kSize && signature.size() == mehr::Signature::kSize;
  const bool accepted = sized && crypto::verify(mehr::PublicKey::from(key), message,
                                                mehr::Signature::from(signature));
  judge("verify", expect, accepted, out);
  if (expect == Expect::valid && pair.contains("sk")) {
    const crypto::SigningKey signer(secret32(pair, "sk"));
    out.same("public key", key, signer.public_key().view());
    out.same("sign", signature, signer.sign(message).view());
  }
}

// ---- XDH

void xdh_group(const Json& group) {
  const std::string curve = text(group, "curve");
  if (curve != "curve25519") {
    throw FileError(fmt::format("has keys on '{}'; only curve25519 is supported", curve));
  }
  if (!group.contains("type")) return;
  const std::string type = text(group, "type");
  if (type != "XdhComp") {
    throw FileError(
        fmt::format("has groups of type '{}'; only XdhComp, raw keys, is supported", type));
  }
}

void xdh(const Json&, const Json& test, Case& out) {
  const Expect expect = expectation(test);
  const Bytes peer = bytes(test, "public");
  const Bytes secret = bytes(test, "private");
  const Bytes known = bytes(test, "shared");
  std::optional<Bytes> came;
  if (peer.size() == mehr::X25519Key::kSize && secret.size() == 32) {
    const auto shared = crypto::x25519(secret_of(secret), mehr::X25519Key::from(peer));
    if (shared) came.emplace(shared->expose().begin(), shared->expose().end());
  }
  judge("x25519", expect, came, known, out);
}

// ---- CHACHA20-POLY1305

void aead_group(const Json&) {}

void aead(const Json&, const Json& test, Case& out) {
  const Expect expect = expectation(test);
  const Bytes key = bytes(test, "key");
  const Bytes iv = bytes(test, "iv");
  const Bytes aad = bytes(test, "aad");
  const Bytes plain = bytes(test, "msg");
  Bytes sealed = bytes(test, "ct");
  const Bytes tag = bytes(test, "tag");
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  crypto::Nonce nonce{};
  if (key.size() != 32 || iv.size() != nonce.size() || tag.size() != crypto::Aead::kTagSize) {
    return judge("the sizes", expect, false, out);
  }
  mehr::copy_bytes(iv, nonce);
  crypto::Aead opener(secret_of(key), crypto::Aead::Use::open);
  std::optional<Bytes> opened(std::in_place, sealed.size() - crypto::Aead::kTagSize);
  if (!opener.open(nonce, aad, sealed, *opened)) opened.reset();
  judge("open", expect, opened, plain, out);
  if (expect != Expect::valid) return;
  Bytes made(plain.size() + crypto::Aead::kTagSize);
  crypto::Aead(secret_of(key), crypto::Aead::Use::seal).seal(nonce, aad, plain, made);
  out.same("seal", sealed, made);
}

// ---- HKDF-SHA-256

void hkdf_group(const Json&) {}

void hkdf(const Json&, const Json& test, Case& out) {
  const Expect expect = expectation(test);
  const Bytes ikm = bytes(test, "ikm");
  const Bytes salt = bytes(test, "salt");
  const Bytes info = bytes(test, "info");
  const Bytes known = bytes(test, "okm");
  const std::size_t size = number(test, "size", kLongestWish);
  std::optional<Bytes> came;
  if (size <= kLongestHkdf) {
    mehr::Secret<32> prk;
    crypto::hkdf_extract(salt, ikm, prk);
    came.emplace(size);
    crypto::hkdf_expand(prk, info, *came);
  }
  judge("hkdf", expect, came, known, out);
}

// ---- The file

struct Algorithm {
  std::string_view name;
  void (*check_group)(const Json& group);
  void (*run)(const Json& group, const Json& test, Case& out);
};
constexpr std::array kAlgorithms = {
    Algorithm{"EDDSA", eddsa_group, eddsa},
    Algorithm{"XDH", xdh_group, xdh},
    Algorithm{"CHACHA20-POLY1305", aead_group, aead},
    Algorithm{"HKDF-SHA-256", hkdf_group, hkdf},
};

std::string name_of(const Json& test, std::size_t index) {
  if (test.is_object() && test.contains("tcId")) return "tcId " + test["tcId"].dump();
  return fmt::format("case number {}", index);
}

std::string comment_of(const Json& test) {
  if (!test.is_object() || !test.contains("comment") || !test["comment"].is_string()) return "";
  return test["comment"].get<std::string>();
}

}  // namespace

void run_wycheproof(const Json& file, Report& report) {
  const std::string name = text(file, "algorithm");
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& a) { return a.name == name; });
  if (found == kAlgorithms.end()) {
    throw FileError(fmt::format("the algorithm '{}' is not known", name));
  }
  const Json& groups = member(file, "testGroups");
  if (!groups.is_array()) throw FileError("'testGroups' is no array");
  std::size_t held = 0;
  for (const Json& group : groups) {
    found->check_group(group);
    if (!member(group, "tests").is_array()) throw FileError("'tests' is no array");
    held += group["tests"].size();
  }
  // Cases that went missing would otherwise count as passed. No case at all is the caller's matter.
  if (held > 0 && file.contains("numberOfTests") && file["numberOfTests"] != held) {
    throw FileError(
        fmt::format("announces {} tests and holds {}", file["numberOfTests"].dump(), held));
  }
  std::size_t index = 0;
  for (const Json& group : groups) {
    for (const Json& test : group["tests"]) {
      ++index;
      report.run(name_of(test, index), comment_of(test),
                 [&](Case& out) { found->run(group, test, out); });
    }
  }
}

}  // namespace vectors
