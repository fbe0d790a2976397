// L2/5 property 19: what relays see, alone and two together; what they can and cannot link.
#include <set>

#include "mehr/l2/onion.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

/// Everything one relay meets of one onion: what came, and what it made of it.
struct View {
  Bytes in;
  Bytes out;  // the onion passed on, or the data at the exit
  NodeId to;
  bool exit = false;
};

std::set<Bytes> runs_of_16(const Bytes& bytes) {
  std::set<Bytes> out;
  for (std::size_t i = 0; i + 16 <= bytes.size(); ++i) {
    out.insert(Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                     bytes.begin() + static_cast<std::ptrdiff_t>(i + 16)));
  }
  return out;
}

bool share_a_run(const Bytes& a, const Bytes& b) {
  const auto runs = runs_of_16(a);
  for (const auto& run : runs_of_16(b)) {
    if (runs.count(run) != 0) return true;
  }
  return false;
}

struct Journey {
  std::vector<l0::Identity> relays;
  std::vector<View> views;

  Journey(std::size_t hops, OnionClass c, const Bytes& data, std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<Recipient> to;
    for (std::size_t i = 0; i < hops; ++i) {
      relays.push_back(l0::Identity::generate(random));
      to.push_back(Recipient::self(relays.back()));
    }
    Bytes packet(onion_size(c));
    const OnionExit exit{identity(32).node_id(), 0xE1, data};
    REQUIRE(build_onion(c, to, exit, Ephemeral::draw(random), packet).has_value());
    for (std::size_t i = 0; i < hops; ++i) {
      View view;
      view.in = packet;
      ReplayCache seen(4, random);
      const auto peeled = peel_onion(relays[i], packet, seen, Millis{1});
      REQUIRE(peeled.has_value());
      view.out = bytes_of(peeled->data);
      view.to = peeled->to;
      view.exit = peeled->kind == Peeled::Kind::exit;
      views.push_back(view);
    }
  }
};

}  // namespace

TEST_CASE("L2/5 property 19: what a relay receives and what it sends share nothing",
          "[l2][onion]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Journey j(3, OnionClass::constrained, pattern(200), seed);
    for (const View& view : j.views) CHECK_FALSE(share_a_run(view.in, view.out));
  }
}

TEST_CASE("L2/5 property 19: any two of three relays, colluding", "[l2][onion]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Journey j(3, OnionClass::constrained, pattern(200), seed);
    const auto& v = j.views;
    // Neighbours on the way hold the same packet: the one handed it to the other. They know that
    // they are on one way, as they would of any packet.
    CHECK(v[0].out == v[1].in);
    CHECK(v[1].out == v[2].in);
    // First and last hold nothing in common, but the node between them: the first knows that it
    // sent to it, the last that it got from it. Timing aside, that is all.
    for (const Bytes* a : {&v[0].in, &v[0].out}) {
      for (const Bytes* b : {&v[2].in, &v[2].out}) CHECK_FALSE(share_a_run(*a, *b));
    }
    // First and middle: not the destination, not the data.
    const Bytes destination = bytes_of(identity(32).node_id().view());
    for (const std::size_t i : {0U, 1U}) {
      CHECK_FALSE(share_a_run(v[i].in, destination));
      CHECK_FALSE(share_a_run(v[i].out, destination));
      CHECK_FALSE(share_a_run(v[i].out, pattern(200)));
      CHECK_FALSE(v[i].to == identity(32).node_id());
      CHECK_FALSE(v[i].exit);
    }
    // Middle and last: destination and sealed data, and who handed the packet to the middle one;
    // that node may be the sender or a relay, and nothing in the bytes tells which.
    CHECK(v[2].exit);
    CHECK(v[2].to == identity(32).node_id());
    CHECK_FALSE(share_a_run(v[1].in, bytes_of(j.relays[0].node_id().view())));
    CHECK_FALSE(share_a_run(v[2].in, bytes_of(j.relays[0].node_id().view())));
  }
}

TEST_CASE("L2/5 property 19: size never tells the position", "[l2][onion]") {
  for (const OnionClass c : {OnionClass::constrained, OnionClass::standard, OnionClass::bulk}) {
    for (std::size_t hops = 1; hops <= kMostOnionHops; ++hops) {
      const Journey j(hops, c, pattern(hops), hops);
      for (const View& view : j.views) CHECK(view.in.size() == onion_size(c));
    }
  }
}

TEST_CASE("L2/5: two onions of one sender share nothing either", "[l2][onion]") {
  const Journey one(3, OnionClass::constrained, pattern(200), 5);
  const Journey two(3, OnionClass::constrained, pattern(200), 6);
  for (std::size_t i = 0; i < 3; ++i) CHECK_FALSE(share_a_run(one.views[i].in, two.views[i].in));
}
