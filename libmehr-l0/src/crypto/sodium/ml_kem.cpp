// libsodium has no ML-KEM.
#include "mehr/core/kem.h"

namespace mehr::crypto {

const Kem* ml_kem_512() { return nullptr; }

}  // namespace mehr::crypto
