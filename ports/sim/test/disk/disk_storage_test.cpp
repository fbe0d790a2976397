// Storage on the simulated disk: what is acknowledged survives every crash, whole.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <map>

#include "mehr/sim/disk.h"

namespace mehr::sim::test {

namespace {

using State = std::map<std::string, Bytes>;
using Batch = std::vector<std::pair<std::string, Bytes>>;

const std::vector<std::string> kKeys{"a", "b", "l1/emitted", "", std::string(300, 'k')};

Status put(Storage& storage, const Batch& batch) {
  std::vector<Storage::Put> puts;
  for (const auto& [key, value] : batch) puts.push_back({key, value});
  return storage.put(puts);
}

void change(const Batch& batch, State& state) {
  for (const auto& [key, value] : batch) state[key] = value;
}

State state_of(Storage& storage) {
  State out;
  for (const std::string& key : kKeys) {
    const auto value = storage.get(key);
    if (value) {
      out[key] = *value;
    } else if (value.error().code != Errc::not_found) {
      throw std::runtime_error(value.error().text);
    }
  }
  return out;
}

/// Batches that make the log turn over several times; batch @p i is told from all others.
Batch batch_of(std::size_t i) {
  const auto mark = static_cast<std::uint8_t>(i);
  Batch batch{{kKeys[i % kKeys.size()], Bytes(i * 37 % 1500, mark)}};
  if (i % 3 == 0) batch.emplace_back("l1/emitted", Bytes{mark, 1});
  if (i % 4 == 0) batch.emplace_back(kKeys[i / 2 % kKeys.size()], Bytes(3, mark));
  return batch;
}

constexpr std::size_t kBatches = 24;

/// Every state that whole batches can have left, by the number of batches.
std::vector<State> all_states() {
  std::vector<State> out(1);
  for (std::size_t i = 0; i < kBatches; ++i) {
    out.push_back(out.back());
    change(batch_of(i), out.back());
  }
  return out;
}

/// Writes batches until one fails; how many were acknowledged.
std::size_t run_batches(Storage& storage) {
  for (std::size_t i = 0; i < kBatches; ++i) {
    if (!put(storage, batch_of(i))) return i;
  }
  return kBatches;
}

Batch any_batch(std::uint8_t mark) {
  Batch batch;
  for (int n = *rc::gen::inRange(1, 4); n > 0; --n) {
    batch.emplace_back(*rc::gen::elementOf(kKeys),
                       Bytes(*rc::gen::inRange<std::size_t>(0, 900), mark));
  }
  return batch;
}

}  // namespace

TEST_CASE("sim storage: batches are read back, the last of a key counts", "[sim][disk]") {
  Disk disk(1, 0);
  {
    DiskStorage storage(disk);
    CHECK(storage.get("a").error().code == Errc::not_found);
    REQUIRE(put(storage, {{"a", {1}}, {"b", {2}}, {"a", {3, 4}}}));
    REQUIRE(put(storage, {}));
    CHECK(storage.get("a") == Bytes{3, 4});
    CHECK(put(storage, {{std::string(70'000, 'k'), {1}}}).error().code == Errc::bad_value);
  }
  disk.crash();
  DiskStorage again(disk);
  CHECK(again.get("a") == Bytes{3, 4});
  CHECK(again.get("b") == Bytes{2});
  CHECK(again.torn_records() == 0);
}

TEST_CASE("sim storage: garbage goes when it dominates", "[sim][disk]") {
  Disk disk(1, 0);
  DiskStorage storage(disk);
  for (std::size_t i = 0; i < 2'000; ++i) {
    REQUIRE(put(storage, {{"l1/emitted", Bytes(8, static_cast<std::uint8_t>(i))}}));
    REQUIRE(disk.used() <= 4096 + 100);
  }
  DiskStorage again(disk);
  CHECK(again.get("l1/emitted") == Bytes(8, static_cast<std::uint8_t>(1'999)));
  CHECK(disk.list("") == std::vector<std::string>{"storage.log"});
}

TEST_CASE("sim storage: a failing disk leaves the old state readable", "[sim][disk]") {
  Disk disk(1, 0, 6000);
  DiskStorage storage(disk);
  REQUIRE(put(storage, {{"a", {1}}}));
  disk.faults.full = true;
  CHECK(put(storage, {{"a", {2}}, {"b", {2}}}).error().code == Errc::io);
  disk.faults.full = false;
  disk.faults.write_error_rate = 1;
  CHECK(put(storage, {{"a", {3}}}).error().code == Errc::io);
  CHECK(storage.get("a") == Bytes{1});
  CHECK(storage.get("b").error().code == Errc::not_found);
  disk.faults = {};
  CHECK(put(storage, {{"b", Bytes(10'000, 1)}}).error().code == Errc::io);
  REQUIRE(put(storage, {{"b", {4}}}));
  DiskStorage again(disk);
  CHECK(again.get("a") == Bytes{1});
  CHECK(again.get("b") == Bytes{4});
}

TEST_CASE("sim storage: a log that cannot be read is not taken for an empty one", "[sim][disk]") {
  Disk disk(1, 0);
  REQUIRE(put(*std::make_unique<DiskStorage>(disk), {{"a", {1}}}));
  disk.faults.read_error_rate = 1;
  DiskStorage storage(disk);
  CHECK(storage.get("a").error().code == Errc::io);
  CHECK(put(storage, {{"b", {2}}}).error().code == Errc::io);
  disk.faults = {};
  CHECK(storage.get("a") == Bytes{1});
  REQUIRE(put(storage, {{"b", {2}}}));
  CHECK(DiskStorage(disk).get("a") == Bytes{1});
}

TEST_CASE("sim storage: a torn tail is cut off, and stays gone", "[sim][disk]") {
  Disk disk(1, 0);
  REQUIRE(put(*std::make_unique<DiskStorage>(disk), {{"a", {1}}}));
  const std::uint64_t good = disk.size("storage.log").value();
  SECTION("rubbish") { REQUIRE(disk.write("storage.log", good, Bytes(100, 0xFF))); }
  SECTION("zeros") { REQUIRE(disk.write("storage.log", good, Bytes(100, 0))); }
  SECTION("half a header") { REQUIRE(disk.write("storage.log", good, Bytes(10, 1))); }
  SECTION("a record of its own, elsewhere") {
    Bytes log(good);
    REQUIRE(disk.read("storage.log", 0, log));
    REQUIRE(disk.write("storage.log", good, log));
  }
  DiskStorage storage(disk);
  CHECK(storage.torn_records() == 1);
  CHECK(storage.get("a") == Bytes{1});
  CHECK(disk.size("storage.log") == good);
  DiskStorage again(disk);
  CHECK(again.torn_records() == 0);
  CHECK(again.get("a") == Bytes{1});
}

TEST_CASE("sim storage: nothing of a failed batch stays behind", "[sim][disk]") {
  Disk disk(1, 0);
  DiskStorage storage(disk);
  REQUIRE(put(storage, {{"a", {1}}}));
  // In the log, then in the new log: each time the write succeeds and the sync does not.
  for (int attempt = 1; attempt <= 2; ++attempt) {
    disk.faults.calls_left = 1;
    CHECK(put(storage, {{"b", Bytes(1000, 9)}}).error().code == Errc::io);
  }
  disk.faults.calls_left.reset();
  CHECK(disk.used() > 2000);
  REQUIRE(put(storage, {{"b", {2}}}));
  CHECK(disk.used() < 200);
  DiskStorage again(disk);
  CHECK(again.torn_records() == 0);
  CHECK(again.get("b") == Bytes{2});
}

// A crash after every single call that the disk is asked, for several ways the crash may go.
TEST_CASE("sim storage: acknowledged batches survive a crash at every point", "[sim][disk]") {
  const auto states = all_states();
  Disk whole(0, 0);
  DiskStorage all(whole);
  REQUIRE(run_batches(all) == kBatches);
  const std::uint64_t calls = whole.calls();
  REQUIRE(calls == 2 * kBatches + 2 * 3);  // a write and a sync each; compacted twice
  std::size_t kept_whole = 0;
  for (std::uint64_t k = 0; k < calls; ++k) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      Disk disk(seed, 0);
      disk.faults.calls_left = k;
      std::size_t acknowledged = 0;
      {
        DiskStorage storage(disk);
        acknowledged = run_batches(storage);
        REQUIRE(state_of(storage) == states[acknowledged]);
      }
      disk.crash();
      DiskStorage reopened(disk);
      const State after = state_of(reopened);
      const bool next = acknowledged < kBatches && after == states[acknowledged + 1];
      INFO("call " << k << ", seed " << seed);
      REQUIRE((after == states[acknowledged] || next));
      if (next) ++kept_whole;
      // It goes on from there.
      REQUIRE(put(reopened, {{"a", {42}}}));
      disk.crash();
      REQUIRE(DiskStorage(disk).get("a") == Bytes{42});
    }
  }
  CHECK(kept_whole > 0);  // an unacknowledged batch may be there: the crash had something to keep
}

TEST_CASE("sim storage: with a sync that lies, what is left is whole batches in order",
          "[sim][disk]") {
  const auto states = all_states();
  std::size_t lost = 0;
  std::uint64_t torn = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Disk disk(seed, 0);
    disk.faults.lying_sync_rate = seed % 2 == 0 ? 1 : 0.3;
    disk.faults.calls_left = seed % 67;
    std::size_t acknowledged = 0;
    {
      DiskStorage storage(disk);
      acknowledged = run_batches(storage);
    }
    disk.crash();
    disk.faults = {};
    DiskStorage reopened(disk);
    const State after = state_of(reopened);
    const auto known = std::find(states.begin(), states.end(), after);
    INFO("seed " << seed);
    REQUIRE(known != states.end());
    if (after != states[acknowledged]) ++lost;
    torn += reopened.torn_records();
  }
  CHECK(lost > 50);
  CHECK(torn > 50);
}

TEST_CASE("sim storage: property: as a map, over faults, crashes and reopening", "[sim][disk]") {
  CHECK(rc::check("acknowledged batches and nothing else", [](std::uint64_t seed) {
    Disk disk(seed, 0, 20'000);
    auto storage = std::make_unique<DiskStorage>(disk);
    State model;
    std::vector<State> may;  // what a failed batch may turn out to have made of it
    for (int step = *rc::gen::inRange(1, 60); step > 0; --step) {
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
          storage.reset();
          disk.crash();
          disk.faults = {};
          storage = std::make_unique<DiskStorage>(disk);
          if (const State after = state_of(*storage);
              std::find(may.begin(), may.end(), after) != may.end()) {
            model = after;
          }
          may.clear();
          break;
        case 1:
          disk.faults.write_error_rate = *rc::gen::element(0.0, 0.5, 1.0);
          break;
        case 2:
          disk.faults.full = *rc::gen::arbitrary<bool>();
          break;
        default: {
          const Batch batch = any_batch(static_cast<std::uint8_t>(step));
          if (put(*storage, batch)) {
            change(batch, model);
            may.clear();
          } else {
            State failed = model;
            change(batch, failed);
            may.push_back(failed);
          }
        }
      }
      RC_ASSERT(state_of(*storage) == model);
    }
  }));
}

}  // namespace mehr::sim::test
