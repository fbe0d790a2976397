// The disk: what readers see, what a crash leaves, and every fault by itself.
#include "mehr/sim/disk.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <set>

namespace mehr::sim::test {

namespace {

Bytes filled(std::size_t size, std::uint8_t with) { return Bytes(size, with); }

Bytes content(Disk& disk, std::string_view file) {
  Bytes out(disk.size(file).value());
  REQUIRE(disk.read(file, 0, out));
  return out;
}

Errc error_of(const Status& status) {
  REQUIRE_FALSE(status.has_value());
  return status.error().code;
}

}  // namespace

TEST_CASE("sim disk: readers see the newest bytes, gaps read as zeros", "[sim][disk]") {
  Disk disk(1, 0);
  REQUIRE(disk.write("a", 4, filled(2, 7)));
  CHECK(content(disk, "a") == Bytes{0, 0, 0, 0, 7, 7});
  REQUIRE(disk.write("a", 3, filled(2, 9)));
  CHECK(content(disk, "a") == Bytes{0, 0, 0, 9, 9, 7});
  CHECK(disk.used() == 6);
  Bytes two(2);
  REQUIRE(disk.read("a", 4, two));
  CHECK(two == Bytes{9, 7});
  CHECK(error_of(disk.read("a", 5, two)) == Errc::truncated);
  CHECK(error_of(disk.read("a", ~std::uint64_t{0}, two)) == Errc::truncated);
  CHECK(error_of(disk.read("b", 0, two)) == Errc::not_found);
  CHECK(error_of(disk.sync("b")) == Errc::not_found);
  CHECK(disk.size("b").error().code == Errc::not_found);
}

TEST_CASE("sim disk: names are replaced, removed and listed in order", "[sim][disk]") {
  Disk disk(1, 0);
  for (const char* name : {"in/b", "in/a", "out", "in/c"})
    REQUIRE(disk.write(name, 0, filled(1, 1)));
  CHECK(disk.list("in/") == std::vector<std::string>{"in/a", "in/b", "in/c"});
  REQUIRE(disk.write("out", 0, filled(3, 5)));
  REQUIRE(disk.rename("out", "in/a"));
  CHECK(content(disk, "in/a") == filled(3, 5));
  REQUIRE(disk.rename("in/a", "in/a"));
  REQUIRE(disk.remove("in/b"));
  CHECK(disk.list("") == std::vector<std::string>{"in/a", "in/c"});
  CHECK(disk.used() == 4);
  CHECK(error_of(disk.rename("out", "in/c")) == Errc::not_found);
  CHECK(error_of(disk.remove("out")) == Errc::not_found);
}

TEST_CASE("sim disk: a full disk refuses a write and changes nothing", "[sim][disk]") {
  Disk disk(1, 0, 1000);
  REQUIRE(disk.write("a", 0, filled(600, 1)));
  CHECK(error_of(disk.write("b", 0, filled(401, 2))) == Errc::io);
  CHECK(disk.size("b").error().code == Errc::not_found);
  CHECK(error_of(disk.write("a", 1000, filled(1, 2))) == Errc::io);
  CHECK(error_of(disk.write("a", ~std::uint64_t{0}, filled(1, 2))) == Errc::io);
  REQUIRE(disk.write("a", 0, filled(1000, 3)));  // what is there already takes no more room
  disk.faults.full = true;
  CHECK(error_of(disk.write("a", 0, filled(1, 4))) == Errc::io);
  CHECK(content(disk, "a") == filled(1000, 3));
  disk.faults.full = false;
  REQUIRE(disk.remove("a"));
  CHECK(disk.write("b", 0, filled(1000, 2)));
}

TEST_CASE("sim disk: errors, slowness and a last call", "[sim][disk]") {
  Disk disk(1, 0);
  disk.faults.latency = std::chrono::milliseconds(3);
  REQUIRE(disk.write("a", 0, filled(10, 1)));
  disk.faults.read_error_rate = 1;
  Bytes out(10);
  CHECK(error_of(disk.read("a", 0, out)) == Errc::io);
  disk.faults.write_error_rate = 1;
  CHECK(error_of(disk.write("a", 0, filled(10, 2))) == Errc::io);
  CHECK(error_of(disk.sync("a")) == Errc::io);
  CHECK(disk.take_delay() == std::chrono::milliseconds(12));
  CHECK(disk.take_delay() == Duration{0});
  disk.faults = {};
  disk.faults.calls_left = 1;
  CHECK(disk.read("a", 0, out));
  CHECK(out == filled(10, 1));
  CHECK(error_of(disk.read("a", 0, out)) == Errc::io);
  CHECK(error_of(disk.rename("a", "b")) == Errc::io);
  CHECK(disk.calls() == 7);
  disk.crash();
  CHECK(disk.size("a"));
  CHECK(disk.sync("a"));
}

TEST_CASE("sim disk: what was synced survives, also under another name", "[sim][disk]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Disk disk(seed, 0);
    REQUIRE(disk.write("a", 0, filled(5000, 1)));
    REQUIRE(disk.sync("a"));
    REQUIRE(disk.write("a", 100, filled(5000, 2)));
    REQUIRE(disk.rename("a", "b"));
    disk.crash();
    const Bytes left = content(disk, "b");
    CHECK(ByteView(left).first(100).back() == 1);
    CHECK(left.size() >= 5000);
    CHECK(disk.used() == left.size());
    disk.crash();  // nothing is unsynced any more
    CHECK(content(disk, "b") == left);
  }
}

TEST_CASE("sim disk: a crash keeps, loses and tears, by whole sectors", "[sim][disk]") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Disk disk(seed, 3);
    REQUIRE(disk.write("a", 0, filled(8 * Disk::kSector, 1)));
    REQUIRE(disk.sync("a"));
    REQUIRE(disk.write("a", 10, filled(4 * Disk::kSector, 2)));
    disk.crash();
    const Bytes left = content(disk, "a");
    REQUIRE(left.size() == 8 * Disk::kSector);
    std::string sectors;  // by the last byte the write reached in each
    for (std::size_t i = 0; i < 5; ++i) {
      const std::size_t from = i == 0 ? 10 : i * Disk::kSector;
      const std::size_t to = i == 4 ? 4 * Disk::kSector + 10 : (i + 1) * Disk::kSector;
      const auto run = ByteView(left).subspan(from, to - from);
      REQUIRE(std::all_of(run.begin(), run.end(), [&](auto b) { return b == run[0]; }));
      sectors += run[0] == 2 ? 'n' : 'o';
    }
    seen.insert(sectors);
    CHECK(left[9] == 1);
    CHECK(left[4 * Disk::kSector + 10] == 1);
  }
  CHECK(seen.count("nnnnn") == 1);
  CHECK(seen.count("ooooo") == 1);
  CHECK(seen.count("nnooo") == 1);
  CHECK(seen.size() > 8);
}

TEST_CASE("sim disk: unsynced writes may survive out of order", "[sim][disk]") {
  bool only_second = false;
  bool only_first = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Disk disk(seed, 0);
    REQUIRE(disk.write("a", 0, filled(Disk::kSector, 1)));
    REQUIRE(disk.write("a", Disk::kSector, filled(Disk::kSector, 2)));
    disk.crash();
    const Bytes left = content(disk, "a");
    only_first = only_first || left == filled(Disk::kSector, 1);
    only_second = only_second || (left.size() > Disk::kSector && left.front() == 0);
  }
  CHECK(only_first);
  CHECK(only_second);
}

TEST_CASE("sim disk: a sync that lies promises nothing", "[sim][disk]") {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Disk disk(seed, 0);
    disk.faults.lying_sync_rate = 1;
    REQUIRE(disk.write("a", 0, filled(100, 1)));
    REQUIRE(disk.sync("a"));
    disk.crash();
    lost = lost || disk.size("a") == 0;
  }
  CHECK(lost);
}

TEST_CASE("sim disk: what is unsynced is bounded, the oldest becomes durable", "[sim][disk]") {
  Disk disk(5, 0);
  const Bytes mebibyte = filled(1U << 20, 1);
  for (std::uint64_t i = 0; i < 40; ++i) REQUIRE(disk.write("big", i << 20, mebibyte));
  disk.crash();
  CHECK(disk.size("big").value() >= 24U << 20);
  for (std::uint64_t i = 0; i < 10'000; ++i) REQUIRE(disk.write("many", i, filled(1, 1)));
  disk.crash();
  CHECK(disk.size("many").value() >= 10'000 - 4096);
}

TEST_CASE("sim disk: equal seeds crash alike, other nodes otherwise", "[sim][disk]") {
  const auto left_of = [](std::uint64_t seed, NodeIndex node) {
    Disk disk(seed, node);
    for (std::uint64_t i = 0; i < 20; ++i) {
      REQUIRE(disk.write("a", i * 700, filled(900, static_cast<std::uint8_t>(i + 1))));
    }
    disk.crash();
    return content(disk, "a");
  };
  CHECK(left_of(1, 2) == left_of(1, 2));
  CHECK(left_of(1, 2) != left_of(1, 3));
}

TEST_CASE("sim disk: property: after a crash each sector is one of its versions", "[sim][disk]") {
  CHECK(rc::check("each byte was durable or written since", [](std::uint64_t seed) {
    Disk disk(seed, 0);
    // For every byte of the file: what may be there after a crash. Zero: a hole.
    std::vector<std::set<std::uint8_t>> may;
    Bytes newest;
    const int steps = *rc::gen::inRange(1, 30);
    for (int step = 1; step <= steps; ++step) {
      if (*rc::gen::inRange(0, 6) == 0 && !newest.empty()) {
        RC_ASSERT(disk.sync("f").has_value());
        for (std::size_t i = 0; i < newest.size(); ++i) may[i] = {newest[i]};
        continue;
      }
      const auto offset = *rc::gen::inRange<std::size_t>(0, 2000);
      const auto size = *rc::gen::inRange<std::size_t>(1, 2000);
      const auto with = static_cast<std::uint8_t>(step);
      RC_ASSERT(disk.write("f", offset, filled(size, with)).has_value());
      newest.resize(std::max(newest.size(), offset + size));
      may.resize(newest.size(), {0});
      for (std::size_t i = offset; i < offset + size; ++i) {
        newest[i] = with;
        may[i].insert(with);
      }
    }
    if (!newest.empty()) RC_ASSERT(content(disk, "f") == newest);
    disk.crash();
    const Bytes left = disk.size("f") ? content(disk, "f") : Bytes{};
    RC_ASSERT(left.size() <= newest.size());
    RC_ASSERT(disk.used() == left.size());
    for (std::size_t i = 0; i < left.size(); ++i) RC_ASSERT(may[i].count(left[i]) == 1U);
    for (std::size_t i = left.size(); i < may.size(); ++i) RC_ASSERT(may[i].count(0) == 1U);
  }));
}

}  // namespace mehr::sim::test
