// L2/4.1, property 29: keys of signers that are not known yet.
#include "door.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

const l0::Identity kSigner = identity(64);

Bytes get_of(const NodeId& node) { return join(hex("a201"), node.view()); }
Bytes answer_of(const PublicKey& key) { return join(hex("a202"), key.view()); }

struct Waiter {
  Member node{0};
  std::vector<Bytes> resumed;
  Waiter() {
    node.links.ends[1] = {identity(32).node_id(), Mtu{484}};
    node.links.ends[2] = {identity(33).node_id(), Mtu{484}};
  }
  void wait(const Bytes& message, std::uint32_t link = 1,
            const NodeId& signer = kSigner.node_id()) {
    node.door.with_key(signer, link, message, [this](const PublicKey& key, MutableBytes m) {
      CHECK(key == kSigner.public_key());
      resumed.push_back(bytes_of(m));
    });
  }
  void pass(std::uint64_t ms) {
    node.clock.at = node.clock.at + Millis{ms};
    node.door.on_time();
  }
};

}  // namespace

TEST_CASE("L2/4.1: asked on the link it came from, and accepted with the answer", "[l2][keys]") {
  Waiter w;
  w.wait(kHello);
  REQUIRE(w.node.links.sent.size() == 1);
  CHECK(w.node.links.sent[0].link == 1);
  CHECK(w.node.links.sent[0].message == get_of(kSigner.node_id()));
  CHECK(w.resumed.empty());
  CHECK(w.node.links.come(1, answer_of(kSigner.public_key())));
  REQUIRE(w.resumed.size() == 1);
  CHECK(w.resumed[0] == kHello);
  // Kept from now on, for every layer and without a route.
  CHECK(w.node.door.key_of(kSigner.node_id()) == kSigner.public_key());
  w.wait(text("again"));
  CHECK(w.resumed.size() == 2);
  CHECK(w.node.links.sent.size() == 1);
}

TEST_CASE("L2/4.1: asked three times, after 2, 4 and 8 s, and dropped after 30", "[l2][keys]") {
  Waiter w;
  w.wait(kHello);
  CHECK(w.node.links.sent.size() == 1);
  w.pass(1'999);
  CHECK(w.node.links.sent.size() == 1);
  w.pass(1);
  CHECK(w.node.links.sent.size() == 2);
  w.pass(4'000);
  CHECK(w.node.links.sent.size() == 3);
  w.pass(8'000);
  w.pass(8'000);
  CHECK(w.node.links.sent.size() == 3);
  w.pass(8'000);
  CHECK(w.node.door.counters().dropped_keyless == 1);
  CHECK(w.node.door.next_deadline() == Millis::never());
}

TEST_CASE("L2/4.1: several messages of one signer ask once", "[l2][keys]") {
  Waiter w;
  w.wait(text("one"));
  w.wait(text("two"));
  w.wait(text("three"), 2);
  CHECK(w.node.links.sent.size() == 3);  // each when it came
  w.pass(2'000);
  CHECK(w.node.links.sent.size() == 5);  // then once for each link
  CHECK(w.node.links.come(2, answer_of(kSigner.public_key())));
  CHECK(w.resumed == std::vector{text("one"), text("two"), text("three")});
}

TEST_CASE("L2/4.1: a packet's signer is asked for by a way to it", "[l2][keys]") {
  Waiter w;
  w.wait(kHello, 0);
  CHECK(w.node.links.sent.empty());
  CHECK(w.node.links.sought == std::vector{kSigner.node_id()});
  w.node.keys.add(kSigner);  // its announce came
  w.pass(2'000);
  CHECK(w.resumed.size() == 1);
  CHECK(w.node.links.sought.size() == 1);
}

TEST_CASE("L2 property 29: a key of another NodeID changes nothing and is a fault", "[l2][keys]") {
  Waiter w;
  w.wait(kHello);
  CHECK_FALSE(w.node.links.come(1, answer_of(identity(65).public_key())));
  CHECK(w.resumed.empty());
  CHECK_FALSE(w.node.door.key_of(identity(65).node_id()).has_value());
  CHECK_FALSE(w.node.links.come(2, answer_of(kSigner.public_key())));  // not asked there
  CHECK(w.resumed.empty());
  // A key that is none, though its hash was asked for.
  PublicKey small;
  small.bytes[0] = 1;
  Waiter v;
  v.wait(kHello, 1, crypto::node_id_of(small));
  CHECK_FALSE(v.node.links.come(1, answer_of(small)));
  for (const auto* bad : {"a2", "a203", "a201", "a20100", "a202"}) {
    CHECK_FALSE(w.node.links.come(1, hex(bad)));
  }
  CHECK_FALSE(w.node.links.come(1, join(get_of(kSigner.node_id()), hex("00"))));
}

TEST_CASE("L2/4.1: an answer that is late, or comes twice, is no fault", "[l2][keys]") {
  Waiter w;
  w.wait(kHello);
  w.pass(120'000);  // the message is gone, the link was slow
  CHECK(w.node.door.counters().dropped_keyless == 1);
  CHECK(w.node.links.come(1, answer_of(kSigner.public_key())));
  CHECK(w.node.links.come(1, answer_of(kSigner.public_key())));
  CHECK(w.node.door.key_of(kSigner.node_id()).has_value());
  w.pass(181'000);
  CHECK_FALSE(w.node.links.come(1, answer_of(kSigner.public_key())));
  // Where a question had to be forgotten, nobody is blamed for its answer, and nothing learnt.
  for (std::uint8_t i = 0; i < 65; ++i)
    w.wait(kHello, 1, identity(static_cast<std::uint8_t>(100 + i)).node_id());
  CHECK(w.node.links.come(1, answer_of(identity(200).public_key())));
  CHECK_FALSE(w.node.door.key_of(identity(200).node_id()).has_value());
  w.pass(301'000);
  CHECK_FALSE(w.node.links.come(1, answer_of(identity(200).public_key())));
}

TEST_CASE("L2 property 29: the 65th waiting message evicts the oldest", "[l2][keys]") {
  Waiter w;
  for (std::uint8_t i = 0; i < 65; ++i) w.wait(Bytes{i});
  CHECK(w.node.door.counters().dropped_keyless == 1);
  CHECK(w.node.links.come(1, answer_of(kSigner.public_key())));
  REQUIRE(w.resumed.size() == 64);
  CHECK(w.resumed.front() == Bytes{1});
  CHECK(w.resumed.back() == Bytes{64});
}

TEST_CASE("L2/4.1 rule 3: questions are answered, ten a second and link", "[l2][keys]") {
  Member node(0);
  node.links.ends[1] = {identity(32).node_id(), Mtu{484}};
  node.keys.add(kSigner);
  CHECK(node.links.come(1, get_of(kSigner.node_id())));
  REQUIRE(node.links.sent.size() == 1);
  CHECK(node.links.sent[0].message == answer_of(kSigner.public_key()));
  CHECK(node.links.come(1, get_of(node.me.node_id())));
  CHECK(node.links.sent.back().message == answer_of(node.me.public_key()));
  CHECK(node.links.come(1, get_of(identity(99).node_id())));  // unknown: no answer
  CHECK(node.links.sent.size() == 2);
  for (int i = 0; i < 20; ++i) node.links.come(1, get_of(kSigner.node_id()));
  CHECK(node.links.sent.size() == 10);
  node.links.come(2, get_of(kSigner.node_id()));
  CHECK(node.links.sent.size() == 11);
  node.clock.at = node.clock.at + Millis{1'000};
  node.links.come(1, get_of(kSigner.node_id()));
  CHECK(node.links.sent.size() == 12);
}
