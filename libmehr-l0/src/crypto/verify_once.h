// Ed25519 verification itself, without a memory of earlier answers.
//
// Place: private to L0's crypto, and known to ports/sim/remember, which puts a table in front of
// it: in a simulation every node checks the same announce, and one process need not compute the
// same answer a thousand times. Threads: any. Failure: the answer is no.
#pragma once

#include "mehr/core/crypto.h"

namespace mehr::crypto::detail {

[[nodiscard]] bool verify_once(const PublicKey& key, ByteView message, const Signature& signature);

}  // namespace mehr::crypto::detail
