#include "allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

#ifndef MEHR_TEST_LIBSODIUM_ALONE
#include <openssl/crypto.h>
#endif

namespace {

std::atomic<std::size_t> counted{0};

#ifdef MEHR_TEST_LIBSODIUM_ALONE
const bool backend_counts = true;  // libsodium's primitives have no heap to count
#else
void* counting_malloc(std::size_t size, const char*, int) {
  ++counted;
  return std::malloc(size);
}
void* counting_realloc(void* from, std::size_t size, const char*, int) {
  ++counted;
  return std::realloc(from, size);
}
void plain_free(void* from, const char*, int) { std::free(from); }

const bool backend_counts =
    CRYPTO_set_mem_functions(counting_malloc, counting_realloc, plain_free) == 1;
#endif

}  // namespace

// Every form without alignment, because a sanitizer brings its own for each that is missing.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++counted;
  return std::malloc(size != 0 ? size : 1);
}
void* operator new(std::size_t size) {
  if (void* const out = operator new(size, std::nothrow)) return out;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* from) noexcept { std::free(from); }
void operator delete(void* from, std::size_t) noexcept { std::free(from); }
void operator delete(void* from, const std::nothrow_t&) noexcept { std::free(from); }
void operator delete[](void* from) noexcept { std::free(from); }
void operator delete[](void* from, std::size_t) noexcept { std::free(from); }
void operator delete[](void* from, const std::nothrow_t&) noexcept { std::free(from); }

namespace allocations {
std::size_t count() { return counted; }
bool counts_backend() { return backend_counts; }
}  // namespace allocations
