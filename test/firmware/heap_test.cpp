// The village on the host, with every call of the heap counted. spec: HW/4, HW property 1
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "village.h"

// Sanitizers bring their own malloc; the count is made in the other builds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEHR_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEHR_COUNTS 0
#endif
#endif
#ifndef MEHR_COUNTS
#define MEHR_COUNTS 1
#endif

namespace {
std::size_t allocations = 0;
std::size_t allocated = 0;

[[maybe_unused]] void count(std::size_t size) {
  ++allocations;
  allocated += size;
}
}  // namespace

#if MEHR_COUNTS
// operator new and the crypto libraries all end here. calloc and realloc too: through glibc's own.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming): glibc's names
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
// NOLINTEND(readability-identifier-naming)
void* malloc(std::size_t size) {
  count(size);
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
  count(size);
  return __libc_realloc(old, size);
}
}
#endif

namespace mehr::firmware {

std::size_t heap_used() { return allocated; }

TEST_CASE("HW property 1: a node that runs takes nothing from the heap", "[firmware]") {
  const std::size_t at_first = allocations;
  const auto village = std::make_unique<Village>();
  const std::size_t after_start = allocations;
  const Report report = village->live(Millis::seconds(2 * 3600));
  const std::size_t at_end = allocations;
  CHECK(at_end == after_start);
  CHECK((after_start > at_first) == (MEHR_COUNTS == 1));  // the counter counts

  CHECK(report.sent >= 1200);
  CHECK(report.refused == 0);
  CHECK(report.delivered == report.sent);
  CHECK(report.relayed >= report.sent);
  CHECK(report.evicted > 0);
  CHECK(report.new_links >= 5);
  CHECK(report.key_epoch >= 1);
  CHECK(Village::is_sound(report));
}

}  // namespace mehr::firmware
