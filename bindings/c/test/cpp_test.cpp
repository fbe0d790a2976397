// The headers in C++, and exceptions of a C++ callback: they stop at the C ABI.
#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "mehr/core.h"
#include "mehr/l0.h"

namespace {

static_assert(std::is_standard_layout_v<mehr_link_opts> && std::is_trivial_v<mehr_link_opts>);
static_assert(noexcept(mehr_link_free(nullptr)));

struct Throwing {
  bool armed = true;

  static std::int32_t fill(void* user, std::uint8_t* out, std::size_t size) {
    if (static_cast<Throwing*>(user)->armed) throw std::runtime_error("no entropy today");
    std::memset(out, 0x77, size);
    return 0;
  }
  mehr_random source() {
    mehr_random random = MEHR_RANDOM_INIT;
    random.fill = fill;
    random.user = this;
    return random;
  }
};

// Not derived from std::exception, and out of memory: both have their code.
std::int32_t throws_int(void*, std::uint8_t*, std::size_t) { throw 42; }
std::int32_t throws_bad_alloc(void*, std::uint8_t*, std::size_t) { throw std::bad_alloc(); }

mehr_now noon() {
  mehr_now now = MEHR_NOW_INIT;
  now.steady_ms = 1000;
  return now;
}

}  // namespace

TEST_CASE("C ABI: an exception of a callback becomes a status", "[bindings]") {
  Throwing entropy;
  const mehr_random random = entropy.source();
  mehr_identity* identity = nullptr;
  CHECK(mehr_identity_generate(&random, &identity) == MEHR_E_INTERNAL);
  CHECK(identity == nullptr);

  mehr_random other = MEHR_RANDOM_INIT;
  other.fill = throws_int;
  CHECK(mehr_identity_generate(&other, &identity) == MEHR_E_INTERNAL);
  other.fill = throws_bad_alloc;
  CHECK(mehr_identity_generate(&other, &identity) == MEHR_E_NO_MEMORY);
}

TEST_CASE("C ABI: a link survives a throwing callback unchanged", "[bindings]") {
  Throwing entropy;
  entropy.armed = false;
  const mehr_random random = entropy.source();
  const mehr_now now = noon();
  mehr_identity* identity = nullptr;
  mehr_link* link = nullptr;
  REQUIRE(mehr_identity_generate(&random, &identity) == MEHR_OK);

  entropy.armed = true;
  CHECK(mehr_link_initiate(identity, &random, nullptr, &now, &link) == MEHR_E_INTERNAL);
  CHECK(link == nullptr);

  entropy.armed = false;
  REQUIRE(mehr_link_initiate(identity, &random, nullptr, &now, &link) == MEHR_OK);
  entropy.armed = true;
  mehr_event close = MEHR_EVENT_INIT;
  close.kind = MEHR_EVENT_CLOSE;
  CHECK(mehr_link_step(link, &close, &now) == MEHR_E_INTERNAL);
  mehr_link_info info = MEHR_LINK_INFO_INIT;
  REQUIRE(mehr_link_get_info(link, &info) == MEHR_OK);
  CHECK(info.state == MEHR_LINK_HANDSHAKE);

  entropy.armed = false;
  CHECK(mehr_link_step(link, &close, &now) == MEHR_OK);
  REQUIRE(mehr_link_get_info(link, &info) == MEHR_OK);
  CHECK(info.state == MEHR_LINK_CLOSED);
  mehr_link_free(link);
  mehr_identity_free(identity);
}
