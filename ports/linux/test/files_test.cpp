#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "mehr/linux/data_dir.h"
#include "mehr/linux/identity_file.h"
#include "mehr/linux/sqlite_storage.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

Bytes bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  for (const std::uint8_t byte : bytes) out.put(static_cast<char>(byte));
}

std::string refusal(const std::string& path) {
  SystemRandom random;
  const auto loaded = load_or_create_identity(path, random);
  return loaded ? std::string("(loaded)") : loaded.error();
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t files_in(const std::string& path) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path),
                                                std::filesystem::directory_iterator{}));
}

}  // namespace

TEST_CASE("linux identity file: made once, mode 0600 under any umask, loaded again",
          "[linux][identity]") {
  const TempDir dir;
  SystemRandom random;
  const mode_t old = ::umask(0);
  const auto made = load_or_create_identity(dir.file("identity"), random);
  ::umask(old);
  REQUIRE(made.has_value());
  CHECK(made->created);
  CHECK(mode_of(dir.file("identity")) == 0600);
  CHECK(bytes_of(dir.file("identity")).size() == 44);
  CHECK(files_in(dir.path()) == 1);
  const auto again = load_or_create_identity(dir.file("identity"), random);
  REQUIRE(again.has_value());
  CHECK_FALSE(again->created);
  CHECK(again->identity.node_id() == made->identity.node_id());
}

TEST_CASE("linux identity file: what is unsafe or damaged is refused and left alone",
          "[linux][identity]") {
  const TempDir dir;
  const std::string path = dir.file("identity");
  REQUIRE(refusal(path) == "(loaded)");
  const Bytes good = bytes_of(path);

  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(refusal(path) == "identity file " + path + " is readable by others; run chmod 600 " + path);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);

  for (const std::size_t at : {0U, 8U, 39U, 43U}) {
    Bytes bad = good;
    bad[at] ^= 1;
    overwrite(path, bad);
    CHECK(holds(refusal(path), "is damaged"));
    CHECK(bytes_of(path) == bad);
  }
  overwrite(path, Bytes(good.begin(), good.end() - 1));
  CHECK(holds(refusal(path), "it has 43 bytes instead of 44"));
  overwrite(path, {});
  CHECK(holds(refusal(path), "it has 0 bytes"));
  overwrite(path, good);
  CHECK(refusal(path) == "(loaded)");
  CHECK(holds(refusal(dir.file("missing/identity")), "No such file"));
  REQUIRE(::symlink(path.c_str(), dir.file("link").c_str()) == 0);
  CHECK(refusal(dir.file("link")) != "(loaded)");
}

TEST_CASE("linux identity file: several makers at once end with one identity",
          "[linux][identity]") {
  const TempDir dir;
  std::vector<NodeId> ids(8);
  std::vector<std::thread> makers;
  std::atomic<int> created{0};
  for (NodeId& id : ids) {
    makers.emplace_back([&] {
      SystemRandom random;
      const auto loaded = load_or_create_identity(dir.file("identity"), random);
      if (!loaded) return;
      id = loaded->identity.node_id();
      if (loaded->created) ++created;
    });
  }
  for (std::thread& maker : makers) maker.join();
  CHECK(created == 1);
  CHECK_FALSE(ids[0].is_zero());
  for (const NodeId& id : ids) CHECK(id == ids[0]);
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("linux data directory: made with parents, refused when it is a file",
          "[linux][storage]") {
  const TempDir dir;
  REQUIRE(prepare_data_dir(dir.file("a/b/c")).has_value());
  CHECK(mode_of(dir.file("a/b/c")) == 0700);
  REQUIRE(prepare_data_dir(dir.file("a/b/c/")).has_value());
  overwrite(dir.file("file"), {1});
  CHECK(holds(prepare_data_dir(dir.file("file")).error(), "is not a directory"));
  CHECK(holds(prepare_data_dir("/proc/none/such").error(), "cannot make the data directory"));
}

TEST_CASE("linux storage: values survive a reopening, batches replace", "[linux][storage]") {
  const TempDir dir;
  const Bytes one{1}, two{2, 2}, none;
  {
    auto storage = SqliteStorage::open(dir.path());
    REQUIRE(storage.has_value());
    CHECK((*storage)->get("a").error().code == Errc::not_found);
    const std::vector<Storage::Put> batch{{"a", one}, {"b", two}, {"empty", none}};
    REQUIRE((*storage)->put(batch));
    const std::vector<Storage::Put> later{{"a", two}};
    REQUIRE((*storage)->put(later));
  }
  CHECK(mode_of(dir.file("state.sqlite")) == 0600);
  auto storage = SqliteStorage::open(dir.path());
  REQUIRE(storage.has_value());
  CHECK(*(*storage)->get("a") == two);
  CHECK(*(*storage)->get("b") == two);
  CHECK((*storage)->get("empty")->empty());
}

TEST_CASE("linux storage: a batch that fails half-way changes nothing", "[linux][storage]") {
  const TempDir dir;
  auto storage = SqliteStorage::open(dir.path());
  REQUIRE(storage.has_value());
  const Bytes one{1}, two{2};
  const std::vector<Storage::Put> first{{"a", one}};
  REQUIRE((*storage)->put(first));
  // Over SQLite's limit on the length of a value: the second put of the batch is refused.
  const ByteView huge(one.data(), std::size_t{1} << 31);
  const std::vector<Storage::Put> batch{{"a", two}, {"b", huge}};
  const Status stored = (*storage)->put(batch);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == Errc::io);
  CHECK_FALSE((*storage)->last_error().empty());
  CHECK(*(*storage)->get("a") == one);
  CHECK((*storage)->get("b").error().code == Errc::not_found);
  CHECK((*storage)->put(first));
}

TEST_CASE("linux storage: in use, damaged and unwritable are told apart", "[linux][storage]") {
  const TempDir dir;
  {
    auto storage = SqliteStorage::open(dir.path());
    REQUIRE(storage.has_value());
    const auto second = SqliteStorage::open(dir.path());
    REQUIRE_FALSE(second.has_value());
    CHECK(holds(second.error(), "is in use by another process"));
  }
  overwrite(dir.file("state.sqlite"), Bytes(8192, 0x41));
  const auto damaged = SqliteStorage::open(dir.path());
  REQUIRE_FALSE(damaged.has_value());
  CHECK(holds(damaged.error(), "is damaged"));
  const auto nowhere = SqliteStorage::open(dir.file("missing"));
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(holds(nowhere.error(), "cannot write state database"));
}

}  // namespace mehr::linux_port::test
