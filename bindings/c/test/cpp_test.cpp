// The headers in C++, and exceptions of a C++ callback: they stop at the C ABI.
#include <catch2/catch.hpp>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "mehr/core.h"
#include "mehr/l0.h"
#include "mehr/l1.h"

namespace {

static_assert(std::is_standard_layout_v<mehr_link_opts> && std::is_trivial_v<mehr_link_opts>);
static_assert(noexcept(mehr_link_free(nullptr)));
static_assert(std::is_standard_layout_v<mehr_node_opts> && std::is_trivial_v<mehr_node_event>);
static_assert(noexcept(mehr_node_step(nullptr, nullptr)));

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

namespace {

// Callbacks of a node, each of which throws while it is armed.
struct Hostile {
  enum class What { nothing, send, close, event, message, get, fill };
  What armed = What::nothing;
  int sent = 0;
  int heard = 0;

  static void maybe(void* user, What what) {
    if (static_cast<Hostile*>(user)->armed == what) throw std::runtime_error("not today");
  }
  static mehr_status send(void* user, std::uint32_t, const mehr_remote*, mehr_bytes) {
    ++static_cast<Hostile*>(user)->sent;
    maybe(user, What::send);
    return MEHR_OK;
  }
  static void close(void* user, std::uint32_t) { maybe(user, What::close); }
  static void event(void* user, const mehr_node_event*) {
    ++static_cast<Hostile*>(user)->heard;
    maybe(user, What::event);
  }
  static void message(void* user, const mehr_message*) {
    ++static_cast<Hostile*>(user)->heard;
    maybe(user, What::message);
  }
  static mehr_status get(void* user, const char*, mehr_buf, std::size_t*) {
    maybe(user, What::get);
    return MEHR_E_NOT_FOUND;
  }
  static mehr_status put(void*, const mehr_put*, std::size_t) { throw std::bad_alloc(); }
  static std::int32_t fill(void* user, std::uint8_t* out, std::size_t size) {
    maybe(user, What::fill);
    std::memset(out, 0x77, size);
    return 0;
  }
};

// A node of that world with one stream attached, at noon.
struct HostileNode {
  explicit HostileNode(bool stores = false) {
    mehr_random random = MEHR_RANDOM_INIT;
    random.fill = Hostile::fill;
    random.user = &world;
    mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
    opts.limits = MEHR_LIMITS_SMALL;
    storage.get = Hostile::get;
    storage.put = Hostile::put;
    storage.user = &world;
    if (stores) opts.storage = &storage;
    REQUIRE(mehr_identity_generate(&random, &identity) == MEHR_OK);
    REQUIRE(mehr_identity_node_id(identity, &id) == MEHR_OK);
    REQUIRE(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_OK);
    mehr_medium_opts stream = MEHR_MEDIUM_OPTS_INIT;
    stream.send = Hostile::send;
    stream.close = Hostile::close;
    stream.user = &world;
    REQUIRE(mehr_node_attach(node, &stream, &medium) == MEHR_OK);
    REQUIRE(mehr_node_on_event(node, Hostile::event, &world) == MEHR_OK);
    REQUIRE(mehr_node_on_message(node, 0xE2, Hostile::message, &world) == MEHR_OK);
  }
  ~HostileNode() {
    mehr_node_free(node);
    mehr_identity_free(identity);
  }
  mehr_status step() { return mehr_node_step(node, &now); }

  Hostile world;
  mehr_now now = noon();
  mehr_storage storage = MEHR_STORAGE_INIT;
  mehr_identity* identity = nullptr;
  mehr_id id{};
  mehr_node* node = nullptr;
  std::uint32_t medium = 0;
};

using What = Hostile::What;

}  // namespace

TEST_CASE("C ABI: a node outlives whatever its callbacks throw", "[bindings]") {
  HostileNode h;
  h.world.armed = What::fill;
  CHECK(mehr_node_establish(h.node, h.medium, nullptr, nullptr, nullptr) == MEHR_E_INTERNAL);
  CHECK(h.world.sent == 0);
  h.world.armed = What::send;  // as if the frame were lost
  CHECK(mehr_node_establish(h.node, h.medium, nullptr, nullptr, nullptr) == MEHR_E_INTERNAL);
  CHECK(h.world.sent == 1);
  h.world.armed = What::nothing;
  CHECK(h.step() == MEHR_OK);

  h.world.armed = What::message;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(mehr_node_send(h.node, &h.id, 0xE2, {nullptr, 0}, nullptr) == MEHR_OK);
  }
  CHECK(h.step() == MEHR_E_INTERNAL);  // both were delivered all the same
  CHECK(h.world.heard == 2);
  CHECK(h.step() == MEHR_OK);

  h.world.armed = What::close;
  h.now.steady_ms += 60'000;  // nobody answered
  CHECK(h.step() == MEHR_E_INTERNAL);
  CHECK(h.world.heard == 3);
  h.world.armed = What::event;
  REQUIRE(mehr_node_establish(h.node, h.medium, nullptr, nullptr, nullptr) == MEHR_OK);
  h.now.steady_ms += 60'000;
  CHECK(h.step() == MEHR_E_INTERNAL);
  CHECK(h.world.heard == 4);
  h.world.armed = What::nothing;
  CHECK(h.step() == MEHR_OK);
}

TEST_CASE("C ABI: a storage that throws is a storage that failed", "[bindings]") {
  HostileNode h(true);
  CHECK(mehr_node_announce_now(h.node) == MEHR_E_NO_MEMORY);
  std::uint64_t failed = 0;
  REQUIRE(mehr_node_counter(h.node, "l1.storage_failed", &failed) == MEHR_OK);
  CHECK(failed == 1);

  mehr_random random = MEHR_RANDOM_INIT;
  random.fill = Hostile::fill;
  random.user = &h.world;
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  opts.limits = MEHR_LIMITS_SMALL;
  opts.storage = &h.storage;
  mehr_node* other = nullptr;
  h.world.armed = What::get;
  CHECK(mehr_node_new(h.identity, &random, &opts, &h.now, &other) == MEHR_E_INTERNAL);
  CHECK(other == nullptr);
}
