// Relaying a packet allocates nothing: open, duplicate filter, look-up, hop count, seal.
// spec: L0/5.5, L1/6
#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/stack/node.h"

// Sanitizers bring their own malloc; the count is made in the other builds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEHR_COUNTS_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEHR_COUNTS_MALLOC 0
#endif
#endif
#ifndef MEHR_COUNTS_MALLOC
#define MEHR_COUNTS_MALLOC 1
#endif

namespace {
std::size_t allocations = 0;
}

#if MEHR_COUNTS_MALLOC
// operator new and the crypto libraries all end here. calloc and realloc too: through glibc's own.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming): glibc's names
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
// NOLINTEND(readability-identifier-naming)
void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
}
#endif

namespace mehr::stack::test {

using namespace l0::test;

namespace {

// Keeps a few frames and allocates nothing.
class Ring final : public Medium {
 public:
  [[nodiscard]] const MediumInfo& info() const override { return details_; }
  Status send(const Remote&, ByteView frame) override {
    Slot& slot = slots_[sent_ % slots_.size()];
    copy_bytes(frame, slot.bytes);
    slot.size = frame.size();
    ++sent_;
    return {};
  }
  void close() override {}
  /// The oldest frame not taken yet; empty when there is none.
  MutableBytes take() {
    if (taken_ == sent_) return {};
    Slot& slot = slots_[taken_ % slots_.size()];
    ++taken_;
    return MutableBytes(slot.bytes).first(slot.size);
  }

 private:
  struct Slot {
    std::array<std::uint8_t, 4200> bytes{};
    std::size_t size = 0;
  };
  MediumInfo details_;
  std::array<Slot, 16> slots_{};
  std::size_t sent_ = 0;
  std::size_t taken_ = 0;
};

struct Person {
  Person(FakeClock& clock, FakeTimers& timers, std::uint8_t seed)
      : identity(l0::Identity::from_seed(seed_of(seed))),
        random(seed),
        node({}, identity, {clock, timers, random}) {}
  l0::Identity identity;
  SeededRandom random;
  Node node;
};

}  // namespace

TEST_CASE("relaying 1,000 packets allocates nothing", "[stack][allocation]") {
  FakeClock clock;
  FakeTimers timers{clock};
  const auto media = std::make_unique<std::array<Ring, 4>>();
  Ring& a_out = (*media)[0];
  Ring& b_in = (*media)[1];
  Ring& b_out = (*media)[2];
  Ring& c_in = (*media)[3];
  Person a{clock, timers, 0}, b{clock, timers, 40}, c{clock, timers, 80};
  const auto attach = [](Person& p, Medium& m) { REQUIRE(p.node.links().attach(m)); };
  attach(a, a_out);
  attach(b, b_in);
  attach(b, b_out);
  attach(c, c_in);
  const auto pass = [](Ring& from, Ring& to, Person& person) {
    const MutableBytes frame = from.take();
    if (!frame.empty()) person.node.links().on_frame(to, {}, frame);
    return !frame.empty();
  };
  const auto settle = [&] {
    while (pass(a_out, b_in, b) || pass(b_in, a_out, a) || pass(b_out, c_in, c) ||
           pass(c_in, b_out, b)) {
    }
  };
  REQUIRE(c.node.links().establish(c_in, {}, {}));
  REQUIRE(a.node.links().establish(a_out, {}, {}));
  settle();
  timers.run_until(clock.at + Millis::seconds(20), settle);
  settle();
  REQUIRE(a.node.network().max_body(c.node.id()) == 4077);

  Bytes body(4000, 0x42);
  const auto before = b.node.network().counters().forwarded;
  std::size_t counted = 0;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    body[0] = static_cast<std::uint8_t>(n);
    body[1] = static_cast<std::uint8_t>(n >> 8);
    REQUIRE(a.node.network().send(c.node.id(), {context::kBulk, 0}, body, {}));
    const std::size_t at_start = allocations;
    pass(a_out, b_in, b);
    counted += allocations - at_start;
    (void)b_out.take();
  }
  CHECK(b.node.network().counters().forwarded - before == 1000);
  CHECK(counted == 0);
#if MEHR_COUNTS_MALLOC
  const std::size_t at_start = allocations;
  const auto probe = std::make_unique<std::array<int, 100>>();
  CHECK(allocations > at_start);  // the counter counts
#endif
}

}  // namespace mehr::stack::test
