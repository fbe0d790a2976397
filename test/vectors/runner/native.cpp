// The project's own files, one function for each algorithm, and the official BLAKE3 file.
//
// Each direction is checked alone: what is made against the known bytes, what is read from them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "case.h"
#include "crypto/vrf_steps.h"
#include "mehr/core/crypto.h"

namespace vectors {

namespace {

namespace crypto = mehr::crypto;

constexpr std::size_t kLongestInput = 16 * 1024 * 1024;
constexpr std::size_t kLongestHkdf = 255 * 32;
constexpr std::size_t kShortIteration = 1000;

void ed25519(const Json& from, Case& out) {
  const auto key = fixed<mehr::PublicKey>(from, "pk");
  const auto signature = fixed<mehr::Signature>(from, "sig");
  const Bytes message = bytes(from, "msg");
  const bool valid = flag(from, "valid");
  out.same("verify", valid, crypto::verify(key, message, signature));
  if (!valid) return;
  const crypto::SigningKey signer(secret32(from, "sk"));
  out.same("public key", key.view(), signer.public_key().view());
  out.same("sign", signature.view(), signer.sign(message).view());
  mehr::Signature broken = signature;
  broken.bytes[0] ^= 1;
  out.same("verify with a bit of R turned", false, crypto::verify(key, message, broken));
}

void x25519(const Json& from, Case& out) {
  const auto secret = secret32(from, "scalar");
  const auto peer = fixed<mehr::X25519Key>(from, "u");
  const Bytes expected = bytes(from, "out");
  const auto shared = crypto::x25519(secret, peer);
  if (!shared) return out.differs("x25519", hex(expected), shared.error().text);
  out.same("x25519", expected, shared->expose());
  mehr::X25519Key base;
  base.bytes[0] = 9;
  if (peer == base) {
    out.same("x25519_public", expected, crypto::x25519_public(secret).view());
  }
}

void x25519_all_zero(const Json& from, Case& out) {
  const auto shared = crypto::x25519(secret32(from, "scalar"), fixed<mehr::X25519Key>(from, "u"));
  out.same("x25519", false, shared.has_value());
}

void x25519_rounds(const Json& from, std::size_t rounds, const std::string& expected, Case& out) {
  auto k = secret32(from, "start_k");
  auto u = fixed<mehr::X25519Key>(from, "start_u");
  for (std::size_t round = 0; round < rounds; ++round) {
    auto next = crypto::x25519(k, u);
    if (!next) return out.differs("x25519", "a shared secret", next.error().text);
    u = mehr::X25519Key::from(k.expose());
    k = std::move(*next);
  }
  out.same("k", bytes_of_hex(expected, "after"), k.expose());
}

void x25519_iterated(const Json& iterated, const Options& options, Report& report) {
  for (const auto& [count, expected] : member(iterated, "after").items()) {
    const std::string name = "iterated " + count;
    std::size_t rounds = 0;
    const char* const end = count.data() + count.size();
    const auto [stop, error] = std::from_chars(count.data(), end, rounds);
    const bool sound = error == std::errc{} && stop == end && expected.is_string();
    if (sound && rounds > kShortIteration && !options.long_runs) {
      report.skip(name, "takes long; --long runs it");
      continue;
    }
    report.run(name, "", [&, &wanted = expected](Case& out) {
      if (!sound) throw CaseError("'after' wants a number of rounds and a string");
      x25519_rounds(iterated, rounds, wanted.get<std::string>(), out);
    });
  }
}

void chacha20_poly1305(const Json& from, Case& out) {
  const auto key = secret32(from, "key");
  const Bytes aad = bytes(from, "aad");
  const Bytes plain = bytes(from, "pt");
  Bytes sealed = bytes(from, "ct");
  const Bytes tag = bytes(from, "tag");
  const Bytes nonce_bytes = bytes(from, "nonce");
  crypto::Nonce nonce{};
  if (nonce_bytes.size() != nonce.size()) throw CaseError("'nonce' has another size");
  if (tag.size() != crypto::Aead::kTagSize) throw CaseError("'tag' has another size");
  mehr::copy_bytes(nonce_bytes, nonce);
  sealed.insert(sealed.end(), tag.begin(), tag.end());

  Bytes made(plain.size() + crypto::Aead::kTagSize);
  crypto::Aead(key, crypto::Aead::Use::seal).seal(nonce, aad, plain, made);
  out.same("seal", sealed, made);

  crypto::Aead opener(key, crypto::Aead::Use::open);
  Bytes opened(sealed.size() - crypto::Aead::kTagSize);
  out.same("open", true, opener.open(nonce, aad, sealed, opened).has_value());
  out.same("opened", plain, opened);
  sealed.back() ^= 1;
  out.same("open with a bit turned", false, opener.open(nonce, aad, sealed, opened).has_value());
}

void hkdf(const Json& from, Case& out) {
  const Bytes ikm = bytes(from, "ikm");
  const Bytes salt = bytes(from, "salt");
  const Bytes info = bytes(from, "info");
  const auto known_prk = secret32(from, "prk");
  const Bytes known_okm = bytes(from, "okm");
  mehr::Secret<32> prk;
  crypto::hkdf_extract(salt, ikm, prk);
  out.same("extract", known_prk.expose(), prk.expose());
  Bytes okm(number(from, "length", kLongestHkdf));
  crypto::hkdf_expand(known_prk, info, okm);
  out.same("expand", known_okm, okm);
}

void blake2b(const Json& from, Case& out) {
  const Bytes message = bytes(from, "msg");
  const Bytes key = bytes(from, "key");
  const Bytes expected = bytes(from, "out");
  if (key.size() > 64) throw CaseError("'key' is longer than 64 bytes");
  if (!key.empty()) return out.same("keyed", expected, crypto::b2_keyed(key, message).view());
  out.same("whole", expected, crypto::b2(message).view());
  crypto::Blake2b256 parts;
  for (std::size_t at = 0; at < message.size(); at += 7) {
    parts.update(ByteView(message).subspan(at, std::min<std::size_t>(7, message.size() - at)));
  }
  out.same("in parts", expected, parts.finish().view());
}

void ecvrf_steps(const Json& from, const crypto::SigningKey& signer, const Bytes& alpha,
                 const crypto::VrfProof& proof, Case& out) {
  namespace steps = crypto::detail;
  int tries = -1;
  const auto h = steps::vrf_encode_to_curve(signer.public_key(), alpha, &tries);
  if (!h) return out.differs("H", "a point", "none");
  if (from.contains("H")) out.same("H", bytes(from, "H"), *h);
  if (from.contains("h2c_ctr") && static_cast<int>(number(from, "h2c_ctr", 255)) != tries) {
    out.differs("counter", member(from, "h2c_ctr").dump(), std::to_string(tries));
  }
  if (from.contains("x")) {
    out.same("x", bytes(from, "x"), signer.x25519_secret().expose());
  }
  if (from.contains("k_string") && from.contains("k")) {
    const Bytes k = bytes(from, "k");
    out.same("k", k, steps::vrf_reduce(bytes(from, "k_string")).expose());
    out.same("k from the key", k, steps::vrf_nonce(signer.seed(), *h).expose());
  }
  if (from.contains("U") && from.contains("V")) {
    const auto u = fixed<mehr::Hash256>(from, "U").bytes;
    const auto v = fixed<mehr::Hash256>(from, "V").bytes;
    const auto gamma = mehr::Hash256::from(proof.view()).bytes;
    const auto c = steps::vrf_challenge(signer.public_key().bytes, *h, gamma, u, v);
    out.same("c", proof.view().subspan(32, 16), ByteView(c).first(16));
  }
}

void ecvrf(const Json& from, Case& out) {
  const auto key = fixed<mehr::PublicKey>(from, "pk");
  const Bytes alpha = bytes(from, "alpha");
  const auto proof = fixed<crypto::VrfProof>(from, "pi");
  const auto output = crypto::vrf_verify(key, alpha, proof);
  const bool valid = !from.contains("valid") || flag(from, "valid");
  out.same("verify", valid, output.has_value());
  if (!valid) return;
  const auto beta = fixed<crypto::VrfOutput>(from, "beta");
  if (output) out.same("beta", beta.view(), output->view());
  const crypto::SigningKey signer(secret32(from, "sk"));
  out.same("public key", key.view(), signer.public_key().view());
  out.same("prove", proof.view(), crypto::vrf_prove(signer, alpha).view());
  ecvrf_steps(from, signer, alpha, proof, out);
  crypto::VrfProof broken = proof;
  broken.bytes[40] ^= 1;
  out.same("verify with a bit of c turned", false,
           crypto::vrf_verify(key, alpha, broken).has_value());
}

using OneCase = void (*)(const Json&, Case&);
struct Algorithm {
  std::string_view name;
  OneCase run;
};
constexpr std::array kAlgorithms = {
    Algorithm{"Ed25519", ed25519},
    Algorithm{"X25519", x25519},
    Algorithm{"AEAD_CHACHA20_POLY1305", chacha20_poly1305},
    Algorithm{"HKDF-SHA256", hkdf},
    Algorithm{"BLAKE2b, 32-byte digest", blake2b},
    Algorithm{"ECVRF-EDWARDS25519-SHA512-TAI", ecvrf},
};

void run_list(const Json& list, OneCase one, Report& report) {
  if (!list.is_array()) throw FileError("its list of cases is no array");
  std::size_t index = 0;
  for (const Json& entry : list) {
    ++index;
    const bool named = entry.is_object() && entry.contains("name") && entry["name"].is_string();
    const std::string name =
        named ? entry["name"].get<std::string>() : fmt::format("case number {}", index);
    report.run(name, "", [&](Case& out) { one(entry, out); });
  }
}

void blake3_mode(const Json& from, const char* mode, crypto::Blake3 hasher, ByteView input,
                 Case& out) {
  const Bytes expected = bytes(from, mode);
  if (expected.size() < 32) throw CaseError(fmt::format("'{}' is shorter than 32 bytes", mode));
  hasher.update(input);
  Bytes extended(expected.size());
  hasher.finish(extended);
  out.same(mode, expected, extended);
  out.same(mode, ByteView(expected).first(32), hasher.finish().view());
}

}  // namespace

void run_native(const Json& file, const Options& options, Report& report) {
  const std::string name = text(file, "algorithm");
  const auto found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                  [&](const Algorithm& a) { return a.name == name; });
  if (found == kAlgorithms.end()) {
    throw FileError(fmt::format("the algorithm '{}' is not known", name));
  }
  run_list(member(file, "vectors"), found->run, report);
  if (found->run != x25519) return;
  if (file.contains("iterated")) x25519_iterated(file["iterated"], options, report);
  if (file.contains("all_zero_output")) {
    run_list(file["all_zero_output"], x25519_all_zero, report);
  }
}

void run_blake3(const Json& file, Report& report) {
  const std::string key = text(file, "key");
  const std::string context = text(file, "context_string");
  const Json& cases = member(file, "cases");
  if (key.size() != 32) throw FileError("its key is not 32 bytes long");
  if (!cases.is_array()) throw FileError("its list of cases is no array");
  std::size_t index = 0;
  for (const Json& entry : cases) {
    ++index;
    const bool sized = entry.is_object() && entry.contains("input_len");
    const std::string name =
        sized ? "input_len " + entry["input_len"].dump() : fmt::format("case number {}", index);
    report.run(name, "", [&](Case& out) {
      Bytes input(number(entry, "input_len", kLongestInput));
      std::uint8_t next = 0;
      for (std::uint8_t& byte : input) {
        byte = next;
        next = static_cast<std::uint8_t>((next + 1) % 251);
      }
      blake3_mode(entry, "hash", crypto::Blake3(), input, out);
      blake3_mode(entry, "keyed_hash", crypto::Blake3::keyed(mehr::as_bytes(key).first<32>()),
                  input, out);
      blake3_mode(entry, "derive_key", crypto::Blake3::derive_key(context), input, out);
    });
  }
}

}  // namespace vectors
