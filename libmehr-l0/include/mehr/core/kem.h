// Key encapsulation that a quantum computer does not break, where the platform has one. spec:
// L2/3.6
//
// Place: core seam beside crypto.h; L0's rekey mixes what it gives with X25519, so that a link is
// never weaker than without. `ml_kem_512` is the platform's ML-KEM-512 (FIPS 203): OpenSSL from 3.5
// on. There is no lattice code of ours: where the platform has none, there is none here, and
// feature bit 4 is not said. Tests put a stand-in of their own behind the seam. Shapes:
// encapsulation key 800 bytes, ciphertext 768, shared secret 32. The private half is the 64-byte
// seed it is made from, so that it is a `Secret` like any other. Machine: none; nothing draws
// entropy, the caller hands in seed and coins. Failure: an encapsulation key or ciphertext that is
// none gives bad_value. A ciphertext for another key gives a secret that nobody else has (implicit
// rejection), not an error. Threads: any; calls are pure.
#pragma once

#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/secret.h"

namespace mehr {

/// What the other side encapsulates to.
using EncapsulationKey = FixedBytes<800, struct EncapsulationKeyTag>;
/// What it sends back.
using KemCiphertext = FixedBytes<768, struct KemCiphertextTag>;
/// d || z of FIPS 203: everything private about a key pair.
using KemSeed = Secret<64>;

class Kem {
 public:
  virtual ~Kem() = default;
  /// The public half of the pair that @p seed makes.
  [[nodiscard]] virtual Result<EncapsulationKey> encapsulation_key(const KemSeed& seed) const = 0;
  /// A shared secret and the ciphertext that takes it to the holder of @p key. @p coins are used
  /// once.
  [[nodiscard]] virtual Result<Secret<32>> encapsulate(const EncapsulationKey& key,
                                                       const Secret<32>& coins,
                                                       KemCiphertext& out) const = 0;
  /// The same secret at the other end.
  [[nodiscard]] virtual Result<Secret<32>> decapsulate(const KemSeed& seed,
                                                       const KemCiphertext& ciphertext) const = 0;
};

namespace crypto {
/// The platform's ML-KEM-512, of static lifetime; null where it has none.
[[nodiscard]] const Kem* ml_kem_512();
}  // namespace crypto

}  // namespace mehr
