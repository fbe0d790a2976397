// How much memory each simulated node holds, measured where it is taken.
//
// Place: ports/sim. A program that links `mehr-sim-memory` has its operator new and OpenSSL's
// allocator count into the account that is current; without that library, and under a sanitizer
// (which brings its own allocator), accounts stay at zero and `is_counting_memory` says so.
// Machine: AccountScope makes an account current for as long as it lives; blocks remember theirs,
// so freeing credits the right one. What is counted is what was asked for, without the allocator's
// own rounding. An account may die before its blocks: they are then nobody's. Bounds: 16 bytes per
// block, and a slot of 16 bytes for each account that has blocks. Threads: an account and its
// blocks belong to the thread that makes it current.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mehr::sim {

struct MemoryAccount;

namespace detail {
/// What a block points to. It outlives its account for as long as it has blocks, then serves
/// another: slots are never given back to the system.
struct AccountSlot {
  MemoryAccount* account = nullptr;  ///< null: it died
  std::size_t blocks = 0;            ///< that remember this slot
};
}  // namespace detail

/// Copies are snapshots: the numbers go along, the blocks do not.
struct MemoryAccount {
  std::size_t now = 0;            ///< bytes held
  std::size_t peak = 0;           ///< most bytes ever held
  std::uint64_t allocations = 0;  ///< blocks ever taken

  MemoryAccount() = default;
  MemoryAccount(const MemoryAccount& other)
      : now(other.now), peak(other.peak), allocations(other.allocations) {}
  MemoryAccount& operator=(const MemoryAccount& other);
  ~MemoryAccount();

 private:
  friend class AccountScope;
  detail::AccountSlot* slot_ = nullptr;
};

/// Whether this program counts.
[[nodiscard]] bool is_counting_memory();

/// Everything allocated while it lives goes to @p account. Scopes nest.
class AccountScope {
 public:
  explicit AccountScope(MemoryAccount& account);
  /// ... or to nobody: for what stands for the world around a node.
  AccountScope();
  ~AccountScope();
  AccountScope(const AccountScope&) = delete;
  AccountScope& operator=(const AccountScope&) = delete;

 private:
  detail::AccountSlot* outer_;
};

}  // namespace mehr::sim
