// operator new, operator delete and OpenSSL's allocator, counting into the account that is current.
//
// A block is preceded by a header: whose it is, and how long. Over-aligned blocks have as much room
// before them as their alignment, the header at its end. Under a sanitizer nothing is replaced: the
// sanitizer's own operators find more than a count is worth.
#include <openssl/crypto.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "memory_slots.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEHR_COUNTS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define MEHR_COUNTS_MEMORY 0
#endif
#endif
#ifndef MEHR_COUNTS_MEMORY
#define MEHR_COUNTS_MEMORY 1
#endif

#if MEHR_COUNTS_MEMORY

namespace mehr::sim::detail {
namespace {

struct alignas(16) Header {
  AccountSlot* slot;
  std::size_t size;
};
static_assert(sizeof(Header) == 16);

constexpr std::size_t room_before(std::size_t alignment) {
  return std::max(sizeof(Header), alignment);
}

Header* header_of(void* block) {
  return std::launder(reinterpret_cast<Header*>(static_cast<std::byte*>(block) - sizeof(Header)));
}

void debit(AccountSlot* slot, std::size_t size) {
  if (slot == nullptr) return;
  ++slot->blocks;
  MemoryAccount& account = *slot->account;  // a current slot has one
  account.now += size;
  account.peak = std::max(account.peak, account.now);
  ++account.allocations;
}

void credit(AccountSlot* slot, std::size_t size) {
  if (slot == nullptr) return;
  if (slot->account != nullptr) slot->account->now -= size;
  leave_slot(*slot);
}

/// Null when there is no memory. @p alignment: a power of two.
void* take(std::size_t size, std::size_t alignment) {
  const std::size_t before = room_before(alignment);
  std::size_t whole = size + before;
  if (whole < size) return nullptr;
  void* raw = nullptr;
  if (alignment <= sizeof(Header)) {
    raw = std::malloc(whole);
  } else {
    whole = (whole + alignment - 1) / alignment * alignment;  // as aligned_alloc asks
    if (whole >= size) raw = std::aligned_alloc(alignment, whole);
  }
  if (raw == nullptr) return nullptr;
  std::byte* const block = static_cast<std::byte*>(raw) + before;
  ::new (block - sizeof(Header)) Header{current_slot, size};
  debit(current_slot, size);
  return block;
}

void give_back(void* block, std::size_t alignment) {
  if (block == nullptr) return;
  const Header header = *header_of(block);
  credit(header.slot, header.size);
  std::free(static_cast<std::byte*>(block) - room_before(alignment));
}

void* take_or_throw(std::size_t size, std::size_t alignment) {
  for (;;) {
    if (void* const block = take(size, alignment)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* take_or_null(std::size_t size, std::size_t alignment) noexcept {
  try {
    return take_or_throw(size, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

constexpr std::size_t kPlain = sizeof(Header);

void* openssl_malloc(std::size_t size, const char*, int) {
  return size == 0 ? nullptr : take(size, kPlain);
}

void openssl_free(void* block, const char*, int) { give_back(block, kPlain); }

// The grown block belongs to whoever grows it.
void* openssl_realloc(void* old, std::size_t size, const char* file, int line) {
  if (old == nullptr) return openssl_malloc(size, file, line);
  if (size == 0) {
    openssl_free(old, file, line);
    return nullptr;
  }
  void* const fresh = take(size, kPlain);
  if (fresh == nullptr) return nullptr;
  std::memcpy(fresh, old, std::min(size, header_of(old)->size));
  openssl_free(old, file, line);
  return fresh;
}

// Before OpenSSL's first allocation, hence before other statics are made.
__attribute__((constructor(101))) void begin_counting() {
  counting = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}

}  // namespace
}  // namespace mehr::sim::detail

namespace {
using mehr::sim::detail::give_back;
using mehr::sim::detail::kPlain;
using mehr::sim::detail::take_or_null;
using mehr::sim::detail::take_or_throw;

std::size_t bytes_of(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }
}  // namespace

void* operator new(std::size_t n) { return take_or_throw(n, kPlain); }
void* operator new[](std::size_t n) { return take_or_throw(n, kPlain); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return take_or_null(n, kPlain);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return take_or_null(n, kPlain);
}
void* operator new(std::size_t n, std::align_val_t a) { return take_or_throw(n, bytes_of(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return take_or_throw(n, bytes_of(a)); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return take_or_null(n, bytes_of(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return take_or_null(n, bytes_of(a));
}

void operator delete(void* p) noexcept { give_back(p, kPlain); }
void operator delete[](void* p) noexcept { give_back(p, kPlain); }
void operator delete(void* p, std::size_t) noexcept { give_back(p, kPlain); }
void operator delete[](void* p, std::size_t) noexcept { give_back(p, kPlain); }
void operator delete(void* p, const std::nothrow_t&) noexcept { give_back(p, kPlain); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { give_back(p, kPlain); }
void operator delete(void* p, std::align_val_t a) noexcept { give_back(p, bytes_of(a)); }
void operator delete[](void* p, std::align_val_t a) noexcept { give_back(p, bytes_of(a)); }
void operator delete(void* p, std::size_t, std::align_val_t a) noexcept {
  give_back(p, bytes_of(a));
}
void operator delete[](void* p, std::size_t, std::align_val_t a) noexcept {
  give_back(p, bytes_of(a));
}
void operator delete(void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  give_back(p, bytes_of(a));
}
void operator delete[](void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  give_back(p, bytes_of(a));
}

#endif  // MEHR_COUNTS_MEMORY
