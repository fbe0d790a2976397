// Received files appear whole or not at all, whatever the disk does.
#include "disk_file_store.h"

#include <catch2/catch.hpp>

namespace mehr::sim_programs::test {

namespace {

std::unique_ptr<transfer::FileWriter> begin(DiskFileStore& store, std::string_view name,
                                            std::uint64_t size) {
  auto writer = store.create(NodeId{}, name, size);
  REQUIRE(writer.has_value());
  return std::move(*writer);
}

Bytes content(sim::Disk& disk, std::string_view file) {
  Bytes out(disk.size(file).value());
  REQUIRE(disk.read(file, 0, out));
  return out;
}

}  // namespace

TEST_CASE("mehr-sim files: a received file is invisible until it is committed", "[mehr-sim]") {
  sim::Disk disk(1, 0);
  DiskFileStore store(disk);
  const auto writer = begin(store, "a.tar.gz", 4);
  REQUIRE(writer->write_at(2, Bytes{3, 4}));
  REQUIRE(writer->write_at(0, Bytes{1, 2}));
  CHECK(disk.list("inbox/").empty());
  Bytes back(3);
  REQUIRE(writer->read_at(1, back));
  CHECK(back == Bytes{2, 3, 4});
  CHECK(writer->commit(ContentHash{}) == std::string("inbox/a.tar.gz"));
  CHECK(content(disk, "inbox/a.tar.gz") == Bytes{1, 2, 3, 4});
  CHECK(disk.list("incoming/").empty());
  const auto reader = store.open("inbox/a.tar.gz");
  REQUIRE(reader.has_value());
  CHECK((*reader)->size() == 4);
  REQUIRE((*reader)->read_at(1, back));
  CHECK(back == Bytes{2, 3, 4});
  CHECK((*reader)->read_at(2, back).error().code == Errc::truncated);
  CHECK(store.open("inbox/b").error().code == Errc::not_found);
}

TEST_CASE("mehr-sim files: a name that is taken gets a number", "[mehr-sim]") {
  sim::Disk disk(1, 0);
  DiskFileStore store(disk);
  for (const char* name : {"a.tar.gz", "a.tar.gz", "a.tar.gz", ".rc", ".rc", "plain", "plain"}) {
    REQUIRE(begin(store, name, 0)->commit(ContentHash{}));
  }
  CHECK(disk.list("") == std::vector<std::string>{"inbox/.rc", "inbox/.rc (2)",
                                                  "inbox/a (2).tar.gz", "inbox/a (3).tar.gz",
                                                  "inbox/a.tar.gz", "inbox/plain",
                                                  "inbox/plain (2)"});
}

TEST_CASE("mehr-sim files: a writer that goes leaves nothing", "[mehr-sim]") {
  sim::Disk disk(1, 0);
  DiskFileStore store(disk);
  {
    const auto dropped = begin(store, "a", 10);
    const auto aborted = begin(store, "a", 10);
    REQUIRE(dropped->write_at(0, Bytes(10)));
    REQUIRE(aborted->write_at(0, Bytes(10)));
    aborted->abort();
    CHECK(disk.list("").size() == 1);
  }
  CHECK(disk.list("").empty());
}

TEST_CASE("mehr-sim files: room is kept for files under way", "[mehr-sim]") {
  sim::Disk disk(1, 0, 100);
  DiskFileStore store(disk);
  auto first = begin(store, "a", 60);
  CHECK(store.create(NodeId{}, "b", 41).error().code == Errc::full);
  REQUIRE(first->write_at(0, Bytes(30)));
  CHECK(store.create(NodeId{}, "b", ~std::uint64_t{0}).error().code == Errc::full);
  const auto second = begin(store, "b", 40);
  first.reset();
  CHECK(begin(store, "c", 60) != nullptr);
}

TEST_CASE("mehr-sim files: committed files survive a crash whole, others are gone", "[mehr-sim]") {
  const Bytes long_file(3'000, 7);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (std::uint64_t call = 0; call < 6; ++call) {
      sim::Disk disk(seed, 0);
      bool committed = false;
      {
        DiskFileStore store(disk);
        disk.faults.calls_left = call;
        auto writer = store.create(NodeId{}, "a", long_file.size());
        if (writer && (*writer)->write_at(0, ByteView(long_file).first(2'000)) &&
            (*writer)->write_at(2'000, ByteView(long_file).subspan(2'000))) {
          committed = (*writer)->commit(ContentHash{}).has_value();
        }
        CHECK(committed == (call >= 5));
      }
      disk.crash();
      const DiskFileStore store(disk);
      CHECK(disk.list("incoming/").empty());
      REQUIRE(disk.list("inbox/").size() == (committed ? 1U : 0U));
      if (committed) CHECK(content(disk, "inbox/a") == long_file);
    }
  }
}

}  // namespace mehr::sim_programs::test
