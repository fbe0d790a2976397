#include <atomic>
#include <set>

#include "mehr/linux/thread_workers.h"
#include "support.h"

namespace mehr::linux_port::test {

TEST_CASE("linux workers: every index runs exactly once", "[linux][workers]") {
  const std::size_t threads = GENERATE(0U, 1U, 3U);
  ThreadWorkers workers(threads);
  for (std::size_t count : {0U, 1U, 2U, 3U, 7U, 100U, 1000U}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::atomic<int>> runs(count);
      workers.run(count, [&](std::size_t i) { ++runs[i]; });
      for (const auto& n : runs) REQUIRE(n == 1);
    }
  }
}

TEST_CASE("linux workers: a pool goes away cleanly, used or not", "[linux][workers]") {
  for (int i = 0; i < 50; ++i) {
    ThreadWorkers workers(2);
    std::atomic<int> ran{0};
    if (i % 2 == 0) workers.run(3, [&](std::size_t) { ++ran; });
    CHECK(ran == (i % 2 == 0 ? 3 : 0));
  }
}

TEST_CASE("linux random: requests of any size differ and fill every byte", "[linux][random]") {
  SystemRandom random;
  std::set<Bytes> seen;
  for (std::size_t size : {16U, 17U, 4095U, 4096U, 4097U, 10'000U}) {
    for (int i = 0; i < 20; ++i) {
      Bytes out(size);
      random.fill(out);
      CHECK(seen.insert(out).second);
      CHECK(std::count(out.end() - 16, out.end(), 0) < 8);
      CHECK(std::count(out.begin(), out.begin() + 16, 0) < 8);
    }
  }
}

}  // namespace mehr::linux_port::test
