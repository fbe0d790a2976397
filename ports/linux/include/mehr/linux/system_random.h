// Entropy from the kernel.
//
// Place: ports/linux; implements the core seam `Random` over getrandom(2).
// Shapes: small requests are served from a buffer of 4 KiB, refilled when empty; bytes handed out
// are wiped from it at once. Failure: the program stops with a message. spec: README/2.2
// Threads: one at a time per object; make one per thread.
#pragma once

#include <cstddef>

#include "mehr/core/random.h"
#include "mehr/core/secret.h"

namespace mehr::linux_port {

class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;

 private:
  static constexpr std::size_t kPoolSize = 4096;
  Secret<kPoolSize> pool_;
  std::size_t used_ = kPoolSize;
};

}  // namespace mehr::linux_port
