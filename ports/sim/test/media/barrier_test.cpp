#include <catch2/catch.hpp>

#include "mehr/sim/channel.h"

using namespace mehr::sim;

namespace {

constexpr ChannelId kFirst{1};
constexpr ChannelId kSecond{2};

struct Watcher final : BarrierWatcher {
  int calls = 0;
  void barrier_changed() override { ++calls; }
};

}  // namespace

TEST_CASE("sim barrier: a whole one lets everything pass", "[sim][media]") {
  const Barrier barrier;
  CHECK(barrier.is_whole());
  CHECK(barrier.passes(kFirst, 0, 1));
}

TEST_CASE("sim barrier: a cut channel passes nothing until it is restored", "[sim][media]") {
  Barrier barrier;
  barrier.cut(kSecond);
  barrier.cut(kFirst);
  barrier.cut(kFirst);
  CHECK_FALSE(barrier.is_whole());
  CHECK_FALSE(barrier.passes(kFirst, 0, 1));
  CHECK_FALSE(barrier.passes(kSecond, 5, 3));
  CHECK(barrier.passes(ChannelId{3}, 0, 1));
  barrier.restore(kFirst);
  CHECK(barrier.passes(kFirst, 0, 1));
  CHECK_FALSE(barrier.passes(kSecond, 0, 1));
  barrier.restore(kSecond);
  CHECK(barrier.is_whole());
}

TEST_CASE("sim barrier: pairs are cut one way or both", "[sim][media]") {
  Barrier barrier;
  barrier.cut_one_way(4, 2);
  CHECK_FALSE(barrier.passes(kFirst, 4, 2));
  CHECK_FALSE(barrier.passes(kSecond, 4, 2));
  CHECK(barrier.passes(kFirst, 2, 4));
  barrier.cut_between(1, 2);
  CHECK_FALSE(barrier.passes(kFirst, 1, 2));
  CHECK_FALSE(barrier.passes(kFirst, 2, 1));
  CHECK(barrier.passes(kFirst, 1, 4));
  barrier.restore_between(2, 1);
  CHECK(barrier.passes(kFirst, 1, 2));
  CHECK(barrier.passes(kFirst, 2, 1));
  barrier.restore_between(2, 4);
  CHECK(barrier.is_whole());
}

TEST_CASE("sim barrier: a partition parts the sides and no more", "[sim][media]") {
  Barrier barrier;
  barrier.partition({0, 1, 0, 1});
  CHECK(barrier.passes(kFirst, 0, 2));
  CHECK(barrier.passes(kFirst, 3, 1));
  CHECK_FALSE(barrier.passes(kFirst, 0, 1));
  CHECK_FALSE(barrier.passes(kFirst, 3, 2));
  CHECK(barrier.passes(kFirst, 0, 9));  // who is not named is on side 0
  CHECK_FALSE(barrier.passes(kFirst, 9, 1));
  barrier.partition({});
  CHECK(barrier.is_whole());
}

TEST_CASE("sim barrier: healing ends everything, and watchers hear of each change",
          "[sim][media]") {
  Barrier barrier;
  Watcher watcher;
  Watcher removed;
  barrier.add(watcher);
  const std::size_t place = barrier.add(removed);
  barrier.cut(kFirst);
  CHECK(removed.calls == 1);
  barrier.remove(place);
  barrier.cut_one_way(0, 1);
  barrier.partition({0, 1});
  CHECK(watcher.calls == 3);
  barrier.heal();
  CHECK(watcher.calls == 4);
  CHECK(removed.calls == 1);
  CHECK(barrier.is_whole());
  CHECK(barrier.passes(kFirst, 0, 1));
}
