// Links, first half: what comes in from media.
#include "mehr/l0/links.h"

#include <gsl/assert>
#include <utility>

#include "links_tables.h"
#include "mehr/core/hazard.h"
#include "mehr/l0/packet.h"

namespace mehr::l0 {

namespace {

// The link id in a frame that carries one at @p offset.
LinkId link_id_at(ByteView frame, std::size_t offset) {
  LinkId id;
  ByteView skipped;
  Reader r(frame);
  r.take(offset, skipped);
  r.get(id.value);
  return id;
}

}  // namespace

void Links::on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) {
  const Entry entry(*this);
  ++counters_.frames_in;
  const std::uint8_t type = frame.empty() ? std::uint8_t{0} : frame[0];
  const InterfaceMode mode = medium.info().mode;
  if (frame.empty()) {
    ++counters_.empty_frame;
  } else if (is_data_frame(type) && mode != InterfaceMode::rns) {
    take_data(medium, frame);
  } else if (type < 0x80) {
    if (mode != InterfaceMode::native && listener_ != nullptr && medium.receiver_handle != 0) {
      listener_->on_clear_packet({medium.receiver_handle}, frame);
    } else {
      ++counters_.clear_packet;
      stray_frame(medium);
    }
  } else if (mode == InterfaceMode::rns) {
    ++counters_.unknown_type;
  } else if (type == kInitType) {
    take_init(medium, info, frame);
  } else if (type == kRespType || type == kAuthType) {
    take_handshake(medium, info, frame);
  } else if (type == kBeaconType || type == kBroadcastType) {
    take_neighbour_frame(medium, info, frame);
  } else {
    ++counters_.unknown_type;
    stray_frame(medium);
  }
}

void Links::take_data(Medium& medium, MutableBytes frame) {
  Slot* slot = find(link_id_at(frame, 1));
  if (slot == nullptr || slot->medium != &medium) {
    ++counters_.unknown_link;
    return stray_frame(medium);
  }
  const Millis at = clock_.now();
  const auto message = slot->link->open(frame, at);
  if (!message) return count_unopened(*slot, medium, message.error());
  slot->last_heard = at;
  ++slot->frames_in;
  slot->bytes_in += frame.size();
  deliver(*slot, *message);
}

void Links::deliver(Slot& slot, MutableBytes message) {
  if (message[0] >= 0x80) return take_control(slot, message);
  if (listener_ != nullptr) listener_->on_packet(slot.id, message);
}

void Links::take_control(Slot& slot, MutableBytes message) {
  // On a link that is not hybrid these are like any type that is not known here.
  const bool hybrid = message[0] == control::kPqRequest || message[0] == control::kPqAck;
  if (kHybrid && hybrid && slot.link->is_hybrid()) return step(slot, Link::ControlMessage{message});
  switch (message[0]) {
    case control::kRekeyRequest:
    case control::kRekeyAck:
    case control::kClose:
    case control::kPing:
    case control::kPong:
      return step(slot, Link::ControlMessage{message});
    case control::kPacketTooBig:
      return take_too_big(slot, message);
    default:
      if (listener_ != nullptr) listener_->on_control(slot.id, message);
  }
}

void Links::take_too_big(Slot& slot, ByteView message) {
  const auto signal = decode<PacketTooBig>(message);
  if (!signal) {
    ++counters_.control_malformed;
    return report_malformed(slot.id);
  }
  ++counters_.too_big_received;
  if (listener_ == nullptr) return;
  listener_->on_packet_too_big(slot.id, signal->destination, Mtu{signal->link_mtu});
}

void Links::count_unopened(const Slot& slot, Medium& medium, const Error& why) {
  switch (why.code) {
    case Errc::replayed:
      ++counters_.data_replayed;
      break;
    case Errc::bad_seal:
      ++counters_.data_bad_seal;
      break;
    case Errc::wrong_peer:
    case Errc::wrong_state:
      ++counters_.unknown_link;
      break;
    default:
      ++counters_.data_malformed;
  }
  if (slot.half_open) stray_frame(medium);
}

// A frame that no machine wants. A stream that misbehaves before its link is up is closed; anything
// else is only dropped. spec: README/9 item 11
void Links::stray_frame(Medium& medium) {
  if (!medium.info().stream || medium.info().mode != InterfaceMode::native) return;
  Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr) return;
  Slot* slot = find(attachment->link);
  if (slot != nullptr && slot->half_open) return step(*slot, Link::HandshakeFrame{{}});
  if (slot == nullptr) medium.close();
}

void Links::take_init(Medium& medium, const FrameInfo& info, ByteView frame) {
  Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr) return;
  // Counted before anything is answered: a repeated INIT earns a RESP three times its size.
  if (!init_limiter_.allow(info.source, clock_.now())) {
    ++counters_.init_rate;
    return refuse(medium, info, {Errc::full, "too many INIT frames from this address"});
  }
  if (medium.info().stream) {
    if (Slot* slot = find(attachment->link)) return step(*slot, Link::HandshakeFrame{frame});
  } else {
    for (Slot& slot : slots_) {
      const bool same_peer = slot.in_use() && slot.medium == &medium && slot.remote == info.from;
      if (same_peer && slot.link->answers(frame)) return step(slot, Link::HandshakeFrame{frame});
    }
  }
  const auto init = ResponderHandshake::accepts(frame, signer_.node_id());
  if (!init) {
    ++counters_.init_malformed;
    return refuse(medium, info, init.error());
  }
  const bool room = room_for_stranger(info.source) && !hazard("l0.link_table_full");
  Slot* slot = room ? free_slot() : nullptr;
  if (slot == nullptr) {
    ++counters_.init_half_open;
    return refuse(medium, info, {Errc::full, "no room for another half-open link"});
  }
  slot->id = draw_id(static_cast<std::size_t>(slot - slots_.data()));
  slot->medium = &medium;
  slot->remote = info.from;
  slot->source = info.source;
  slot->half_open = true;
  ++half_open_;
  slot->link.emplace(link_config(medium, slot->id), frame, now());
  attachment->deadline = Millis::never();
  if (medium.info().stream) attachment->link = slot->id;
  spend(*slot, slot->link->start(now()));
}

void Links::take_handshake(Medium& medium, const FrameInfo& info, ByteView frame) {
  Slot* slot = find(link_id_at(frame, frame[0] == kRespType ? 2 : 1));
  const bool ours = slot != nullptr && slot->medium == &medium &&
                    (medium.info().stream || slot->remote == info.from || slot->remote.is_zero());
  if (!ours) {
    ++counters_.unknown_link;
    return stray_frame(medium);
  }
  slot->source = info.source;
  step(*slot, Link::HandshakeFrame{frame});
  // An INIT to everyone is answered by somebody: once proven, the link is with that one.
  if (slot->in_use() && !slot->half_open && slot->remote.is_zero()) slot->remote = info.from;
}

void Links::refuse(Medium& medium, const FrameInfo& info, const Error& why) {
  tell_refused(medium, info.source, why);
  const bool native_stream = medium.info().stream && medium.info().mode == InterfaceMode::native;
  const Attachment* attachment = attachment_of(medium);
  const bool linked = attachment != nullptr && attachment->link != LinkId{};
  if (native_stream && !linked) medium.close();  // a dual one goes on with clear packets
}

void Links::tell_refused(const Medium& medium, const SourceKey& source, const Error& why) {
  if (observer_ != nullptr) observer_->on_refused(medium.info(), source, why);
}

void Links::take_neighbour_frame(Medium& medium, const FrameInfo& info, ByteView frame) {
  const Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr) return;
  const Slot* slot = find(attachment->link);
  if (medium.info().stream && (slot == nullptr || slot->half_open)) return stray_frame(medium);
  const bool beacon = frame[0] == kBeaconType;
  const bool well_formed = beacon ? frame.size() == kBeaconFrameSize
                                  : frame.size() >= 2 && frame.size() <= 2 + kMaxBroadcastMessage;
  if (!well_formed) {
    ++counters_.unknown_type;
    return stray_frame(medium);
  }
  if (!neighbour_limiter_.allow(medium.info().interface, clock_.now())) {
    ++counters_.neighbour_frame_rate;
    return;
  }
  const NeighbourFrame heard{
      beacon ? NeighbourFrame::Kind::beacon : NeighbourFrame::Kind::broadcast,
      medium.info().interface, info, frame.subspan(1)};
  if (listener_ != nullptr) listener_->on_neighbour_frame(heard);
  if (observer_ != nullptr) observer_->on_heard(medium, heard);
}

void Links::on_writable(Medium& medium) {
  const Entry entry(*this);
  Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr) return;
  if (std::exchange(attachment->clear_blocked, false) && listener_ != nullptr) {
    listener_->on_clear_writable({medium.receiver_handle});
  }
  // A medium may have room for one frame: links take turns to be the first that hears of it.
  const std::size_t first = attachment->turn;
  bool any = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::size_t place = (first + i) % slots_.size();
    Slot& slot = slots_[place];
    if (!slot.in_use() || slot.medium != &medium || !slot.blocked) continue;
    if (!std::exchange(any, true))
      attachment->turn = static_cast<std::uint16_t>((place + 1) % slots_.size());
    unblock(slot);
  }
}

void Links::unblock(Slot& slot) {
  slot.blocked = false;
  send_held(slot);
  if (!slot.blocked && slot.up && listener_ != nullptr) listener_->on_link_writable(slot.id);
}

}  // namespace mehr::l0
