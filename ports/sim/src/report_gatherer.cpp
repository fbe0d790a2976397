#include "report_gatherer.h"

#include <algorithm>

#include "mehr/l0/link_frames.h"
#include "mehr/l0/packet.h"
#include "report_words.h"

namespace mehr::sim {
namespace {

constexpr std::size_t kMostPairs = 200'000;
constexpr std::size_t kMostChannels = 1'000'000;
constexpr std::size_t kMostEvents = 2000;
constexpr std::size_t kMostSpans = 2000;
constexpr std::size_t kMostText = 200;

MessageKind packet_kind(ByteView packet) {
  if (packet.empty()) return MessageKind::other;
  switch (l0::PacketFlags{packet.front()}.type()) {
    case l0::PacketType::announce:
      return MessageKind::announce;
    case l0::PacketType::data:
      return MessageKind::data;
    case l0::PacketType::link_request:
    case l0::PacketType::proof:
      break;
  }
  return MessageKind::other;
}

std::size_t hash_of(NodeIndex a, NodeIndex b) {
  std::uint64_t mixed = (std::uint64_t{a} << 32 | b) * 0x9E37'79B9'7F4A'7C15;
  mixed ^= mixed >> 29;
  return static_cast<std::size_t>(mixed);
}

}  // namespace

FrameKind frame_kind(ByteView frame) {
  if (frame.empty()) return FrameKind::other;
  const std::uint8_t first = frame.front();
  if (first < 0x80) return FrameKind::clear;
  if (l0::is_data_frame(first)) return FrameKind::data;
  switch (first) {
    case l0::kInitType:
      return FrameKind::init;
    case l0::kRespType:
      return FrameKind::resp;
    case l0::kAuthType:
      return FrameKind::auth;
    case l0::kBeaconType:
      return FrameKind::beacon;
    case l0::kBroadcastType:
      return FrameKind::broadcast;
    default:
      return FrameKind::other;
  }
}

const char* name_of(FrameKind kind) {
  static constexpr std::array<const char*, kFrameKinds> kNames = {
      "init", "resp", "auth", "data (sealed)", "beacon", "broadcast", "packet in clear", "other"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* name_of(MessageKind kind) {
  static constexpr std::array<const char*, kMessageKinds> kNames = {"announce", "data packet",
                                                                    "other packet", "control"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::uint64_t PairTally::weight() const {
  if (frames.bytes != 0) return frames.bytes;
  std::uint64_t out = 0;
  for (const Tally& t : messages) out += t.bytes;
  return out;
}

Gatherer::Gatherer(const Topology& topology) : nodes_(topology.nodes.size()), pair_index_(1024) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].announces = topology.nodes[i].announces;
    if (nodes_[i].announces) ++announcers_;
  }
  count_pairs();
  for (const LinkSpec& link : topology.links) {
    if (PairTally* p = pair(link.a, link.b, true)) p->was_asked = true;
  }
}

PairTally* Gatherer::pair(NodeIndex a, NodeIndex b, bool may_add) {
  if (a > b) std::swap(a, b);
  if (a == b || b >= nodes_.size()) return nullptr;
  std::size_t slot = hash_of(a, b) & (pair_index_.size() - 1);
  for (; pair_index_[slot] != 0; slot = (slot + 1) & (pair_index_.size() - 1)) {
    PairTally& known = pairs_[pair_index_[slot] - 1];
    if (known.a == a && known.b == b) return &known;
  }
  if (!may_add) return nullptr;
  if (pairs_.size() == kMostPairs) {
    ++pairs_left_out_;
    return nullptr;
  }
  pairs_.push_back({});
  pairs_.back().a = a;
  pairs_.back().b = b;
  pair_index_[slot] = static_cast<std::uint32_t>(pairs_.size());
  if (pairs_.size() * 2 > pair_index_.size()) grow_index();
  return &pairs_.back();
}

void Gatherer::grow_index() {
  pair_index_.assign(pair_index_.size() * 2, 0);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    std::size_t slot = hash_of(pairs_[i].a, pairs_[i].b) & (pair_index_.size() - 1);
    while (pair_index_[slot] != 0) slot = (slot + 1) & (pair_index_.size() - 1);
    pair_index_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

ChannelTally* Gatherer::channel(const Happening& h) {
  if (h.channel.index >= kMostChannels) return nullptr;
  if (h.channel.index >= channels_.size()) channels_.resize(h.channel.index + std::size_t{1});
  ChannelTally& tally = channels_[h.channel.index];
  for (const NodeIndex node : {h.node, h.peer}) {
    if (node == kNoNode || node == tally.a || node == tally.b) continue;
    if (tally.a == kNoNode) {
      tally.a = node;
    } else if (tally.b == kNoNode) {
      tally.b = node;
    } else {
      tally.has_more = true;
    }
  }
  return &tally;
}

void Gatherer::on_happening(const Happening& h) {
  if (curves_.is_due(h.at)) curves_.advance(h.at, now_);
  whats_[static_cast<std::size_t>(h.what)].add(h.bytes.size());
  switch (h.what) {
    case What::frame_sent:
    case What::frame_lost:
      return on_frame(h);
    case What::packet_out:
      return on_message(h, packet_kind(h.bytes));
    case What::control_out:
      return on_message(h, MessageKind::control);
    case What::message_delivered:
      return add(Series::delivered, 1);
    case What::fault:
    case What::healed:
      return on_timeline(h);
    case What::link_up:
    case What::link_down:
    case What::route_appeared:
    case What::route_lost:
    case What::booted:
    case What::crashed:
    case What::paused:
    case What::resumed:
    case What::announced:
      return on_state(h);
    case What::frame_arrived:
    case What::frame_refused:
    case What::frame_corrupted:
    case What::frame_doubled:
    case What::frame_collided:
    case What::stream_opened:
    case What::stream_closed:
    case What::packet_in:
    case What::control_in:
    case What::message_sent:
    case What::route_changed:
    case What::note:
      return;
  }
}

void Gatherer::on_frame(const Happening& h) {
  PairTally* const p =
      h.node != kNoNode && h.peer != kNoNode ? pair(h.node, h.peer, false) : nullptr;
  if (h.what == What::frame_lost) {
    add(Series::lost, 1);
    if (p != nullptr) ++p->lost;
    return;
  }
  const auto kind = static_cast<std::size_t>(frame_kind(h.bytes));
  frames_[kind].add(h.bytes.size());
  add(Series::frames, 1);
  add(Series::bytes, h.bytes.size());
  if (p != nullptr) p->frames.add(h.bytes.size());
  if (ChannelTally* c = channel(h)) c->kinds[kind].add(h.bytes.size());
}

void Gatherer::on_message(const Happening& h, MessageKind kind) {
  messages_[static_cast<std::size_t>(kind)].add(h.bytes.size());
  if (h.node == kNoNode || h.peer == kNoNode) return;
  if (PairTally* p = pair(h.node, h.peer, false)) {
    p->messages[static_cast<std::size_t>(kind)].add(h.bytes.size());
  }
}

void Gatherer::on_crash(NodeState& node) {
  ++node.crashes;
  if (node.is_up) set(Series::up, now(Series::up) - 1);
  node.is_up = false;
  set(Series::routes, now(Series::routes) - node.routes);
  sides_up_ -= node.links;
  node.routes = 0;
  node.links = 0;
}

void Gatherer::on_state(const Happening& h) {
  if (h.node >= nodes_.size()) return;
  NodeState& node = nodes_[h.node];
  const bool is_known = h.peer != kNoNode && h.peer != h.node;
  if (h.what == What::route_appeared && is_known) {
    ++node.routes;
    add(Series::routes, 1);
  } else if (h.what == What::route_lost && is_known && node.routes > 0) {
    --node.routes;
    set(Series::routes, now(Series::routes) - 1);
  } else if (h.what == What::link_up && is_known) {
    ++node.links;
    ++sides_up_;
    if (PairTally* p = pair(h.node, h.peer, true)) ++p->ups;
  } else if (h.what == What::link_down && is_known && node.links > 0) {
    --node.links;
    --sides_up_;
    if (PairTally* p = pair(h.node, h.peer, true)) ++p->downs;
  } else if (h.what == What::announced && !node.announces) {
    node.announces = true;
    ++announcers_;
    count_pairs();
  } else if (h.what == What::booted) {
    if (!node.is_up) add(Series::up, 1);
    node.is_up = true;
    if (node.has_booted) on_timeline(h);  // the first boot of each is no news
    node.has_booted = true;
  } else if (h.what == What::crashed) {
    on_crash(node);
    on_timeline(h);
  } else if (h.what == What::paused || h.what == What::resumed) {
    on_timeline(h);
  }
  set(Series::links, sides_up_ / 2);
}

void Gatherer::on_timeline(const Happening& h) {
  if (events_.size() < kMostEvents) {
    events_.push_back({h.at, h.what, h.node, shortened(h.text, kMostText)});
  } else {
    ++events_left_out_;
  }
  if (h.what == What::fault || h.what == What::crashed || h.what == What::paused) {
    begin(h);
  } else {
    end(h);
  }
}

void Gatherer::begin(const Happening& h) {
  if (spans_.size() == kMostSpans) return;
  // A crash or pause that a fault asked for at this instant is that fault's span.
  const bool is_told = h.what != What::fault && !spans_.empty() && spans_.back().from == h.at &&
                       spans_.back().node == h.node && spans_.back().what == What::fault;
  if (is_told) return;
  spans_.push_back({h.at, kNever, h.what, h.node, shortened(h.text, kMostText)});
}

void Gatherer::end(const Happening& h) {
  const std::string text = shortened(h.text, kMostText);
  const bool is_all = h.what == What::healed && h.node == kNoNode && h.text == "everything";
  for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {
    if (span->to != kNever) continue;
    const bool fits =
        h.what == What::healed
            ? span->what == What::fault && span->node == h.node && span->text == text
            : span->node == h.node &&
                  span->what == (h.what == What::booted ? What::crashed : What::paused);
    if (!is_all && !fits) continue;
    span->to = h.at;
    if (!is_all) return;
  }
}

Curves Gatherer::curves(Instant end) const {
  Curves out = curves_;
  out.close(end, now_);
  return out;
}

}  // namespace mehr::sim
