// The relay, second half: announces and path requests. spec: L0/8.3, L0/8.4 steps 8 and 9
#include <algorithm>
#include <gsl/assert>

#include "mehr/core/crypto.h"
#include "mehr/l0/rns/relay.h"

namespace mehr::l0::rns {

namespace {

constexpr std::uint64_t kSpread = 500;  // ms, so that neighbours do not speak at once
constexpr Millis kRetry{5'500};         // when nobody was heard passing it on
constexpr std::uint8_t kSays = 2;       // the first time and one retry
constexpr Millis kGrace{400};           // before a path response
constexpr std::size_t kMostTag = Address::kSize;

// The bytes that tell path requests apart: destination and tag. spec: L0/8.4 step 9
PacketId tag_id(ByteView destination, ByteView tag) {
  return PacketId::from(crypto::b2(destination, tag).view());
}

}  // namespace

// spec: L0/8.3
Relay::Outcome Relay::take_announce(PortId from, const PacketView& view, Millis now) {
  if (view.destination == own_) return drop(&RelayCounters::announces_known);
  const bool ratchet = (view.flags.bits & PacketFlags::kContextFlag) != 0;
  const auto announce = parse_announce(ratchet, view.data);
  if (!announce) return drop(&RelayCounters::malformed);
  if (view.hops >= kMaxHops) return drop(&RelayCounters::hop_limit);
  note_echo(view, view.hops);
  if (!paths_.wants(view.destination, view.hops, announce->blob, now)) {
    return drop(&RelayCounters::announces_known);
  }
  if (!may_check(ports_[from], now)) return drop(&RelayCounters::announces_rate);
  if (!verify(*announce, view.destination)) return drop(&RelayCounters::announces_forged);
  const auto stored = paths_.store(view.destination, from, announce->blob, now);
  if (stored.evicted) lost_.push_back({*stored.evicted, stored.evicted_destination});
  Path& path = *stored.path;
  path.next_hop = view.transport.value_or(view.destination);
  path.hops = view.hops;
  path.ratchet = ratchet;
  path.size = static_cast<std::uint16_t>(view.data.size());
  copy_bytes(view.data, path.announce);
  ++counters_.announces_accepted;
  // A longer one does not fit once the transport ID is in front; a response is for who asked.
  const Slot slot = paths_.slot_of(path);
  const bool passes = view.context == context::kNone && path.size <= kMostForwarded;
  if (passes) {
    if (path.resends == 0) {
      std::erase(resending_, slot);  // an evicted path's place may stand there still
      resending_.push_back(slot);
    }
    path.resends = kSays;
    path.resend_at = now + Millis{random_.below(kSpread + 1)};
    due_ = std::min(due_, path.resend_at);
  }
  return Heard{&path, *announce};
}

// Signatures are what an announce costs: a port has so many a second, whatever it brings.
bool Relay::may_check(Port& port, Millis now) {
  if (now - port.second >= Millis::seconds(1)) {
    port.second = now;
    port.checks = config_.announce_checks;
  }
  if (port.checks == 0) return false;
  --port.checks;
  return true;
}

// A neighbour that passes on what this node said: its header has one hop more than ours had, so
// that with the hop to us there are two more. It need not be said again. spec: L0/8.4 step 8
void Relay::note_echo(const PacketView& view, std::uint8_t hops) {
  Path* const path = paths_.find(view.destination);
  if (path == nullptr || path->resends != 1 || hops != path->hops + 2) return;
  if (!same_bytes(path->data(), view.data)) return;
  path->resends = 0;
  path->resend_at = Millis::never();
  std::erase(resending_, paths_.slot_of(*path));
}

void Relay::resend_due(Millis now) {
  for (std::size_t i = 0; i < resending_.size();) {
    const Slot slot = resending_[i];
    Path& path = paths_.at(slot);
    if (path.resend_at > now) {
      ++i;
      continue;
    }
    for (PortId port = 0; port < port_count(); ++port) {
      // Who brought it by a native link knows it; on a shared channel others may not.
      if (!is_up(port) || (port == path.port && ports_[port].info.native)) continue;
      queue(port, {slot, path.heard.count, path.hops, false, now});
    }
    path.resend_at = now + kRetry;
    if (--path.resends != 0) {
      ++i;
      continue;
    }
    path.resend_at = Millis::never();
    resending_[i] = resending_.back();
    resending_.pop_back();
  }
}

void Relay::queue(PortId port, const QueuedAnnounce& item) {
  if (!ports_[port].info.announces) return;
  if (!ports_[port].queue.push(item)) ++counters_.announces_dropped;
  due_ = std::min(due_, ports_[port].queue.next_deadline());
}

void Relay::announce(const Address& own, ByteView data, Millis now) {
  Expects(data.size() <= own_data_.size());
  own_ = own;
  copy_bytes(data, own_data_);
  own_size_ = static_cast<std::uint16_t>(data.size());
  for (PortId port = 0; port < port_count(); ++port) {
    if (ports_[port].up) queue(port, {QueuedAnnounce::kOwn, 0, 0, false, now});
  }
}

// ---- Time
// ----------------------------------------------------------------------------------------

std::optional<Relay::Send> Relay::next(Millis now) {
  resend_due(now);
  for (PortId port = 0; port < port_count(); ++port) {
    if (!ports_[port].up) continue;
    while (const auto item = ports_[port].queue.pop(now)) {
      if (auto send = say(port, *item, now)) return send;
    }
  }
  due_ = earliest();
  return std::nullopt;
}

// The announce as it leaves on @p port; nothing when its path is another one by now.
std::optional<Relay::Send> Relay::say(PortId port, const QueuedAnnounce& item, Millis now) {
  const PortInfo& to = ports_[port].info;
  const bool own = item.path == QueuedAnnounce::kOwn;
  const Path* const path = own ? nullptr : &paths_.at(item.path);
  if (path != nullptr && (path->port == kNoPort || path->heard.count != item.heard)) {
    return std::nullopt;
  }
  PacketView packet;
  packet.flags = PacketFlags::of(PacketType::announce, !own || to.native);
  if (path != nullptr && path->ratchet) packet.flags.bits |= PacketFlags::kContextFlag;
  packet.hops = own ? std::uint8_t{0} : path->hops;
  packet.destination = own ? *own_ : path->destination;
  packet.context = item.is_response ? context::kPathResponse : context::kNone;
  packet.data = own ? ByteView(own_data_).first(own_size_) : path->data();
  if (!own && !to.native) packet.transport = transport_;
  const auto written = write(packet, scratch_);
  if (!written || written->size() > to.packet_limit) {
    ++counters_.too_long;
    return std::nullopt;
  }
  ports_[port].queue.sent(written->size(), to.bitrate, now);
  ++(item.is_response ? counters_.path_responses : counters_.announces_sent);
  return Send{port, *written};
}

Millis Relay::earliest() const {
  Millis out = Millis::never();
  for (const Port& port : ports_) {
    if (port.up) out = std::min(out, port.queue.next_deadline());
  }
  for (const Slot slot : resending_) {
    out = std::min(out, paths_.at(slot).resend_at);
  }
  return out;
}

// ---- Path requests
// -------------------------------------------------------------------------------

// DATA: destination [|| who asks] || tag. spec: L0/8.4 step 9
Relay::Outcome Relay::take_path_request(PortId from, const PacketView& view, Millis now) {
  const std::size_t size = view.data.size();
  if (size <= Address::kSize) return drop(&RelayCounters::malformed);
  const ByteView destination = view.data.first(Address::kSize);
  ByteView tag = view.data.subspan(Address::kSize);
  std::optional<Address> asker;
  if (tag.size() > Address::kSize) {
    asker = Address::from(tag);
    tag = tag.subspan(Address::kSize);
  }
  tag = tag.first(std::min(tag.size(), kMostTag));
  if (!tags_.insert(tag_id(destination, tag), now)) return drop(&RelayCounters::duplicate);
  ++counters_.path_requests;
  const Address wanted = Address::from(destination);
  if (wanted == own_) {
    queue(from, {QueuedAnnounce::kOwn, 0, 0, true, now + kGrace});
    return {};
  }
  const Path* const path = paths_.find(wanted);
  if (path == nullptr || path->size > kMostForwarded) return drop(&RelayCounters::no_path);
  // Who asks is who the path leads over: the answer would lead it in a circle.
  if (path->next_hop == asker) return drop(&RelayCounters::no_path);
  queue(from, {paths_.slot_of(*path), path->heard.count, path->hops, true, now + kGrace});
  return {};
}

MutableBytes Relay::path_request(const Address& destination, Random& random) {
  std::array<std::uint8_t, 3 * Address::kSize> data{};
  Writer w(data);
  w.put(destination);
  w.put(transport_);
  Address tag;
  random.fill(tag.mutable_view());
  w.put(tag);
  PacketView packet;
  packet.flags = PacketFlags{
      static_cast<std::uint8_t>(static_cast<std::uint8_t>(DestinationType::plain) << 2)};
  packet.destination = kPathRequests;
  packet.data = w.written();
  const auto written = write(packet, scratch_);
  Expects(written.has_value());
  return *written;
}

}  // namespace mehr::l0::rns
