// BLAKE3 of files, straight from the official C implementation: shares no code with the transfer
// whose result it checks. Prints as b3sum does.
#include <blake3.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::FILE* const file = std::fopen(argv[i], "rb");
    if (file == nullptr) {
      std::perror(argv[i]);
      return 1;
    }
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    std::vector<std::uint8_t> block(1 << 20);
    while (const std::size_t n = std::fread(block.data(), 1, block.size(), file)) {
      blake3_hasher_update(&hasher, block.data(), n);
    }
    const bool bad = std::ferror(file) != 0;
    std::fclose(file);
    if (bad) {
      std::perror(argv[i]);
      return 1;
    }
    std::array<std::uint8_t, BLAKE3_OUT_LEN> hash{};
    blake3_hasher_finalize(&hasher, hash.data(), hash.size());
    for (const std::uint8_t b : hash) std::printf("%02x", b);
    std::printf("  %s\n", argv[i]);
  }
  return 0;
}
