// What ends a transfer, and what a stranger cannot do.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "fake_net.h"

using namespace mehr;
using namespace mehr::transfer;
using namespace mehr::transfer::test;

namespace {

std::string_view error_of(const End& end) {
  static std::string text;
  text = end.last() ? end.last()->error : "";
  return text;
}

Offer an_offer(std::uint8_t id, std::uint64_t size = 100) {
  Offer o;
  o.attempt = 1;
  o.transfer.bytes.fill(id);
  o.acks.bytes.fill(static_cast<std::uint8_t>(id + 1));
  o.key.bytes.fill(7);
  o.size = size;
  o.chunk = 1000;
  o.name.bytes = as_bytes("x");
  return o;
}

/// Seals a data datagram as the holder of `an_offer`'s key would.
Bytes sealed_chunk(const Offer& o, std::uint32_t index, std::uint32_t packet, ByteView plain) {
  const DataHeader header{.index = index, .packet = packet};
  Bytes out(kDataOverhead + plain.size());
  Writer w(out);
  w.put(header);
  crypto::Aead(Secret<32>::copy_of(o.key.bytes), crypto::Aead::Use::seal)
      .seal(nonce_of(packet), aad_of(o.transfer, header), plain,
            MutableBytes(out).subspan(wire_size<DataHeader>));
  return out;
}

}  // namespace

TEST_CASE("transfer: a file that changes on its way is reported, not kept", "[transfer][fail]") {
  Pair p;
  p.send(p.random_bytes(3'000'000));
  p.world.run(p.world.now() + Millis{10});
  p.anne.disk.sources["token"][2'999'999] ^= 1;
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(error_of(p.anne).find("did the file change") != std::string_view::npos);
  CHECK(p.carl.disk.kept.empty());
  CHECK(p.carl.disk.aborted == 1);
}

TEST_CASE("transfer: a file that becomes shorter ends the transfer", "[transfer][fail]") {
  Pair p;
  p.send(p.random_bytes(3'000'000));
  p.world.run(p.world.now() + Millis{10});
  p.anne.disk.sources["token"].resize(100);
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  p.world.run(p.world.now() + Millis::seconds(30));
  CHECK(p.carl.last()->state == State::failed);
  CHECK(p.carl.disk.kept.empty());
  CHECK(p.anne.node.streams.empty());
}

TEST_CASE("transfer: a full disk ends one transfer, the next one works", "[transfer][fail]") {
  Pair p;
  p.carl.disk.room = 1'000'000;
  p.send(p.random_bytes(3'000'000));
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(error_of(p.anne).find("disk") != std::string_view::npos);
  CHECK(p.carl.disk.kept.empty());
  p.world.run(p.world.now() + Millis::seconds(5));
  CHECK(p.carl.disk.open_writers == 0);
  p.anne.told.clear();
  const Bytes small = p.random_bytes(1000);
  p.send(small);
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::done);
  REQUIRE(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.kept[0].bytes == small);
}

TEST_CASE("transfer: no room at all, and a commit that fails", "[transfer][fail]") {
  Pair p;
  SECTION("no room") { p.carl.disk.refuse = true; }
  SECTION("commit") { p.carl.disk.fail_commit = true; }
  p.send(p.random_bytes(10'000));
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(p.carl.disk.kept.empty());
}

TEST_CASE("transfer: a refusal is final, and asked with the sender's name", "[transfer][fail]") {
  Pair p;
  std::optional<NodeId> asked;
  p.carl.accept = [&](const NodeId& sender, std::string_view name, std::uint64_t size) {
    asked = sender;
    CHECK(name == "file.bin");
    CHECK(size == 10);
    return false;
  };
  p.send(p.random_bytes(10));
  REQUIRE(p.run());
  CHECK(asked == p.anne.node.id);
  CHECK(p.anne.last()->state == State::failed);
  CHECK(p.carl.disk.created == 0);
}

TEST_CASE("transfer: too large for the receiver", "[transfer][fail]") {
  Pair p;
  p.carl.limits.file_size = 1000;
  p.carl.start();
  p.send(p.random_bytes(1001));
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(p.carl.disk.created == 0);
}

TEST_CASE("transfer: who waits for a route and a fresh offer sleeps meanwhile",
          "[transfer][fail]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    Pair pair(seed);
    pair.mesh.path.loss = 0.2;
    pair.send(pair.random_bytes(3'000'000));
    pair.world.run(pair.world.now() + Millis{200 + pair.mesh.chance() % 400});
    // Chunks are too long now, so a fresh offer is due; acknowledgements fail, then the route.
    pair.mesh.path.max_sealed = 1'000;
    pair.world.run(pair.world.now() + Millis{1'500 + pair.mesh.chance() % 2'000});
    pair.mesh.path.up = false;
    const std::size_t before = pair.world.wakes;
    pair.world.run(pair.world.now() + Millis::seconds(60));
    CHECK(pair.world.wakes - before < 2'000);
    pair.mesh.path = {};
    REQUIRE(pair.run());
    CHECK(pair.anne.last()->state == State::done);
  }
}

TEST_CASE("transfer: impossible sends are refused at once", "[transfer][fail]") {
  Pair p;
  p.anne.disk.sources["t"] = {1};
  const auto code = [&](std::string_view token, std::string_view name) {
    const auto r = p.anne.service->send(p.carl.node.id, token, name);
    return r ? Errc{0} : r.error().code;
  };
  CHECK(code("none", "a") == Errc::not_found);
  CHECK(code("t", "a/b") == Errc::bad_value);
  CHECK(code("t", std::string(256, 'x')) == Errc::too_big);
  CHECK(p.anne.service->cancel(TransferId{99}).error().code == Errc::not_found);
}

TEST_CASE("transfer: either side cancels and the other hears of it", "[transfer][cancel]") {
  Pair p;
  p.mesh.path.loss = 0.2;
  const TransferId id = p.send(p.random_bytes(30'000'000));
  const auto receiving = [&] { return !p.carl.service->list().empty(); };
  REQUIRE(p.world.run(p.world.now() + Millis::seconds(60), receiving));
  p.world.run(p.world.now() + Millis{100});
  SECTION("sender") { REQUIRE(p.anne.service->cancel(id)); }
  SECTION("receiver") { REQUIRE(p.carl.service->cancel(p.carl.service->list()[0].id)); }
  p.world.run(p.world.now() + Millis::seconds(60));
  REQUIRE(p.anne.last());
  REQUIRE(p.carl.last());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(p.carl.last()->state == State::failed);
  CHECK(p.carl.disk.open_writers == 0);
  CHECK(p.anne.node.streams.empty());
  CHECK(p.carl.node.streams.empty());
}

TEST_CASE("transfer: an offer replayed after the end makes no second copy", "[transfer][hostile]") {
  Pair p;
  std::vector<Bytes> controls;
  p.anne.node.on_control = [&](ByteView b) { controls.emplace_back(b.begin(), b.end()); };
  std::vector<std::pair<StreamId, Bytes>> datagrams;
  p.anne.node.on_stream = [&](const StreamId& id, ByteView b) {
    datagrams.emplace_back(id, Bytes(b.begin(), b.end()));
  };
  p.send(p.random_bytes(20'000));
  REQUIRE(p.run());
  p.world.run(p.world.now() + Millis::seconds(5));
  for (int i = 0; i < 3; ++i) {
    for (const auto& c : controls) {
      p.carl.node.deliver(p.anne.node.key, kControl, std::nullopt, c);
    }
    for (const auto& [id, d] : datagrams) {
      p.carl.node.deliver(p.anne.node.key, Protocol{context::kBulk, 0}, id, d);
    }
    p.world.run(p.world.now() + Millis::seconds(5));
  }
  CHECK(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.created == 1);
  CHECK(p.carl.service->counters().repeated_offers >= 3);
}

TEST_CASE("transfer: control messages of a third node touch nothing", "[transfer][hostile]") {
  Pair p;
  End eve(p.mesh, 'e');
  StreamId transfer;
  p.anne.node.on_control = [&](ByteView b) {
    if (const auto o = decode<Offer>(b)) transfer = o->transfer;
  };
  const Bytes bytes = p.random_bytes(3'000'000);
  p.send(bytes);
  REQUIRE(p.world.run(p.world.now() + Millis::seconds(9),
                      [&] { return !p.carl.service->list().empty(); }));
  p.world.run(p.world.now() + Millis{20});
  Done done;
  done.transfer = transfer;
  done.outcome = Outcome::received;
  p.anne.node.inject(eve.node.key, done);
  Answer answer;
  answer.transfer = transfer;
  p.anne.node.inject(eve.node.key, answer);
  Cancel cancel;
  cancel.transfer = transfer;
  p.carl.node.inject(eve.node.key, cancel);
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::done);
  REQUIRE(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.kept[0].bytes == bytes);
}

TEST_CASE("transfer: garbage is counted and dropped", "[transfer][hostile]") {
  Pair p(5);
  const auto garbage = [&](const Bytes& b) {
    p.carl.node.deliver(p.anne.node.key, kControl, std::nullopt, b);
  };
  garbage({});
  garbage({1});
  garbage({1, 9});
  garbage({2, 1});
  for (int i = 0; i < 200; ++i) {
    Bytes b = p.random_bytes(p.mesh.chance() % 300);
    if (b.size() > 1) {
      b[0] = 1;
      b[1] = static_cast<std::uint8_t>(i % 6);
    }
    garbage(b);
  }
  CHECK(p.carl.service->counters().bad_control > 150);
  CHECK(p.carl.service->list().empty());
  // A control message without a proven sender is none.
  Bytes room(1024);
  const auto offer = an_offer(1);
  const auto bytes = encode(offer, room);
  REQUIRE(bytes);
  const auto before = p.carl.service->counters().bad_control;
  Bytes body(bytes->begin(), bytes->end());
  p.carl.node.deliver_unproven(kControl, body);
  CHECK(p.carl.service->counters().bad_control == before + 1);
  CHECK(p.carl.disk.created == 0);
}

TEST_CASE("transfer: a flood of offers is bounded and runs dry", "[transfer][hostile]") {
  Pair p;
  for (int sender = 0; sender < 40; ++sender) {
    PublicKey key;
    key.bytes.fill(static_cast<std::uint8_t>(100 + sender));
    for (int i = 0; i < 20; ++i) {
      p.carl.node.inject(key, an_offer(static_cast<std::uint8_t>(3 * i)));
    }
  }
  CHECK(p.carl.disk.open_writers == 16);
  CHECK(p.carl.service->list().size() == 16);
  CHECK(p.carl.service->counters().refused_offers == 800 - 16);
  p.world.run(p.world.now() + Millis::seconds(130));
  CHECK(p.carl.disk.open_writers == 0);
  CHECK(p.carl.node.streams.empty());
  const Bytes bytes = p.random_bytes(1000);
  p.send(bytes);
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::done);
}

TEST_CASE("transfer: the same id with other contents is refused", "[transfer][hostile]") {
  Pair p;
  Offer o = an_offer(1);
  p.carl.node.inject(p.anne.node.key, o);
  o.size = 99;
  p.carl.node.inject(p.anne.node.key, o);
  CHECK(p.carl.service->counters().refused_offers == 1);
  CHECK(p.carl.disk.created == 1);
}

TEST_CASE("transfer: bad data datagrams change nothing", "[transfer][hostile]") {
  Pair p;
  const Bytes file = p.random_bytes(2500);  // chunks of 1000, 1000, 500
  Offer o = an_offer(1, file.size());
  o.hash = crypto::Blake3().update(file).finish();
  p.carl.node.inject(p.anne.node.key, o);
  const auto data = [&](const Bytes& b) {
    p.carl.node.deliver(p.anne.node.key, Protocol{context::kBulk, 0}, o.transfer, b);
  };
  const auto& counters = p.carl.service->counters();
  data({});
  data({0, 0, 0, 0, 0, 0, 0});
  CHECK(counters.bad_data == 2);
  data(sealed_chunk(o, 3, 0, ByteView(file).first(1000)));
  data(sealed_chunk(o, 0xFFFFFFFF, 0, ByteView(file).first(1000)));
  CHECK(counters.data_outside == 2);
  data(sealed_chunk(o, 2, 0, ByteView(file).first(1000)));  // the last chunk has 500 bytes
  data(sealed_chunk(o, 0, 0, ByteView(file).first(999)));
  CHECK(counters.bad_data == 4);
  Bytes forged = sealed_chunk(o, 0, 0, ByteView(file).first(1000));
  forged[0] = 1;  // another index
  data(forged);
  CHECK(counters.bad_data == 5);
  CHECK(p.carl.service->list()[0].bytes_done == 0);
  data(sealed_chunk(o, 2, 0, ByteView(file).subspan(2000)));
  data(sealed_chunk(o, 0, 1, ByteView(file).first(1000)));
  data(sealed_chunk(o, 0, 2, ByteView(file).first(1000)));
  CHECK(counters.repeated_data == 1);
  data(sealed_chunk(o, 1, 3, ByteView(file).subspan(1000, 1000)));
  p.world.run(p.world.now() + Millis::seconds(1));
  REQUIRE(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.kept[0].bytes == file);
}

TEST_CASE("transfer: acknowledgements of others and of the past change nothing",
          "[transfer][hostile]") {
  Pair p;
  std::vector<std::pair<StreamId, Bytes>> acks;
  p.carl.node.on_stream = [&](const StreamId& id, ByteView b) {
    acks.emplace_back(id, Bytes(b.begin(), b.end()));
  };
  const Bytes bytes = p.random_bytes(8'000'000);
  p.send(bytes);
  REQUIRE(p.world.run(p.world.now() + Millis::seconds(9), [&] { return acks.size() > 4; }));
  p.world.run(p.world.now() + Millis{10});
  const auto ack = [&](const Bytes& b) {
    p.anne.node.deliver(p.carl.node.key, Protocol{context::kBulk, 0}, acks[0].first, b);
  };
  const auto& counters = p.anne.service->counters();
  ack({});
  ack(p.random_bytes(50));
  CHECK(counters.bad_acks >= 1);
  for (int i = 0; i < 5; ++i) ack(acks[0].second);
  CHECK(counters.stale_acks >= 5);
  Bytes forged = acks.back().second;
  forged[3] = 0x7F;  // a later packet number
  const auto before = counters.bad_acks;
  ack(forged);
  CHECK(counters.bad_acks == before + 1);
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::done);
  REQUIRE(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.kept[0].bytes == bytes);
}

TEST_CASE("transfer: a receiver that acknowledges too much is not believed",
          "[transfer][hostile]") {
  Pair p;
  Node eve(p.mesh, 'e');
  std::optional<Offer> offer;
  std::map<StreamId, Bytes> none;
  Bytes kept;
  eve.on(kControl, [&](const Message& m) {
    kept = Bytes(m.body.begin(), m.body.end());
    if (auto o = decode<Offer>(kept)) offer = *o;
  });
  p.anne.disk.sources["t"] = p.random_bytes(5'000'000);
  REQUIRE(p.anne.service->send(eve.id, "t", "t"));
  REQUIRE(p.world.run(p.world.now() + Millis::seconds(9), [&] { return offer.has_value(); }));
  Answer answer;
  answer.attempt = offer->attempt;
  answer.transfer = offer->transfer;
  answer.verdict = Verdict::accepted;
  answer.window = 64;
  p.anne.node.inject(eve.key, answer);
  Ack ack;
  ack.next = 1'000'000;
  ack.window = 64;
  const AckHeader header{.packet = 0};
  Bytes out(wire_size<AckHeader> + wire_size<Ack> + 16);
  Writer w(out);
  w.put(header);
  w.put(ack);
  const auto whole = MutableBytes(out).subspan(wire_size<AckHeader>);
  crypto::Aead(Secret<32>{}, crypto::Aead::Use::seal)
      .seal(nonce_of(0), aad_of(offer->acks, header), whole.first(wire_size<Ack>), whole);
  p.anne.node.deliver(eve.key, Protocol{context::kBulk, 0}, offer->acks, out);
  CHECK(p.anne.service->counters().bad_acks == 1);
  CHECK(p.anne.service->list()[0].bytes_done == 0);
}
