#include "mehr/sim/tap.h"

#include <algorithm>
#include <utility>

#include "mehr/sim/memory.h"

namespace mehr::sim {

namespace {

constexpr std::uint64_t kPeriod = ~std::uint64_t{0};  // other tags are places of delayed packets

std::string_view text_of(l0::CloseReason reason) {
  using l0::CloseReason;
  switch (reason) {
    case CloseReason::shutdown:
      return "shutdown";
    case CloseReason::version:
      return "version";
    case CloseReason::mtu:
      return "mtu";
    case CloseReason::duplicate:
      return "duplicate";
    case CloseReason::rekey_failed:
      return "rekey failed";
    case CloseReason::policy:
      return "policy";
    case CloseReason::idle:
      return "idle";
    case CloseReason::medium_lost:
      return "medium lost";
    case CloseReason::timeout:
      return "timeout";
    case CloseReason::rejected:
      return "rejected";
  }
  return "unknown";
}

std::uint64_t count_of(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

}  // namespace

Verdict Behaviour::outgoing(Tap&, l0::LinkId, Bytes&) { return {}; }
Verdict Behaviour::incoming(Tap&, l0::LinkId, Bytes&) { return {}; }
bool Behaviour::outgoing_control(Tap&, l0::LinkId, Bytes&) { return true; }
bool Behaviour::incoming_control(Tap&, l0::LinkId, Bytes&) { return true; }
void Behaviour::on_period(Tap&) {}

// Each boot makes a tap of its own, so the moment is part of its stream's name.
Tap::Tap(l0::LinkLayer& below, TapConfig config)
    : below_(below),
      config_(std::move(config)),
      chance_(config_.seed, "tap", config_.node, count_of(config_.queue.now())) {
  below_.set_listener(this);
}

Tap::~Tap() {
  set_behaviour(nullptr);
  below_.set_listener(nullptr);
}

void Tap::set_behaviour(Behaviour* behaviour) {
  config_.queue.cancel(period_);
  for (std::size_t i = 0; i < delayed_.size(); ++i) drop_delayed(i);
  behaviour_ = behaviour;
  if (behaviour_ != nullptr && behaviour_->period() > Duration{0}) {
    period_ = config_.queue.after(behaviour_->period(), *this, kPeriod);
  }
}

// ---- Reporting
// -----------------------------------------------------------------------------------

NodeIndex Tap::peer_on(l0::LinkId link) const {
  const auto at = std::lower_bound(links_.begin(), links_.end(), link,
                                   [](const Neighbour& n, l0::LinkId id) { return n.link < id; });
  return at != links_.end() && at->link == link ? at->peer : kNoNode;
}

void Tap::record(What what, l0::LinkId link, ByteView bytes) {
  config_.recorder.record({now(), what, config_.node, peer_on(link), {}, bytes, {}});
}

Status Tap::pass_out(l0::LinkId link, ByteView packet, l0::Padding padding) {
  const Status queued = below_.send_packet(link, packet, padding);
  if (queued) record(What::packet_out, link, packet);
  return queued;
}

Status Tap::pass_control(l0::LinkId link, ByteView message) {
  const Status queued = below_.send_control(link, message);
  if (queued) record(What::control_out, link, message);
  return queued;
}

// ---- Delays
// --------------------------------------------------------------------------------------

void Tap::delay(Way way, l0::LinkId link, Bytes packet, l0::Padding padding, Duration span) {
  const AccountScope world;
  if (free_.empty()) {
    if (delayed_.size() == kMostDelayed) return;
    free_.push_back(delayed_.size());
    delayed_.emplace_back();
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  const EventId event = config_.queue.after(span, *this, place);
  delayed_[place] = Delayed{way, link, padding, std::move(packet), event};
}

void Tap::drop_delayed(std::size_t place) {
  if (!config_.queue.is_pending(delayed_[place].event)) return;
  config_.queue.cancel(delayed_[place].event);
  delayed_[place] = Delayed{};
  free_.push_back(place);
}

void Tap::on_event(Instant, std::uint64_t tag) {
  if (!config_.enter) return run(tag);
  config_.enter([this, tag] { run(tag); });
}

void Tap::run(std::uint64_t tag) {
  if (tag == kPeriod) {
    period_ = config_.queue.after(behaviour_->period(), *this, kPeriod);
    const AccountScope world;
    return behaviour_->on_period(*this);
  }
  Delayed due = std::exchange(delayed_[tag], Delayed{});
  free_.push_back(tag);
  if (due.way == Way::in) {
    if (above_ != nullptr) above_->on_packet(due.link, due.packet);
  } else {
    // L1 was told that it left: what does not fit now is lost, as on the way.
    static_cast<void>(pass_out(due.link, due.packet, due.padding));
  }
}

void Tap::inject_out(l0::LinkId link, ByteView packet) {
  static_cast<void>(pass_out(link, packet, l0::Padding::by_class));
}

void Tap::inject_control(l0::LinkId link, ByteView message) {
  static_cast<void>(pass_control(link, message));
}

void Tap::inject_in(l0::LinkId link, Bytes packet) {
  delay(Way::in, link, std::move(packet), l0::Padding::by_class, Duration{0});
}

// ---- Downward
// ------------------------------------------------------------------------------------

Status Tap::send_packet(l0::LinkId link, ByteView packet, l0::Padding padding) {
  if (behaviour_ == nullptr) return pass_out(link, packet, padding);
  const AccountScope world;  // a liar's means are not its stack's
  Bytes bent(packet.begin(), packet.end());
  const Verdict verdict = behaviour_->outgoing(*this, link, bent);
  if (!verdict.pass) return {};
  if (verdict.delay <= Duration{0}) return pass_out(link, bent, padding);
  delay(Way::out, link, std::move(bent), padding, verdict.delay);
  return {};
}

Status Tap::send_control(l0::LinkId link, ByteView message) {
  if (behaviour_ == nullptr) return pass_control(link, message);
  const AccountScope world;
  Bytes bent(message.begin(), message.end());
  if (!behaviour_->outgoing_control(*this, link, bent)) return {};
  return pass_control(link, bent);
}

void Tap::signal_too_big(l0::LinkId upstream, const NodeId& destination, Mtu egress_mtu) {
  below_.signal_too_big(upstream, destination, egress_mtu);
}

void Tap::report_malformed(l0::LinkId link) { below_.report_malformed(link); }

void Tap::close(l0::LinkId link, l0::CloseReason reason) { below_.close(link, reason); }

Status Tap::send_clear(l0::MediumHandle medium, ByteView packet) {
  return below_.send_clear(medium, packet);
}

Status Tap::send_foreign(const NodeId& node, ByteView packet) {
  return below_.send_foreign(node, packet);
}

void Tap::set_foreign_extension(ByteView extension) { below_.set_foreign_extension(extension); }

// ---- Upward
// --------------------------------------------------------------------------------------

void Tap::on_link_up(const l0::LinkInfo& link) {
  const Neighbour neighbour{link.id, config_.find ? config_.find(link.peer) : kNoNode, link.peer};
  const auto at = std::lower_bound(links_.begin(), links_.end(), link.id,
                                   [](const Neighbour& n, l0::LinkId id) { return n.link < id; });
  {
    const AccountScope world;
    links_.insert(at, neighbour);
  }
  record(What::link_up, link.id, {});
  if (above_ != nullptr) above_->on_link_up(link);
}

void Tap::on_link_down(l0::LinkId link, l0::CloseReason reason) {
  config_.recorder.record(
      {now(), What::link_down, config_.node, peer_on(link), {}, {}, text_of(reason)});
  std::erase_if(links_, [&](const Neighbour& n) { return n.link == link; });
  for (std::size_t i = 0; i < delayed_.size(); ++i) {
    if (delayed_[i].link == link) drop_delayed(i);
  }
  if (above_ != nullptr) above_->on_link_down(link, reason);
}

void Tap::on_packet(l0::LinkId from, MutableBytes packet) {
  record(What::packet_in, from, packet);
  if (above_ == nullptr) return;
  if (behaviour_ == nullptr) return above_->on_packet(from, packet);
  Bytes bent;
  Verdict verdict;
  {
    const AccountScope world;
    bent.assign(packet.begin(), packet.end());
    verdict = behaviour_->incoming(*this, from, bent);
  }
  if (!verdict.pass) return;
  if (verdict.delay <= Duration{0}) return above_->on_packet(from, bent);
  delay(Way::in, from, std::move(bent), l0::Padding::by_class, verdict.delay);
}

void Tap::on_control(l0::LinkId from, ByteView message) {
  record(What::control_in, from, message);
  if (above_ == nullptr) return;
  if (behaviour_ == nullptr) return above_->on_control(from, message);
  Bytes bent;
  bool pass = true;
  {
    const AccountScope world;
    bent.assign(message.begin(), message.end());
    pass = behaviour_->incoming_control(*this, from, bent);
  }
  if (pass) above_->on_control(from, bent);
}

void Tap::on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) {
  if (above_ != nullptr) above_->on_packet_too_big(from, destination, mtu);
}

void Tap::on_link_writable(l0::LinkId link) {
  if (above_ != nullptr) above_->on_link_writable(link);
}

void Tap::on_round_trip(l0::LinkId link, Millis rtt) {
  if (above_ != nullptr) above_->on_round_trip(link, rtt);
}

void Tap::on_clear_medium_up(l0::MediumHandle medium, const MediumInfo& info) {
  if (above_ != nullptr) above_->on_clear_medium_up(medium, info);
}

void Tap::on_clear_medium_down(l0::MediumHandle medium) {
  if (above_ != nullptr) above_->on_clear_medium_down(medium);
}

void Tap::on_clear_packet(l0::MediumHandle from, MutableBytes packet) {
  if (above_ != nullptr) above_->on_clear_packet(from, packet);
}

void Tap::on_clear_writable(l0::MediumHandle medium) {
  if (above_ != nullptr) above_->on_clear_writable(medium);
}

void Tap::on_foreign_node(const l0::ForeignNode& node) {
  if (above_ != nullptr) above_->on_foreign_node(node);
}

void Tap::on_foreign_lost(const NodeId& node) {
  if (above_ != nullptr) above_->on_foreign_lost(node);
}

void Tap::on_foreign_packet(MutableBytes packet) {
  if (above_ != nullptr) above_->on_foreign_packet(packet);
}

void Tap::on_foreign_writable() {
  if (above_ != nullptr) above_->on_foreign_writable();
}

void Tap::on_neighbour_frame(const l0::NeighbourFrame& frame) {
  if (above_ != nullptr) above_->on_neighbour_frame(frame);
}

}  // namespace mehr::sim
