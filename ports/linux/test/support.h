// What the tests of the port share: a directory that goes away, and hosts that record.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"
#include "mehr/linux/system_random.h"
#include "mehr/linux/tcp.h"

namespace mehr::linux_port::test {

/// Longer than anything here takes, on the slowest machine.
inline constexpr Millis kLong = Millis::seconds(40);

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "mehr-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Records what it is told and does what a test asks for.
class FakeHost final : public MediumHost {
 public:
  struct Opened {
    Medium* medium;
    SourceKey source;
    bool dialled;
    std::optional<NodeId> expected;
  };

  Status opened(Medium& medium, const SourceKey& source, bool dialled,
                std::optional<NodeId> expected) override {
    if (refuse) return fail(Errc::full, "refused by the test");
    ++opens;
    open.push_back({&medium, source, dialled, expected});
    if (when_opened) when_opened(medium);
    return {};
  }
  void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) override {
    CHECK(is_open(medium));
    ++frames;
    last_source = info.source;
    if (keep) received.emplace_back(frame.begin(), frame.end());
    if (when_frame) when_frame(medium, frame);
    std::fill(frame.begin(), frame.end(), std::uint8_t{0xEE});  // as a receiver may
  }
  void on_writable(Medium& medium) override {
    CHECK(is_open(medium));
    ++writable;
    if (when_writable) when_writable(medium);
  }
  void on_closed(Medium& medium) override {
    CHECK(is_open(medium));
    std::erase_if(open, [&](const Opened& o) { return o.medium == &medium; });
    ++closes;
  }
  bool wants_dial(const std::optional<NodeId>& peer) override {
    asked.push_back(peer);
    return wants;
  }
  [[nodiscard]] bool is_open(const Medium& medium) const {
    return std::any_of(open.begin(), open.end(),
                       [&](const Opened& o) { return o.medium == &medium; });
  }

  bool refuse = false;
  bool keep = true;
  bool wants = true;
  std::size_t opens = 0, closes = 0, frames = 0, writable = 0;
  std::vector<Opened> open;
  std::vector<Bytes> received;
  std::vector<std::optional<NodeId>> asked;
  SourceKey last_source;
  std::function<void(Medium&)> when_opened;
  std::function<void(Medium&, MutableBytes)> when_frame;
  std::function<void(Medium&)> when_writable;
};

inline TcpConfig fast() {
  TcpConfig config;
  config.redial_first = Millis{20};
  config.redial_max = Millis{80};
  config.linger = Millis{500};
  return config;
}

inline std::unique_ptr<Loop> make_loop(Storage* storage = nullptr) {
  auto loop = Loop::create(storage);
  REQUIRE(loop.has_value());
  return std::move(*loop);
}

inline Endpoint local(std::uint16_t port = 0) { return {"127.0.0.1", port}; }

inline Endpoint must_listen(TcpInterface& tcp, const Endpoint& where = local()) {
  auto at = tcp.listen(where);
  if (!at) FAIL(at.error());
  return *at;
}

}  // namespace mehr::linux_port::test
