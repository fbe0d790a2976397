// A tap between a fake L0 and a fake L1.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mehr/sim/tap.h"

namespace mehr::sim::test {

inline NodeId node_id(std::uint8_t n) {
  NodeId id;
  id.bytes.fill(n);
  return id;
}

/// L0 as the tap sees it: takes all packets until `is_full`.
struct FakeBelow final : l0::LinkLayer {
  struct Sent {
    l0::LinkId link;
    Bytes packet;
    bool operator==(const Sent&) const = default;
  };
  void set_listener(l0::LinkListener* l) override { listener = l; }
  Status send_packet(l0::LinkId link, ByteView packet, l0::Padding) override {
    if (is_full) return fail(Errc::full, "no room");
    packets.push_back({link, Bytes(packet.begin(), packet.end())});
    return {};
  }
  Status send_control(l0::LinkId link, ByteView message) override {
    if (is_full) return fail(Errc::full, "no room");
    controls.push_back({link, Bytes(message.begin(), message.end())});
    return {};
  }
  void signal_too_big(l0::LinkId link, const NodeId&, Mtu mtu) override {
    calls.push_back("too-big " + std::to_string(link.value) + " " + std::to_string(mtu.bytes));
  }
  void report_malformed(l0::LinkId link) override {
    calls.push_back("malformed " + std::to_string(link.value));
  }
  void close(l0::LinkId link, l0::CloseReason) override {
    calls.push_back("close " + std::to_string(link.value));
  }
  l0::LinkListener* listener = nullptr;
  std::vector<Sent> packets;
  std::vector<Sent> controls;
  std::vector<std::string> calls;
  bool is_full = false;
};

/// L1 as the tap sees it.
struct FakeAbove final : l0::LinkListener {
  void on_link_up(const l0::LinkInfo& l) override { say("up", l.id); }
  void on_link_down(l0::LinkId l, l0::CloseReason) override { say("down", l); }
  void on_packet(l0::LinkId l, MutableBytes p) override {
    say("packet", l);
    packets.emplace_back(p.begin(), p.end());
  }
  void on_control(l0::LinkId l, ByteView) override { say("control", l); }
  void on_packet_too_big(l0::LinkId l, const NodeId&, Mtu) override { say("too-big", l); }
  void on_link_writable(l0::LinkId l) override { say("writable", l); }
  void on_round_trip(l0::LinkId l, Millis) override { say("round-trip", l); }
  void on_clear_packet(l0::MediumHandle, MutableBytes) override { heard.emplace_back("clear"); }
  void on_neighbour_frame(const l0::NeighbourFrame&) override { heard.emplace_back("neighbour"); }
  void say(const std::string& what, l0::LinkId link) {
    heard.push_back(what + " " + std::to_string(link.value));
  }
  std::vector<std::string> heard;
  std::vector<Bytes> packets;
};

/// Keeps what was reported, in one line each.
struct Log final : Observer {
  explicit Log(Recorder& recorder) { recorder.add(*this, WhatSet::all()); }
  void on_happening(const Happening& h) override {
    std::string line = std::string(name_of(h.what)) + " " + std::to_string(h.node);
    line += h.peer == kNoNode ? " -" : " " + std::to_string(h.peer);
    if (!h.bytes.empty()) line += " " + std::to_string(h.bytes.size());
    if (!h.text.empty()) line += " " + std::string(h.text);
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

/// Node 7, whose neighbours are 1 (over link 11), 2 (over link 12), ...
struct TapWorld {
  TapWorld() {
    tap.emplace(below, TapConfig{7, recorder, queue, 42, [](const NodeId& id) { return find(id); },
                                 node_id(7)});
    tap->set_listener(&above);
  }
  static NodeIndex find(const NodeId& id) { return id.bytes[0] < 100 ? id.bytes[0] : kNoNode; }
  static l0::LinkId link_to(std::uint8_t peer) {
    return l0::LinkId{static_cast<std::uint16_t>(10 + peer)};
  }
  void link(std::uint8_t peer) {
    l0::LinkInfo info;
    info.id = link_to(peer);
    info.peer = node_id(peer);
    below.listener->on_link_up(info);
  }
  void come(std::uint8_t peer, Bytes packet) { below.listener->on_packet(link_to(peer), packet); }
  Status send(std::uint8_t peer, const Bytes& packet) {
    return tap->send_packet(link_to(peer), packet, l0::Padding::by_class);
  }
  void pass(Duration span) {
    const Instant end = later(queue.now(), span);
    while (queue.next() <= end) queue.step();
    queue.advance(end);
  }

  EventQueue queue;
  Recorder recorder;
  Log log{recorder};
  FakeBelow below;
  FakeAbove above;
  std::optional<Tap> tap;
};

}  // namespace mehr::sim::test
