// Files arrive intact and once, whatever the mesh does.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <set>

#include "fake_net.h"

using namespace mehr;
using namespace mehr::transfer;
using namespace mehr::transfer::test;

namespace {

constexpr std::size_t kChunk = 4069 - kDataOverhead;  // 4,045

void check_arrived(Pair& p, const Bytes& bytes) {
  REQUIRE(p.anne.last());
  INFO(p.anne.last()->error);
  CHECK(p.anne.last()->state == State::done);
  REQUIRE(p.carl.disk.kept.size() == 1);
  CHECK(p.carl.disk.kept[0].bytes == bytes);
  CHECK(p.carl.disk.kept[0].sender == p.anne.node.id);
  CHECK(p.carl.disk.open_writers == 0);
}

}  // namespace

TEST_CASE("transfer: any size arrives intact, once, under loss", "[transfer][property]") {
  const std::vector<std::size_t> sizes{0,          1,          kChunk - 1,     kChunk,
                                       kChunk + 1, 2 * kChunk, 7 * kChunk - 1, 3'000'000};
  for (const double loss : {0.0, 0.01, 0.1, 0.3}) {
    for (const std::size_t size : sizes) {
      const auto seed = static_cast<std::uint64_t>(size + static_cast<std::size_t>(loss * 1000));
      INFO("loss " << loss << " size " << size << " seed " << seed);
      Pair p(seed);
      p.mesh.path.loss = loss;
      p.mesh.path.doubled = loss / 2;
      p.mesh.path.jitter = Millis{loss > 0 ? 20u : 0u};
      const Bytes bytes = p.random_bytes(size);
      p.send(bytes);
      CHECK(p.run());
      check_arrived(p, bytes);
      p.world.run(p.world.now() + Millis::seconds(30));
      CHECK(p.anne.node.streams.empty());
      CHECK(p.carl.node.streams.empty());
      CHECK(p.carl.last()->path == "inbox/file.bin");
    }
  }
}

TEST_CASE("transfer: random paths, random sizes", "[transfer][property]") {
  const bool ok = rc::check("a file arrives intact and once", [] {
    Pair p(*rc::gen::arbitrary<std::uint64_t>());
    p.mesh.path.loss = *rc::gen::inRange(0, 31) / 100.0;
    p.mesh.path.doubled = *rc::gen::inRange(0, 31) / 100.0;
    p.mesh.path.delay = Millis{*rc::gen::inRange<std::uint64_t>(0, 200)};
    p.mesh.path.jitter = Millis{*rc::gen::inRange<std::uint64_t>(0, 200)};
    p.mesh.path.queue = *rc::gen::inRange<std::size_t>(2, 600);
    p.mesh.path.max_sealed = *rc::gen::element<std::size_t>(457, 1473, 4069);
    const Bytes bytes = p.random_bytes(*rc::gen::inRange<std::size_t>(0, 200'000));
    p.send(bytes);
    RC_ASSERT(p.run());
    RC_ASSERT(p.anne.last()->state == State::done);
    RC_ASSERT(p.carl.disk.kept.size() == 1u);
    RC_ASSERT(p.carl.disk.kept[0].bytes == bytes);
  });
  CHECK(ok);
}

TEST_CASE("transfer: a clean path is used well", "[transfer][rate]") {
  Pair p;
  p.mesh.path.queue = 2000;
  const Bytes bytes = p.random_bytes(8'000'000);
  p.send(bytes);
  REQUIRE(p.run());
  check_arrived(p, bytes);
  const auto& out = p.anne.service->counters();
  const std::uint64_t chunks = chunk_count(bytes.size(), kChunk);
  CHECK(out.chunks_sent == chunks);  // nothing twice
  CHECK(out.chunks_lost == 0);
  CHECK(p.carl.service->counters().acks_sent <= chunks / 32 + 8);
  CHECK(p.carl.disk.writes <= bytes.size() / (kChunk * 64) + 2);
  CHECK(p.carl.disk.reads == 0);
  const auto done = *p.anne.last();
  CHECK(done.changed - done.data_started < Millis{150});  // 4 MiB a round trip of 10 ms
}

TEST_CASE("transfer: a full queue below is waited for", "[transfer][full]") {
  Pair p;
  p.mesh.path.queue = 8;
  const Bytes bytes = p.random_bytes(1'000'000);
  p.send(bytes);
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(p.anne.node.refused_full > 0);
  CHECK(p.anne.service->counters().chunks_lost == 0);
}

TEST_CASE("transfer: a link lost half-way does not lose the file", "[transfer][route]") {
  Pair p;
  const Bytes bytes = p.random_bytes(3'000'000);
  p.send(bytes);
  const auto half = [&] {
    const auto l = p.anne.service->list();
    return !l.empty() && l[0].bytes_done > bytes.size() / 2;
  };
  REQUIRE(p.world.run(Millis::seconds(60), half));
  p.mesh.path.up = false;
  p.world.run(p.world.now() + Millis::seconds(300));
  REQUIRE(p.anne.service->list().size() == 1);
  CHECK(p.anne.service->list()[0].state == State::waiting_for_route);
  const Millis back = p.world.now();
  p.mesh.path.up = true;
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(p.anne.last()->changed - back < Millis::seconds(2));
  CHECK(p.anne.service->counters().chunks_sent < 2 * chunk_count(bytes.size(), kChunk));
}

TEST_CASE("transfer: a silent hole in the path does not lose the file", "[transfer][route]") {
  Pair p;
  const Bytes bytes = p.random_bytes(8'000'000);
  p.send(bytes);
  p.world.run(p.world.now() + Millis{30});
  p.mesh.path.loss = 1.0;
  p.world.run(p.world.now() + Millis::seconds(120));
  REQUIRE(p.anne.service->list()[0].state == State::sending);
  p.mesh.path.loss = 0;
  const Millis back = p.world.now();
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(p.anne.last()->changed - back < Millis::seconds(5));
}

TEST_CASE("transfer: without progress the sender gives up, and says so", "[transfer][route]") {
  Pair p;
  p.send(p.random_bytes(8'000'000));
  p.world.run(p.world.now() + Millis{30});
  p.mesh.path.up = false;
  const Millis lost = p.world.now();
  REQUIRE(p.run());
  CHECK(p.anne.last()->state == State::failed);
  CHECK(p.anne.last()->changed - lost >= Millis::seconds(600));
  CHECK(p.anne.last()->changed - lost < Millis::seconds(601));
  p.world.run(p.world.now() + Millis::seconds(60));
  CHECK(p.carl.last()->state == State::failed);
  CHECK(p.carl.disk.kept.empty());
  CHECK(p.carl.disk.open_writers == 0);
  CHECK(p.carl.node.streams.empty());
  CHECK(p.anne.node.streams.empty());
}

TEST_CASE("transfer: a receiver that restarts gets the file again from its start",
          "[transfer][restart]") {
  Pair p;
  const Bytes bytes = p.random_bytes(8'000'000);
  p.send(bytes);
  p.world.run(p.world.now() + Millis{50});
  REQUIRE(p.anne.service->list()[0].state == State::sending);
  REQUIRE(p.anne.service->list()[0].bytes_done > 0);
  p.carl.start();
  CHECK(p.carl.disk.open_writers == 0);
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(p.carl.disk.created == 2);
}

TEST_CASE("transfer: a path that becomes narrow gets smaller chunks", "[transfer][mtu]") {
  Pair p;
  const Bytes bytes = p.random_bytes(8'000'000);
  const TransferId id = p.send(bytes);
  p.world.run(p.world.now() + Millis{50});
  REQUIRE(p.anne.service->list()[0].state == State::sending);
  p.mesh.path.max_sealed = 457;
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(p.anne.last()->id == id);
  CHECK(p.carl.disk.created == 2);
  p.world.run(p.world.now() + Millis::seconds(30));
  CHECK(p.carl.node.streams.empty());
}

TEST_CASE("transfer: sixteen files at once, the seventeenth is told to wait",
          "[transfer][limits]") {
  TransferLimits limits;
  limits.incoming_per_peer = 16;
  Pair p(1, limits);
  p.mesh.path.loss = 0.05;
  for (int i = 0; i < 16; ++i) {
    const std::string token = "t" + std::to_string(i);
    p.anne.disk.sources[token] = p.random_bytes(std::size_t{50'000} + static_cast<std::size_t>(i));
    REQUIRE(p.anne.service->send(p.carl.node.id, token, token));
  }
  const auto more = p.anne.service->send(p.carl.node.id, "t0", "more");
  REQUIRE_FALSE(more);
  CHECK(more.error().code == Errc::full);
  p.world.run(p.world.now() + Millis::seconds(120), [&] { return p.carl.disk.kept.size() == 16; });
  REQUIRE(p.carl.disk.kept.size() == 16);
  for (const auto& k : p.carl.disk.kept) CHECK(p.anne.disk.sources[k.name] == k.bytes);
}

TEST_CASE("transfer: a busy receiver is asked again", "[transfer][limits]") {
  TransferLimits limits;
  limits.incoming_per_peer = 1;
  Pair p(1, limits);
  for (const char* name : {"one", "two", "three"}) {
    p.anne.disk.sources[name] = p.random_bytes(500'000);
    REQUIRE(p.anne.service->send(p.carl.node.id, name, name));
  }
  CHECK(p.world.run(p.world.now() + Millis::seconds(60),
                    [&] { return p.carl.disk.kept.size() == 3; }));
  CHECK(p.carl.service->counters().refused_offers > 0);
}

TEST_CASE("transfer: no packet number is used twice under one key", "[transfer][nonce]") {
  Pair p(3);
  p.mesh.path.loss = 0.2;
  p.mesh.path.queue = 16;
  std::set<std::pair<StreamId, std::uint32_t>> seen;
  std::size_t doubled = 0;
  p.anne.node.on_stream = [&](const StreamId& id, ByteView sealed) {
    const auto h = decode<DataHeader>(sealed.first(wire_size<DataHeader>));
    if (!seen.emplace(id, h->packet).second) ++doubled;
  };
  const Bytes bytes = p.random_bytes(1'000'000);
  p.send(bytes);
  REQUIRE(p.world.run(p.world.now() + Millis::seconds(60), [&] { return seen.size() > 100; }));
  REQUIRE(p.anne.service->list()[0].state == State::sending);
  p.carl.start();
  REQUIRE(p.run());
  check_arrived(p, bytes);
  CHECK(doubled == 0);
  CHECK(seen.size() > chunk_count(bytes.size(), kChunk));
}

TEST_CASE("transfer: a restarted receiver seals its acknowledgements under another key",
          "[transfer][nonce]") {
  Pair p;
  std::set<WireKey> keys;
  std::map<StreamId, std::set<std::uint32_t>> packets;
  std::size_t doubled = 0;
  p.carl.node.on_control = [&](ByteView b) {
    if (const auto a = decode<Answer>(b)) keys.insert(a->key);
  };
  p.carl.node.on_stream = [&](const StreamId& id, ByteView sealed) {
    const auto h = decode<AckHeader>(sealed.first(wire_size<AckHeader>));
    if (!packets[id].insert(h->packet).second) ++doubled;
  };
  p.send(p.random_bytes(8'000'000));
  p.world.run(p.world.now() + Millis{50});
  CHECK(keys.size() == 1);
  CHECK(doubled == 0);
  p.carl.start();
  REQUIRE(p.run());
  CHECK(keys.size() == 2);
  CHECK(p.anne.last()->state == State::done);
}
