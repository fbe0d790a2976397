// Counts what this test program allocates: by operator new, and inside OpenSSL.
#pragma once

#include <cstddef>

namespace allocations {

std::size_t count();
/// False when OpenSSL had allocated before it could be asked to count.
bool counts_backend();

}  // namespace allocations
