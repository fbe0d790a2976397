// What libsodium wants of a device before its first call: a source of random bytes.
//
// A port gives its generator. Here is none, and L0 and L1 draw from the Random they are given; what
// libsodium draws by itself guards only heap that nobody asks it for. So a counter serves.
#include <sodium.h>

#include <cstdint>

namespace {

std::uint32_t next() {
  static std::uint32_t counter = 0;
  return ++counter * 2'654'435'761U;
}
void fill(void* const out, const size_t size) {
  auto* const bytes = static_cast<std::uint8_t*>(out);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(next() >> 24);
}
const char* name() { return "board"; }

randombytes_implementation board_random{name, next, nullptr, nullptr, fill, nullptr};

// Before sodium_init, which draws.
[[maybe_unused]] const int chosen = randombytes_set_implementation(&board_random);

}  // namespace
