#include "mehr/sim/channel.h"

#include "channel_base.h"
#include "mehr/sim/lora.h"

namespace mehr::sim {
namespace {

MediumInfo info_of(const Media& media, ChannelId id) {
  MediumInfo info;
  info.interface.index = static_cast<std::uint16_t>(id.index & 0xFFFF);
  info.stream = media.kind == MediaKind::stream && !media.shared;
  info.half_duplex = media.half_duplex;
  info.bandwidth = media.rate;
  info.latency =
      to_millis(later(Instant{}, media.delay).time_since_epoch() + std::chrono::microseconds(500));
  info.mtu = media.mtu;
  return info;
}

// Little-endian, as everywhere.
template <class Address>
Address address_from(NodeIndex node) {
  Address out;
  const std::uint64_t number = std::uint64_t{node} + 1;
  for (std::size_t i = 0; i < 5; ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xFF);
  }
  return out;
}

}  // namespace

ChannelBase::ChannelBase(const Media& as, ChannelId name, const Surroundings& where)
    : around(where), id(name), media(as), info(info_of(as, name)) {}

Status ChannelBase::check_size(ByteView frame) const {
  if (frame.empty()) return fail(Errc::bad_value, "a frame holds at least one byte");
  if (frame.size() > media.mtu.bytes + kLinkOverhead) {
    return fail(Errc::too_big, "the frame is longer than the medium's MTU and 24 bytes");
  }
  return {};
}

void ChannelBase::record(What what, NodeIndex node, NodeIndex peer, ByteView bytes,
                         std::string_view text) const {
  around.recorder.record({around.queue.now(), what, node, peer, id, bytes, text});
}

void ChannelBase::sent(NodeIndex node, NodeIndex peer, ByteView frame) {
  ++counters.frames_sent;
  counters.bytes_sent += frame.size();
  record(What::frame_sent, node, peer, frame);
}

void ChannelBase::refused(NodeIndex node, NodeIndex peer, ByteView frame, std::string_view why) {
  ++counters.frames_refused;
  record(What::frame_refused, node, peer, frame, why);
}

void ChannelBase::arrived(NodeIndex node, NodeIndex from, ByteView frame) {
  ++counters.frames_arrived;
  record(What::frame_arrived, node, from, frame);
}

void ChannelBase::lost(NodeIndex node, NodeIndex peer, ByteView frame, std::string_view why) {
  ++counters.frames_lost;
  record(What::frame_lost, node, peer, frame, why);
}

Remote remote_of(NodeIndex node) { return address_from<Remote>(node); }

SourceKey source_of(NodeIndex node) { return address_from<SourceKey>(node); }

NodeIndex node_of(const Remote& address) {
  std::uint64_t number = 0;
  for (std::size_t i = 5; i-- > 0;) number = number << 8 | address.bytes[i];
  if (number == 0 || number > kNoNode) return kNoNode;
  const auto node = static_cast<NodeIndex>(number - 1);
  return address == remote_of(node) ? node : kNoNode;
}

std::unique_ptr<Channel> make_channel(const Media& media, ChannelId id,
                                      const Surroundings& around) {
  if (media.kind == MediaKind::lora) return make_lora_channel(media, id, around);
  if (media.kind == MediaKind::stream && !media.shared) return make_line(media, id, around);
  return make_segment(media, id, around);
}

}  // namespace mehr::sim
