// Accounts: every block is counted where it was taken, and credited there when it goes.
#include <catch2/catch.hpp>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/sim/memory.h"

namespace mehr::sim::test {

namespace {

bool counts() {
  if (!is_counting_memory()) WARN("SKIPPED: this build does not count memory");
  return is_counting_memory();
}

/// Memory taken by a plain call: a compiler may leave out a new-expression that it sees through.
class Block {
 public:
  explicit Block(std::size_t size) : at_(::operator new(size)) {}
  ~Block() { ::operator delete(at_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  [[nodiscard]] const void* get() const { return at_; }

 private:
  void* at_;
};

class AlignedBlock {
 public:
  AlignedBlock(std::size_t size, std::align_val_t alignment)
      : at_(::operator new(size, alignment)), alignment_(alignment) {}
  ~AlignedBlock() { ::operator delete(at_, alignment_); }
  AlignedBlock(const AlignedBlock&) = delete;
  AlignedBlock& operator=(const AlignedBlock&) = delete;
  [[nodiscard]] const void* get() const { return at_; }

 private:
  void* at_;
  std::align_val_t alignment_;
};

bool is_aligned(const void* at, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(at) % alignment == 0;
}

}  // namespace

// Numbers are looked at outside the scopes: a CHECK allocates.

TEST_CASE("sim memory: blocks are charged to the current account", "[sim][memory]") {
  if (!counts()) return;
  MemoryAccount account;
  std::optional<Block> before(std::in_place, 4'000);
  MemoryAccount during;
  MemoryAccount later;
  {
    const AccountScope scope(account);
    const Block inside(1'000);
    during = account;
    before.reset();  // that one was nobody's
    later = account;
  }
  const Block outside(70);
  CHECK(during.now == 1'000);
  CHECK(during.allocations == 1);
  CHECK(later.now == 1'000);
  CHECK(account.now == 0);
  CHECK(account.peak == 1'000);
  CHECK(account.allocations == 1);
}

TEST_CASE("sim memory: freeing credits the account that was charged", "[sim][memory]") {
  if (!counts()) return;
  MemoryAccount a;
  MemoryAccount b;
  std::optional<Block> block;
  {
    const AccountScope in_a(a);
    block.emplace(300);
    const AccountScope in_b(b);
    const AccountScope in_none;
    const Block unseen(70);
  }
  CHECK(a.now == 300);
  CHECK(b.allocations == 0);
  {
    const AccountScope in_b(b);
    block.reset();
  }
  CHECK(a.now == 0);
  CHECK(a.peak == 300);
  CHECK(b.allocations == 0);
}

TEST_CASE("sim memory: over-aligned blocks are aligned and counted", "[sim][memory]") {
  if (!counts()) return;
  MemoryAccount account;
  for (const std::size_t alignment : {8U, 16U, 32U, 256U, 4096U}) {
    std::optional<AlignedBlock> block;
    {
      const AccountScope scope(account);
      block.emplace(500, std::align_val_t{alignment});
    }
    CHECK(is_aligned(block->get(), alignment));
    CHECK(account.now == 500);
    block.reset();
    CHECK(account.now == 0);
  }
  CHECK(is_aligned(Block(1).get(), alignof(std::max_align_t)));
}

TEST_CASE("sim memory: an account may die before its blocks", "[sim][memory]") {
  if (!counts()) return;
  std::vector<std::unique_ptr<Block>> left;
  for (int i = 0; i < 600; ++i) {
    MemoryAccount account;
    const AccountScope scope(account);
    left.push_back(std::make_unique<Block>(8));
  }
  MemoryAccount next;
  std::optional<Block> mine;
  {
    const AccountScope scope(next);
    mine.emplace(4);
    left.clear();
  }
  CHECK(next.now == 4);
  mine.reset();
  CHECK(next.now == 0);
}

TEST_CASE("sim memory: copies of an account are numbers", "[sim][memory]") {
  if (!counts()) return;
  MemoryAccount account;
  std::optional<MemoryAccount> copy;
  {
    const AccountScope scope(account);
    const Block block(50);
    copy = account;
  }
  CHECK(account.now == 0);
  CHECK(copy->now == 50);
  copy.reset();
  std::optional<Block> block;
  {
    const AccountScope scope(account);
    block.emplace(4);
  }
  CHECK(account.now == 4);
}

TEST_CASE("sim memory: cipher contexts are counted, what is made once is not", "[sim][memory]") {
  if (!counts()) return;
  MemoryAccount account;
  std::optional<crypto::Aead> sealer;
  {
    const AccountScope scope(account);
    sealer.emplace(Secret<32>{}, crypto::Aead::Use::seal);
  }
  CHECK(account.now > 500);
  CHECK(account.peak < 4'000);
  sealer.reset();
  CHECK(account.now == 0);
}

TEST_CASE("sim memory: without the counter accounts stay at zero", "[sim][memory]") {
  if (is_counting_memory()) return;
  MemoryAccount account;
  {
    const AccountScope scope(account);
    const Block block(10);
  }
  CHECK(account.peak == 0);
  CHECK(account.allocations == 0);
}

}  // namespace mehr::sim::test
