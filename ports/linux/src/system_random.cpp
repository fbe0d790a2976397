#include "mehr/linux/system_random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mehr::linux_port {
namespace {

void from_kernel(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      std::fprintf(stderr, "no entropy from the kernel (getrandom: %s); stopping\n",
                   std::strerror(errno));
      std::abort();
    }
  }
}

}  // namespace

void SystemRandom::fill(MutableBytes out) {
  if (out.size() >= kPoolSize) {
    from_kernel(out);
    return;
  }
  while (!out.empty()) {
    if (used_ == kPoolSize) {
      from_kernel(pool_.expose_mutable());
      used_ = 0;
    }
    const std::size_t n = std::min(out.size(), kPoolSize - used_);
    const MutableBytes drawn = pool_.expose_mutable().subspan(used_, n);
    out = copy_bytes(drawn, out);
    crypto::wipe(drawn);
    used_ += n;
  }
}

}  // namespace mehr::linux_port
