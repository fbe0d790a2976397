#include <csignal>
#include <map>
#include <thread>

#include "support.h"

namespace mehr::linux_port::test {
namespace {

struct Client final : Wakeable {
  Client(std::string called, std::vector<std::string>& where)
      : name(std::move(called)), log(where) {}
  void on_wake(Millis now) override {
    log.push_back(name);
    at = now;
    if (then) then();
  }
  std::string name;
  std::vector<std::string>& log;
  Millis at;
  std::function<void()> then;
};

struct MapStorage final : Storage {
  Result<Bytes> get(std::string_view key) override {
    const auto it = kept.find(std::string(key));
    if (it == kept.end()) return fail(Errc::not_found, "none");
    return it->second;
  }
  Status put(std::span<const Put> batch) override {
    for (const Put& put : batch) {
      kept[std::string(put.key)] = Bytes(put.value.begin(), put.value.end());
    }
    return {};
  }
  std::map<std::string, Bytes> kept;
};

}  // namespace

TEST_CASE("linux loop: timers fire in the order of their deadlines", "[linux][loop]") {
  auto loop = make_loop();
  std::vector<std::string> log;
  Client a("a", log), b("b", log), c("c", log), d("d", log);
  const Millis now = loop->now();
  loop->wake_at(a, now + Millis{40});
  loop->wake_at(b, now + Millis{20});
  loop->wake_at(c, now + Millis{30});
  loop->wake_at(d, now + Millis{25});
  loop->wake_at(c, now + Millis{10});  // replaces
  loop->wake_at(d, Millis::never());   // cancels
  REQUIRE(loop->run_until([&] { return log.size() == 3; }, kLong));
  CHECK(log == std::vector<std::string>{"c", "b", "a"});
  CHECK(a.at >= now + Millis{40});
}

TEST_CASE("linux loop: a client that is due may be cancelled by another", "[linux][loop]") {
  auto loop = make_loop();
  std::vector<std::string> log;
  Client a("a", log), b("b", log), c("c", log);
  a.then = [&] {
    loop->wake_at(b, Millis::never());
    loop->wake_at(a, loop->now());  // again at once, but not within this pass
  };
  const Millis at = loop->now() + Millis{5};
  loop->wake_at(a, at);
  loop->wake_at(b, at);
  loop->wake_at(c, at);
  REQUIRE(loop->run_until([&] { return log.size() >= 3; }, kLong));
  loop->wake_at(a, Millis::never());
  CHECK(std::vector(log.begin(), log.begin() + 3) == std::vector<std::string>{"a", "c", "a"});
}

TEST_CASE("linux loop: post and stop work from other threads", "[linux][loop]") {
  auto loop = make_loop();
  std::vector<int> order;
  const std::thread::id mine = std::this_thread::get_id();
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      loop->post([&, i] {
        CHECK(std::this_thread::get_id() == mine);
        order.push_back(i);
      });
    }
    loop->stop();
  });
  loop->run();
  other.join();
  loop->run_until([&] { return order.size() == 100; }, kLong);
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("linux loop: SIGTERM calls the handler", "[linux][loop]") {
  auto loop = make_loop();
  int got = 0;
  loop->on_signal([&](int number) { got = number; });
  ::raise(SIGTERM);
  CHECK(loop->run_until([&] { return got != 0; }, kLong));
  CHECK(got == SIGTERM);
}

TEST_CASE("README 2.3: the node clock starts at the later of persisted and Unix time",
          "[linux][clock]") {
  MapStorage storage;
  NodeTime first;
  {
    auto loop = make_loop(&storage);
    first = loop->node_time();
    CHECK(first.millis > 1'600'000'000'000);
  }
  REQUIRE(storage.kept.count("node/clock") == 1);
  const std::uint64_t ahead = first.millis + 1'000'000'000;
  Bytes value(8);
  for (std::size_t i = 0; i < 8; ++i) value[i] = static_cast<std::uint8_t>(ahead >> (8 * i));
  storage.kept["node/clock"] = value;
  {
    auto loop = make_loop(&storage);
    CHECK(loop->node_time().millis >= ahead);
    CHECK(loop->node_time().millis < ahead + 1'000'000);
  }
  CHECK(storage.kept["node/clock"] >= value);  // kept for the next start, not set back
}

}  // namespace mehr::linux_port::test
