#include "mehr/sim/traffic.h"

#include <algorithm>
#include <gsl/assert>

#include "channel_base.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"

namespace mehr::sim {

Traffic traffic_of(What what, ByteView bytes) {
  if (bytes.empty()) return Traffic::control;
  if (what == What::packet_out || what == What::packet_in) {
    const bool announce = l0::PacketFlags{bytes[0]}.type() == l0::PacketType::announce;
    return announce ? Traffic::gossip : Traffic::user;
  }
  namespace control = l1::control;
  const bool gossip = bytes[0] == control::kPathUpdate || bytes[0] == control::kPathRequest ||
                      (bytes[0] >= control::kGossipBeat && bytes[0] <= control::kGossipPull);
  return gossip ? Traffic::gossip : Traffic::control;
}

TrafficMeter::TrafficMeter(Recorder& recorder, Duration window)
    : recorder_(recorder), window_(window) {
  Expects(window > Duration{0});
  recorder_.add(*this, WhatSet::of({What::packet_out, What::control_out}));
}

TrafficMeter::~TrafficMeter() { recorder_.remove(*this); }

void TrafficMeter::on_happening(const Happening& h) {
  auto& windows = links_[{h.node, h.peer}];
  const auto at = static_cast<std::size_t>(h.at.time_since_epoch() / window_);
  if (windows.size() <= at) windows.resize(at + 1);
  const auto kind = static_cast<std::size_t>(traffic_of(h.what, h.bytes));
  windows[at].bytes[kind] += h.bytes.size() + kLinkOverhead;
  ++windows[at].messages[kind];
}

std::vector<TrafficMeter::Window> TrafficMeter::windows(NodeIndex from, NodeIndex to) const {
  const auto found = links_.find({from, to});
  return found == links_.end() ? std::vector<Window>{} : found->second;
}

std::uint64_t TrafficMeter::bytes(NodeIndex from, NodeIndex to, Traffic kind) const {
  std::uint64_t sum = 0;
  for (const Window& w : windows(from, to)) sum += w.bytes[static_cast<std::size_t>(kind)];
  return sum;
}

std::uint64_t TrafficMeter::messages(NodeIndex from, NodeIndex to, Traffic kind) const {
  std::uint64_t sum = 0;
  for (const Window& w : windows(from, to)) sum += w.messages[static_cast<std::size_t>(kind)];
  return sum;
}

std::uint64_t TrafficMeter::bytes(Traffic kind) const {
  std::uint64_t sum = 0;
  for (const auto& [link, windows] : links_) {
    for (const Window& w : windows) sum += w.bytes[static_cast<std::size_t>(kind)];
  }
  return sum;
}

std::uint64_t TrafficMeter::most(Traffic kind) const {
  std::uint64_t most = 0;
  for (const auto& [link, windows] : links_) {
    for (const Window& w : windows) most = std::max(most, w.bytes[static_cast<std::size_t>(kind)]);
  }
  return most;
}

}  // namespace mehr::sim
