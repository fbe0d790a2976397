// Hosts of twenty lines and the world around a channel, for tests of media.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mehr/sim/channel.h"

namespace mehr::sim::test {

using namespace std::chrono_literals;

/// The moment @p span after the beginning.
constexpr Instant at(Duration span) { return Instant{span}; }

/// Notes what a channel tells it, and does what the test wants next.
class FakeHost final : public Host {
 public:
  enum class Kind { opened, arrived, writable, closed };
  struct Call {
    Kind kind;
    Instant when;
    Medium* medium = nullptr;
    ChannelId channel;
    NodeIndex peer = kNoNode;
    bool dialled = false;
    FrameInfo info;
    Bytes frame;
  };

  FakeHost(EventQueue& queue, NodeIndex index) : queue_(queue), index_(index) {}

  [[nodiscard]] NodeIndex index() const override { return index_; }
  [[nodiscard]] Position position() const override { return place; }
  [[nodiscard]] bool may_move() const override { return moves; }
  void opened(Medium& opened, ChannelId channel, NodeIndex peer, bool dialled) override {
    medium = &opened;
    calls.push_back({Kind::opened, queue_.now(), medium, channel, peer, dialled, {}, {}});
    if (then) then(calls.back());
  }
  void arrived(Medium& by, ChannelId channel, const FrameInfo& info, Bytes frame) override {
    calls.push_back({Kind::arrived, queue_.now(), &by, channel, {}, {}, info, std::move(frame)});
    if (then) then(calls.back());
  }
  void writable(Medium& by) override {
    calls.push_back({Kind::writable, queue_.now(), &by, {}, {}, {}, {}, {}});
    if (then) then(calls.back());
  }
  void closed(Medium& by) override {
    if (medium == &by) medium = nullptr;
    calls.push_back({Kind::closed, queue_.now(), &by, {}, {}, {}, {}, {}});
    if (then) then(calls.back());
  }

  [[nodiscard]] std::vector<Instant> times(Kind kind) const {
    std::vector<Instant> out;
    for (const Call& call : calls) {
      if (call.kind == kind) out.push_back(call.when);
    }
    return out;
  }
  [[nodiscard]] std::vector<Instant> opens() const { return times(Kind::opened); }
  [[nodiscard]] std::vector<Instant> arrivals() const { return times(Kind::arrived); }
  [[nodiscard]] std::vector<Instant> closes() const { return times(Kind::closed); }
  [[nodiscard]] std::vector<Bytes> frames() const {
    std::vector<Bytes> out;
    for (const Call& call : calls) {
      if (call.kind == Kind::arrived) out.push_back(call.frame);
    }
    return out;
  }

  Position place;
  bool moves = false;
  Medium* medium = nullptr;  // the one opened last, while it is open
  std::vector<Call> calls;
  std::function<void(const Call&)> then;

 private:
  EventQueue& queue_;
  NodeIndex index_;
};

using Times = std::vector<Instant>;

/// A frame of @p size bytes that says its @p number.
inline Bytes frame_of(std::size_t size, std::uint32_t number = 0) {
  Bytes out(size, 0xA5);
  for (std::size_t i = 0; i < std::min<std::size_t>(4, size); ++i) {
    out[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return out;
}
inline std::uint32_t number_of(const Bytes& frame) {
  std::uint32_t out = 0;
  for (std::size_t i = std::min<std::size_t>(4, frame.size()); i-- > 0;) out = out << 8 | frame[i];
  return out;
}

/// Keeps the words of happenings it is asked for.
struct Listener final : Observer {
  struct Heard {
    What what;
    Instant when;
    NodeIndex node;
    NodeIndex peer;
    std::string text;
  };
  std::vector<Heard> heard;
  void on_happening(const Happening& h) override {
    heard.push_back({h.what, h.at, h.node, h.peer, std::string(h.text)});
  }
};

/// One channel, its hosts (all of them up unless told otherwise), and what they stand in.
class World {
 public:
  explicit World(const Media& media, std::size_t many = 2, std::uint64_t seed = 1,
                 std::uint32_t id = 0) {
    recorder.add(listener, WhatSet::of({What::frame_lost, What::frame_refused, What::stream_opened,
                                        What::stream_closed, What::frame_collided}));
    channel = make_channel(media, ChannelId{id}, {queue, recorder, barrier, seed});
    for (std::size_t i = 0; i < many; ++i) {
      hosts.push_back(std::make_unique<FakeHost>(queue, static_cast<NodeIndex>(i)));
      channel->add(*hosts.back());
    }
  }
  void boot() {
    for (const auto& host : hosts) channel->node_up(host->index());
  }
  /// Lets everything happen that is due until @p until, and moves time there.
  void run(Instant until) {
    while (queue.next() <= until) queue.step();
    queue.advance(until);
  }
  void run_for(Duration span) { run(queue.now() + span); }
  FakeHost& operator[](std::size_t i) { return *hosts[i]; }
  /// Calls @p what at @p when, as an event among the others.
  void plan(Instant when, std::function<void()> what) {
    plans_.todo.push_back(std::move(what));
    queue.at(when, plans_, plans_.todo.size() - 1);
  }
  [[nodiscard]] std::size_t count(What what, const std::string& text) const {
    std::size_t n = 0;
    for (const auto& h : listener.heard) n += h.what == what && h.text == text ? 1U : 0U;
    return n;
  }

  EventQueue queue;
  Recorder recorder;
  Barrier barrier;
  Listener listener;
  std::vector<std::unique_ptr<FakeHost>> hosts;
  std::unique_ptr<Channel> channel;

 private:
  struct Plans final : EventSink {
    std::vector<std::function<void()>> todo;
    void on_event(Instant, std::uint64_t tag) override { todo[tag](); }
  };
  Plans plans_;
};

}  // namespace mehr::sim::test
