// A small world that a report is made of, fed by hand.
#pragma once

#include "../../src/report_data.h"

namespace mehr::sim {

struct ReportWorld {
  ReportWorld() {
    topology.name = "triangle";
    topology.media["tcp"] = Media{};
    for (const char* name : {"a", "b", "c"}) {
      NodeSpec node;
      node.name = name;
      node.at = {static_cast<double>(topology.nodes.size()) * 10, 0};
      node.announces = topology.nodes.size() != 2;
      topology.nodes.push_back(node);
    }
    topology.links = {{0, 1, "tcp"}, {1, 2, "tcp"}};
    begin();
  }
  /// Listens anew, to the topology as it is now.
  void begin() {
    gatherer.emplace(topology);
    recorder = Recorder{};
    recorder.add(*gatherer, WhatSet::all());
  }

  void say(Duration at, What what, NodeIndex node, NodeIndex peer = kNoNode, Bytes bytes = {},
           std::string_view text = {}, ChannelId channel = {}) {
    recorder.record({Instant{} + at, what, node, peer, channel, bytes, text});
  }
  /// Everybody boots and links, a and b are known everywhere, some frames, a crash.
  void live() {
    using namespace std::chrono_literals;
    for (NodeIndex n = 0; n < 3; ++n) say(10ms * n, What::booted, n);
    Bytes init(52, 0);
    init[0] = 0x80;
    say(100ms, What::frame_sent, 0, 1, init, {}, {0});
    say(101ms, What::frame_sent, 1, 2, init, {}, {1});
    for (const auto& [x, y] : {std::pair{0U, 1U}, {1U, 0U}, {1U, 2U}, {2U, 1U}}) {
      say(150ms, What::link_up, x, y);
    }
    for (const auto& [x, y] : {std::pair{0U, 1U}, {1U, 0U}, {2U, 1U}, {2U, 0U}}) {
      say(200ms, What::route_appeared, x, y);
    }
    Bytes data(1000, 0x90);
    for (int i = 0; i < 20; ++i) say(1s, What::frame_sent, 0, 1, data, {}, {0});
    say(1s, What::frame_lost, 0, 1, data, "loss", {0});
    say(1s, What::packet_out, 0, 1, Bytes(200, 0x01));
    say(1s, What::packet_out, 1, 2, Bytes(300, 0x10));
    say(1s, What::control_out, 1, 0, Bytes(5, 0x83));
    say(2s, What::fault, 2, kNoNode, {}, "crash c for 3 s");
    say(2s, What::crashed, 2);
    say(2500ms, What::link_down, 1, 2);
    say(5s, What::healed, 2, kNoNode, {}, "crash c for 3 s");
    say(5s, What::booted, 2);
  }
  [[nodiscard]] ReportData data() const {
    ReportData out{0x5EED, true, topology, *gatherer, result, {}, {}};
    for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
      out.nodes.push_back({true, 1000 * (i + 1), i == 2 ? 2500U : 4000U});
    }
    ChannelCounters busy;
    busy.frames_sent = 21;
    busy.bytes_sent = 20'052;
    busy.frames_arrived = 20;
    busy.frames_lost = 1;
    busy.airtime = std::chrono::milliseconds(100);
    ChannelCounters idle;
    idle.frames_sent = 1;
    idle.bytes_sent = 52;
    out.channels = {{"tcp", MediaKind::stream, busy}, {"tcp", MediaKind::stream, idle}};
    return out;
  }
  static RunResult good_run() {
    RunResult out;
    out.virtual_time = std::chrono::seconds(10);
    out.real_time = std::chrono::duration<double>(0.5);
    out.events = 12'345;
    out.linked_at = std::chrono::milliseconds(150);
    out.converged_at = std::chrono::milliseconds(200);
    return out;
  }

  Topology topology;
  Recorder recorder;
  std::optional<Gatherer> gatherer;
  RunResult result = good_run();
};

}  // namespace mehr::sim
