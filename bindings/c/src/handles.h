// What stands behind the opaque handles, and what several files make of the caller's arguments.
#pragma once

#include <memory>
#include <string_view>

#include "guard.h"
#include "mehr/core/random.h"
#include "mehr/core/secret.h"
#include "mehr/l0.h"
#include "mehr/l0/identity.h"

/// Shared with the links made from it, so that the caller may free it in any order.
struct mehr_identity {
  std::shared_ptr<const mehr::Signer> signer;
  std::shared_ptr<const mehr::l0::Identity> own;  ///< the same; null where the key is elsewhere
};

namespace mehr::capi {

/// The caller's handle of the identity of @p seed.
[[nodiscard]] mehr_identity* new_handle(const crypto::Seed& seed);

inline mehr_status read_random(const mehr_random* in, mehr_random& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_random, user), out); good < 0) return good;
  return out.fill == nullptr || out.reserved != 0 ? MEHR_E_INVALID : MEHR_OK;
}

inline mehr_status read_now(const mehr_now* in, mehr_now& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_now, steady_ms), out); good < 0) return good;
  return out.steady_ms == UINT64_MAX || out.reserved != 0 ? MEHR_E_INVALID : MEHR_OK;
}

/// Fills @p out from the caller's callback; what that throws passes through to `guard`.
inline mehr_status fill_random(const mehr_random& random, MutableBytes out) {
  if (out.empty()) return MEHR_OK;
  return random.fill(random.user, out.data(), out.size()) == 0 ? MEHR_OK : MEHR_E_IO;
}

/// Random bytes drawn before a machine runs, because a machine cannot be told that entropy failed:
/// a failing callback then fails the call while nothing has happened yet.
class PooledRandom final : public Random {
 public:
  /// More than any single step takes: an ephemeral key and a Ping token are 36 bytes.
  static constexpr std::size_t kSize = 64;

  explicit PooledRandom(const mehr_random& source) : source_(source) {}
  /// Replaces what was used.
  mehr_status refill() {
    if (auto good = fill_random(source_, pool().first(used_)); good < 0) return good;
    used_ = 0;
    return MEHR_OK;
  }
  void fill(MutableBytes out) override;

 private:
  MutableBytes pool() { return bytes_.expose_mutable(); }

  mehr_random source_;
  Secret<kSize> bytes_;
  std::size_t used_ = kSize;
};

}  // namespace mehr::capi
