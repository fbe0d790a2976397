// A few radios without nodes on one LoRa channel, for tests.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mehr/sim/lora.h"

namespace mehr::sim::test {

using namespace std::chrono_literals;

constexpr Instant at(Duration span) { return Instant{span}; }

/// SF8, 125 kHz, one hour of airtime an hour, nobody listens first, no delay.
inline Media plain_radio() {
  Media media;
  media.name = "lora";
  media.kind = MediaKind::lora;
  media.delay = Duration{0};
  media.half_duplex = true;
  media.shared = true;
  media.mtu = Mtu{484};
  media.queue_bytes = 4096;
  media.lora_radio.region = Region::unlimited;
  media.lora_radio.duty_cycle = 1;
  media.lora_radio.listen_before_talk = false;
  return media;
}

inline Bytes counting(std::size_t size, std::uint8_t first = 0) {
  Bytes out(size);
  for (std::uint8_t& b : out) b = first++;
  return out;
}

class Radio final : public Host {
 public:
  struct Arrival {
    Instant at;
    Bytes frame;
    FrameInfo info;
  };
  Radio(EventQueue& queue, NodeIndex index, Position home, std::vector<Waypoint> path)
      : path_(std::move(path)), queue_(queue), home_(home), index_(index) {}

  [[nodiscard]] NodeIndex index() const override { return index_; }
  [[nodiscard]] Position position() const override {
    return position_on(home_, path_, queue_.now());
  }
  [[nodiscard]] bool may_move() const override { return claims_to_move || !path_.empty(); }
  void opened(Medium& opened_medium, ChannelId, NodeIndex peer, bool dialled) override {
    ++times_opened;
    medium = &opened_medium;
    opened_as_everybody = peer == kNoNode && !dialled;
  }
  void arrived(Medium&, ChannelId, const FrameInfo& info, Bytes frame) override {
    arrivals.push_back({queue_.now(), std::move(frame), info});
    if (on_arrival) on_arrival();
  }
  void writable(Medium&) override {
    ++times_writable;
    if (on_writable) on_writable();
  }
  void closed(Medium&) override { ++times_closed; }

  Medium* medium = nullptr;
  std::vector<Arrival> arrivals;
  int times_opened = 0;
  int times_writable = 0;
  int times_closed = 0;
  bool opened_as_everybody = false;
  bool claims_to_move = false;
  std::function<void()> on_arrival;
  std::function<void()> on_writable;

 private:
  std::vector<Waypoint> path_;
  EventQueue& queue_;
  Position home_;
  NodeIndex index_;
};

struct Seen {
  Instant at;
  What what = What::note;
  NodeIndex node = kNoNode;
  NodeIndex peer = kNoNode;
  std::size_t size = 0;
  std::string text;
};

class RadioWorld final : private EventSink, private Observer {
 public:
  explicit RadioWorld(const Media& media, std::uint64_t seed = 1)
      : channel(make_lora_channel(media, ChannelId{3}, {queue, recorder, barrier, seed})) {
    recorder.add(*this, WhatSet::all());
  }
  ~RadioWorld() override {
    recorder.remove(*this);
    for (EventId& event : planned_) queue.cancel(event);
  }
  RadioWorld(const RadioWorld&) = delete;
  RadioWorld& operator=(const RadioWorld&) = delete;

  Radio& add(Position home, std::vector<Waypoint> path = {}) {
    const auto index = static_cast<NodeIndex>(radios.size());
    Radio& radio = radios.emplace_back(queue, index, home, std::move(path));
    channel->add(radio);
    channel->node_up(index);
    return radio;
  }
  void plan(Duration when, std::function<void()> what) {
    plans_.push_back(std::move(what));
    planned_.push_back(queue.at(at(when), *this, plans_.size() - 1));
  }
  Status send(NodeIndex from, ByteView frame) { return radios[from].medium->send({}, frame); }
  void plan_send(Duration when, NodeIndex from, std::size_t size) {
    plan(when, [this, from, size] {
      const Status sent = send(from, counting(size, static_cast<std::uint8_t>(from)));
      if (!sent) refusals.push_back(sent.error());
    });
  }
  void run_until(Duration when) {
    while (queue.next() <= at(when)) queue.step();
    queue.advance(at(when));
  }
  void run() {
    while (queue.step()) {
    }
  }
  [[nodiscard]] std::vector<Seen> all(What what) const {
    std::vector<Seen> out;
    std::copy_if(seen.begin(), seen.end(), std::back_inserter(out),
                 [&](const Seen& s) { return s.what == what; });
    return out;
  }
  /// "receiver<sender" of each, sorted. What arrives is told about its receiver, what does not
  /// about its sender.
  [[nodiscard]] std::vector<std::string> pairs(What what) const {
    std::vector<std::string> out;
    for (const Seen& s : all(what)) {
      const bool came = what == What::frame_arrived;
      out.push_back(std::to_string(came ? s.node : s.peer) + "<" +
                    std::to_string(came ? s.peer : s.node));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  [[nodiscard]] std::vector<Instant> sent_times(NodeIndex node) const {
    std::vector<Instant> out;
    for (const Seen& s : seen) {
      if (s.what == What::frame_sent && s.node == node) out.push_back(s.at);
    }
    return out;
  }
  /// The first time.
  [[nodiscard]] Instant sent_at(NodeIndex node) const {
    const std::vector<Instant> times = sent_times(node);
    return times.empty() ? kNever : times.front();
  }

  EventQueue queue;
  Recorder recorder;
  Barrier barrier;
  std::unique_ptr<Channel> channel;
  std::deque<Radio> radios;
  std::vector<Seen> seen;
  std::vector<Error> refusals;

 private:
  void on_event(Instant, std::uint64_t tag) override { plans_[tag](); }
  void on_happening(const Happening& h) override {
    seen.push_back({h.at, h.what, h.node, h.peer, h.bytes.size(), std::string(h.text)});
  }
  std::deque<std::function<void()>> plans_;
  std::vector<EventId> planned_;
};

using Pairs = std::vector<std::string>;

}  // namespace mehr::sim::test
