#include "mehr/sim/node.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/sim/sim.h"

namespace mehr::sim {

namespace {

enum Tag : std::uint64_t { kTimer, kDrain, kBoot, kSaveClock, kRetry };  // kRetry + wanted's place

constexpr std::string_view kClockKey = "node/clock";
constexpr Duration kSaveClockEvery = std::chrono::seconds(10);  // as ports/linux does
constexpr Duration kFirstRetry = std::chrono::seconds(5);
constexpr Duration kLastRetry = std::chrono::seconds(300);
constexpr std::size_t kMostWaiting = 4096;

crypto::Seed identity_seed(std::uint64_t seed, NodeIndex index) {
  crypto::Seed out;
  Chance(seed, "identity", index).fill(out.expose_mutable());
  return out;
}

}  // namespace

l0::Identity identity_of(std::uint64_t seed, NodeIndex index) {
  return l0::Identity::from_seed(identity_seed(seed, index));
}

class Node::LinkWatch final : public l0::LinkObserver {
 public:
  explicit LinkWatch(Node& node) : node_(node) {}
  void on_link_up(const l0::LinkInfo& link, const Medium& medium) override {
    node_.link_up(link, medium);
  }
  void on_link_down(const l0::LinkInfo& link, l0::CloseReason) override { node_.link_down(link); }
  void on_refused(const MediumInfo&, const SourceKey&, const Error&) override {}

 private:
  Node& node_;
};

Node::Entered::Entered(Node& node) : node_(node), account_(node.memory_), hazards_(node.hazards_) {
  ++node_.depth_;
}

Node::Entered::~Entered() {
  if (--node_.depth_ != 0) return;
  const Duration delay = node_.disk_.take_delay();
  if (delay > Duration{0}) {
    node_.busy_until_ = later(std::max(node_.busy_until_, node_.sim_.now()), delay);
  }
  node_.arm();
}

Node::Node(Sim& sim, NodeIndex index, const NodeSpec& spec, const Limits& limits)
    : sim_(sim),
      index_(index),
      spec_(spec),
      limits_(limits),
      identity_(identity_of(sim.seed(), index)),
      random_(sim.seed(), "node", index),
      chance_(sim.seed(), "node/world", index),
      disk_(sim.seed(), index),
      hazards_(Chance(sim.seed(), "hazards", index).next(), sim.options().hazards,
               sim.options().plants) {}

Node::~Node() {
  if (stack_) tear_down();
  for (EventId* event : {&timer_, &drain_, &boot_, &clock_save_}) sim_.queue().cancel(*event);
  for (Wanted& wanted : wanted_) sim_.queue().cancel(wanted.retry);
}

// While everything that the stack lets go of is still there.
void Node::tear_down() {
  enter([&] {
    for (auto& program : programs_) program->stop(*this);
    tap_ = nullptr;
    segments_.clear();
    stack_.reset();
    link_watch_.reset();
    storage_.reset();
  });
}

stack::Node& Node::stack() {
  Expects(stack_ != nullptr);
  return *stack_;
}

void Node::install(std::unique_ptr<Program> program) {
  programs_.push_back(std::move(program));
  if (stack_) enter([&] { programs_.back()->start(*this); });
}

void Node::behave(std::unique_ptr<Behaviour> behaviour) {
  Expects(sim_.options().taps || behaviour == nullptr);
  if (tap_ != nullptr) tap_->set_behaviour(behaviour.get());
  behaviour_ = std::move(behaviour);
}

// ---- Life
// ----------------------------------------------------------------------------------------

void Node::boot_at(Instant when) { boot_ = sim_.queue().at(when, *this, kBoot); }

void Node::boot() {
  sim_.queue().cancel(boot_);
  if (stack_) return;
  unborn_ = false;
  booted_at_ = sim_.now();
  busy_until_ = booted_at_;
  record(What::booted);
  enter([&] {
    build_stack();
    for (auto& program : programs_) {
      const AccountScope account(program_memory_);
      program->start(*this);
    }
  });
  for (Channel* channel : channels_) channel->node_up(index_);
}

void Node::build_stack() {
  storage_ = std::make_unique<DiskStorage>(disk_);
  load_clock();
  link_watch_ = std::make_unique<LinkWatch>(*this);
  stack::NodeConfig config;
  config.limits = limits_;
  config.announces = spec_.announces;
  config.policy = &prices_;
  if (sim_.options().taps) {
    config.between = [this](l0::LinkLayer& below) -> std::unique_ptr<l0::LinkLayer> {
      auto tap = std::make_unique<Tap>(
          below, TapConfig{index_, sim_.recorder(), sim_.queue(), sim_.seed(),
                           [this](const NodeId& id) { return sim_.find(id); }, id(),
                           [this](const std::function<void()>& what) { enter(what); }});
      tap_ = tap.get();
      return tap;
    };
  }
  stack_ = std::make_unique<stack::Node>(config, identity_,
                                         stack::World{*this, *this, random_, storage_.get()});
  if (tap_ != nullptr) tap_->set_behaviour(behaviour_.get());
  stack_->links().set_observer(link_watch_.get());
  stack_->network().on_route([this](const l1::RouteEvent& event) { record_route(event); });
  hand_observers();
}

void Node::observe(NodeObservers observers) {
  observers_ = std::move(observers);
  if (stack_) enter([&] { hand_observers(); });
}

// Copies: an observer may ask for another one.
void Node::hand_observers() {
  const AccountScope world;
  l1::Network& network = stack_->network();
  network.on_probe(observers_.probe);
  network.on_reservation(observers_.reservation);
  network.on_violation(observers_.violation);
}

void Node::crash() {
  sim_.queue().cancel(boot_);
  if (!stack_) return;
  for (EventId* event : {&timer_, &drain_, &clock_save_}) sim_.queue().cancel(*event);
  tear_down();
  for (Channel* channel : channels_) channel->node_down(index_);
  wakes_.clear();
  waiting_.clear();
  links_up_.clear();
  for (Wanted& wanted : wanted_) {
    sim_.queue().cancel(wanted.retry);
    wanted.medium = nullptr;
  }
  sim_.queue().cancel(timer_);
  armed_at_ = kNever;
  paused_ = false;
  disk_.crash();
  record(What::crashed);
}

void Node::pause() {
  if (!stack_ || paused_) return;
  paused_ = true;
  record(What::paused);
  arm();
}

void Node::resume() {
  if (!paused_) return;
  paused_ = false;
  record(What::resumed);
  sim_.queue().cancel(drain_);
  drain_ = sim_.queue().after(Duration{0}, *this, kDrain);
  arm();
}

// ---- Clocks and timers
// ---------------------------------------------------------------------------

void Node::load_clock() {
  std::uint64_t stored = 0;
  if (const auto bytes = storage_->get(kClockKey)) Reader(*bytes).get(stored);
  const std::uint64_t since = to_millis(sim_.now().time_since_epoch()).count;
  const std::int64_t wall =
      static_cast<std::int64_t>(sim_.options().wall_clock_ms + since) + clock_offset_ms_;
  node_base_ =
      NodeTime{std::max(stored, static_cast<std::uint64_t>(std::max<std::int64_t>(wall, 0)))};
  save_clock();
}

void Node::save_clock() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  Writer(bytes).put(node_time().millis);
  const std::array<Storage::Put, 1> batch{{{kClockKey, bytes}}};
  static_cast<void>(storage_->put(batch));  // a disk that fails leaves the older time, as it may
  clock_save_ = sim_.queue().after(kSaveClockEvery, *this, kSaveClock);
}

void Node::jump_clock(std::int64_t milliseconds) { clock_offset_ms_ += milliseconds; }

Millis Node::now() {
  const std::int64_t elapsed = (sim_.now() - booted_at_).count();
  const auto ppb = static_cast<std::int64_t>(spec_.skew_ppm * 1000);
  constexpr std::int64_t kBillion = 1'000'000'000;
  const std::int64_t gained = elapsed / kBillion * ppb + elapsed % kBillion * ppb / kBillion;
  return to_millis(Duration{elapsed + gained});
}

NodeTime Node::node_time() { return NodeTime{node_base_.millis + now().count}; }

// The first moment at which this node's clock reads @p local or more.
Instant Node::real_time_of(Millis local) const {
  const Duration wanted = to_duration(local);
  if (wanted > std::chrono::hours(24 * 365 * 100)) return kNever;
  const auto ppb = static_cast<std::int64_t>(spec_.skew_ppm * 1000);
  constexpr std::int64_t kBillion = 1'000'000'000;
  if (ppb == 0) return later(booted_at_, wanted);
  const std::int64_t rate = kBillion + ppb;
  const std::int64_t whole = wanted.count() / rate;
  const std::int64_t part = wanted.count() % rate * (kBillion / 1000) / rate * 1000;
  std::int64_t elapsed = whole * kBillion + part;
  const auto reads = [&](std::int64_t e) {
    return e + e / kBillion * ppb + e % kBillion * ppb / kBillion;
  };
  while (reads(elapsed) < wanted.count()) elapsed += 500;
  return later(booted_at_, Duration{elapsed});
}

void Node::wake_at(Wakeable& who, Millis at) {
  const auto it = std::find_if(wakes_.begin(), wakes_.end(),
                               [&](const Wake& wake) { return wake.who == &who; });
  if (at == Millis::never()) {
    if (it != wakes_.end()) wakes_.erase(it);
  } else if (it != wakes_.end()) {
    it->at = at;
  } else {
    wakes_.push_back({&who, at});
  }
  if (depth_ == 0) arm();
}

bool Node::stands_still() const { return paused_ || busy_until_ > sim_.now(); }

void Node::arm() {
  Millis first = Millis::never();
  for (const Wake& wake : wakes_) first = std::min(first, wake.at);
  Instant at = kNever;
  if (stack_ && !paused_ && first != Millis::never()) {
    at = std::max({real_time_of(first), busy_until_, sim_.now()});
  }
  if (at == armed_at_ && (at == kNever || sim_.queue().is_pending(timer_))) return;
  sim_.queue().cancel(timer_);
  armed_at_ = at;
  if (at != kNever) timer_ = sim_.queue().at(at, *this, kTimer);
}

void Node::run_wakes() {
  armed_at_ = kNever;
  const Millis now = this->now();
  enter([&] {
    // Each that is due once: who asks again for this very moment is called by the next event.
    for (std::size_t due = wakes_.size(); due-- > 0;) {
      const auto next = std::min_element(wakes_.begin(), wakes_.end(),
                                         [](const Wake& a, const Wake& b) { return a.at < b.at; });
      if (next == wakes_.end() || next->at > now) break;
      Wakeable* who = next->who;
      wakes_.erase(next);
      who->on_wake(now);
    }
  });
}

void Node::on_event(Instant, std::uint64_t tag) {
  switch (tag) {
    case kTimer:
      run_wakes();
      break;
    case kDrain:
      drain();
      break;
    case kBoot:
      boot();
      break;
    case kSaveClock:
      if (stands_still()) {
        clock_save_ = sim_.queue().after(kSaveClockEvery, *this, kSaveClock);
      } else {
        enter([&] { save_clock(); });
      }
      break;
    default:
      ask_for_link(wanted_[tag - kRetry]);
  }
}

// ---- Media
// ---------------------------------------------------------------------------------------

Position Node::position() const { return position_on(spec_.at, spec_.path, sim_.now()); }

void Node::opened(Medium& medium, ChannelId channel, NodeIndex peer, bool dialled) {
  Waiting item;
  item.kind = Waiting::Kind::opened;
  item.medium = &medium;
  item.channel = channel;
  item.peer = peer;
  item.dialled = dialled;
  take(item);
}

void Node::arrived(Medium& medium, ChannelId channel, const FrameInfo& info, Bytes frame) {
  Waiting item;
  item.medium = &medium;
  item.channel = channel;
  item.info = info;
  item.frame = std::move(frame);
  take(item);
}

void Node::writable(Medium& medium) {
  Waiting item;
  item.kind = Waiting::Kind::writable;
  item.medium = &medium;
  take(item);
}

// A connection that ended while the process stood still is let go of at once: its Medium dies.
void Node::closed(Medium& medium) {
  std::erase_if(waiting_, [&](const Waiting& item) { return item.medium == &medium; });
  for (Wanted& wanted : wanted_) {
    if (wanted.medium == &medium) wanted.medium = nullptr;
  }
  std::erase_if(segments_, [&](const auto& segment) { return segment.second == &medium; });
  if (stack_) enter([&] { stack_->links().on_closed(medium); });
}

void Node::take(Waiting& item) {
  if (!stack_) return;
  // Whoever comes while others wait, waits behind them.
  if (stands_still() || !waiting_.empty()) {
    if (waiting_.size() >= kMostWaiting && item.kind == Waiting::Kind::arrived) {
      record(What::frame_lost, kNoNode, item.frame, "the paused node's buffers are full");
      return;
    }
    waiting_.push_back(std::move(item));
    if (!paused_ && !sim_.queue().is_pending(drain_)) {
      drain_ = sim_.queue().at(busy_until_, *this, kDrain);
    }
    return;
  }
  deliver(item);
}

void Node::deliver(Waiting& item) {
  enter([&] {
    switch (item.kind) {
      case Waiting::Kind::arrived:
        stack_->links().on_frame(*item.medium, item.info, item.frame);
        break;
      case Waiting::Kind::writable:
        stack_->links().on_writable(*item.medium);
        break;
      case Waiting::Kind::opened:
        if (!stack_->links().attach(*item.medium)) {
          note("a medium was refused: Limits::media");
        } else if (item.dialled) {
          const NodeId expected = sim_.node(item.peer).id();
          static_cast<void>(stack_->links().establish(*item.medium, Remote{}, expected));
        }
    }
  });
  if (item.kind != Waiting::Kind::opened || item.medium->info().stream) return;
  segments_.emplace_back(item.channel, item.medium);
  // Nobody redials a datagram medium: the node asks again by itself.
  if (item.dialled && std::none_of(wanted_.begin(), wanted_.end(), [&](const Wanted& w) {
        return w.channel == item.channel && w.peer == item.peer;
      })) {
    want_link(item.channel, item.peer);
  }
  for (Wanted& wanted : wanted_) {
    if (wanted.channel != item.channel) continue;
    wanted.medium = item.medium;
    wanted.backoff = kFirstRetry;
    if (item.dialled) {
      retry_later(wanted);
    } else {
      ask_for_link(wanted);
    }
  }
}

void Node::drain() {
  while (!waiting_.empty() && !stands_still()) {
    Waiting item = std::move(waiting_.front());
    waiting_.pop_front();
    deliver(item);
  }
  if (!waiting_.empty() && !paused_ && !sim_.queue().is_pending(drain_)) {
    drain_ = sim_.queue().at(busy_until_, *this, kDrain);
  }
}

// ---- Links
// ---------------------------------------------------------------------------------------

void Node::want_link(ChannelId channel, NodeIndex peer) {
  Wanted wanted;
  wanted.channel = channel;
  wanted.peer = peer;
  wanted_.push_back(wanted);
}

bool Node::dial(NodeIndex peer) {
  if (!stack_ || stands_still()) return false;
  for (const Channel* channel : sim_.joints(index_, peer)) {
    const auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const auto& open) {
      return open.first == channel->id();
    });
    if (segment == segments_.end()) continue;
    const Remote remote = channel->address_of(peer);
    return enter([&] {
      return stack_->links().establish(*segment->second, remote, sim_.node(peer).id()).has_value();
    });
  }
  return false;
}

void Node::ask_for_link(Wanted& wanted) {
  if (!stack_ || wanted.medium == nullptr) return;
  if (is_linked(sim_.node(wanted.peer).id())) return;  // the end of that link asks again
  if (!stands_still()) {
    const auto channel = std::find_if(channels_.begin(), channels_.end(),
                                      [&](const Channel* c) { return c->id() == wanted.channel; });
    Expects(channel != channels_.end());
    const Remote remote = (*channel)->address_of(wanted.peer);
    enter([&] {
      static_cast<void>(
          stack_->links().establish(*wanted.medium, remote, sim_.node(wanted.peer).id()));
    });
  }
  retry_later(wanted);
}

void Node::retry_later(Wanted& wanted) {
  // An attempt lasts up to three handshake steps of max(6 s, 4 airtimes of a full frame).
  const MediumInfo& info = wanted.medium->info();
  const Duration step = std::max<Duration>(std::chrono::seconds(6),
                                           to_duration(info.bandwidth.airtime(info.mtu.bytes) * 4));
  const Duration wait = std::max(wanted.backoff, step * 3) + chance_.between(Duration{0}, step / 4);
  wanted.backoff = std::min(wanted.backoff * 2, kLastRetry);
  sim_.queue().cancel(wanted.retry);
  const auto place = static_cast<std::uint64_t>(&wanted - wanted_.data());
  wanted.retry = sim_.queue().after(wait, *this, kRetry + place);
}

void Node::link_up(const l0::LinkInfo& link, const Medium& medium) {
  links_up_.push_back({link.id, link.peer, &medium});
  for (Wanted& wanted : wanted_) {
    if (sim_.node(wanted.peer).id() != link.peer) continue;
    wanted.backoff = kFirstRetry;
    sim_.queue().cancel(wanted.retry);
  }
  if (!sim_.options().taps) record(What::link_up, sim_.find(link.peer));
}

void Node::link_down(const l0::LinkInfo& link) {
  std::erase_if(links_up_, [&](const LinkUp& up) { return up.id == link.id; });
  for (Wanted& wanted : wanted_) {
    if (wanted.medium != nullptr && sim_.node(wanted.peer).id() == link.peer) retry_later(wanted);
  }
  if (!sim_.options().taps) record(What::link_down, sim_.find(link.peer));
}

bool Node::is_linked(const NodeId& peer) const {
  return std::any_of(links_up_.begin(), links_up_.end(),
                     [&](const LinkUp& up) { return up.peer == peer; });
}

// ---- Asked from outside
// --------------------------------------------------------------------------

void Node::announce() {
  if (!stack_) return;
  record(What::announced);
  enter([&] { stack_->network().announce_now(); });
}

bool Node::knows(const NodeId& other) const { return other == id() || next_hop(other).has_value(); }

std::optional<NodeId> Node::next_hop(const NodeId& other) const {
  return stack_ ? stack_->network().next_hop(other) : std::nullopt;
}

void Node::record_route(const l1::RouteEvent& event) {
  using Kind = l1::RouteEvent::Kind;
  const What what = event.kind == Kind::appeared  ? What::route_appeared
                    : event.kind == Kind::changed ? What::route_changed
                                                  : What::route_lost;
  record(what, sim_.find(event.destination), event.destination.view());
}

void Node::sent(NodeIndex to, ByteView tag) { record(What::message_sent, to, tag); }
void Node::delivered(NodeIndex from, ByteView tag) { record(What::message_delivered, from, tag); }
void Node::note(std::string_view text) { record(What::note, kNoNode, {}, text); }

void Node::record(What what, NodeIndex peer, ByteView bytes, std::string_view text) {
  sim_.recorder().record({sim_.now(), what, index_, peer, {}, bytes, text});
}

}  // namespace mehr::sim
