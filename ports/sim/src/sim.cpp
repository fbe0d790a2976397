#include "mehr/sim/sim.h"

#include <algorithm>
#include <gsl/assert>
#include <set>
#include <utility>

#include "channel_base.h"
#include "fault_clock.h"

namespace mehr::sim {

namespace {
// Between calls of who watches: often enough to stop soon, seldom enough to cost nothing.
constexpr std::uint64_t kWatchEvery = 4096;
constexpr Duration kGoalEvery = std::chrono::milliseconds(100);
}  // namespace

/// The dear checks, once a round.
class Sim::Rounds final : public EventSink {
 public:
  explicit Rounds(Sim& sim) : sim_(sim) { event_ = sim_.queue_.after(sim_.options_.round, *this); }
  ~Rounds() override { sim_.queue_.cancel(event_); }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;
  void on_event(Instant, std::uint64_t) override {
    for (auto& invariant : sim_.invariants_) invariant->check_round(sim_);
    event_ = sim_.queue_.after(sim_.options_.round, *this);
  }

 private:
  Sim& sim_;
  EventId event_;
};

Sim::Sim(std::uint64_t seed, SimOptions options) : seed_(seed), options_(std::move(options)) {
  Expects(options_.round > Duration{0});
  rounds_ = std::make_unique<Rounds>(*this);
  faults_ = std::make_unique<FaultClock>(*this);
  if (!options_.standard_invariants) return;
  for (auto& invariant : standard_invariants(*this)) add(std::move(invariant));
}

Sim::~Sim() {
  // Nodes let go of their media, so they end before the channels; what they say then is not heard.
  for (auto& invariant : invariants_) recorder_.remove(*invariant);
  for (auto& node : nodes_) node.reset();
}

void Sim::add(std::unique_ptr<Invariant> invariant) {
  recorder_.add(*invariant, invariant->wants());
  invariants_.push_back(std::move(invariant));
}

// ---- Building
// -------------------------------------------------------------------------------------

Nodes Sim::build(const Topology& topology) {
  const auto first = static_cast<NodeIndex>(nodes_.size());
  std::vector<std::size_t> degree(topology.nodes.size());
  for (const LinkSpec& link : topology.links) {
    Expects(link.a < degree.size() && link.b < degree.size() && link.a != link.b);
    Expects(topology.media.count(link.media) == 1);
    ++degree[link.a];
    ++degree[link.b];
  }
  const auto announcers =
      static_cast<std::size_t>(std::count_if(topology.nodes.begin(), topology.nodes.end(),
                                             [](const NodeSpec& spec) { return spec.announces; }));
  std::vector<Node*> built;
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    const NodeSpec& spec = topology.nodes[i];
    Limits limits = spec.limits.value_or(options_.limits);
    // The network's shape wins: a node has room for every line that ends at it, and one to spare.
    limits.media = std::max(limits.media, degree[i] + 1);
    limits.links = std::max(limits.links, degree[i] + 1);
    if (options_.room_for_all) {
      limits.routes = std::max(limits.routes, announcers * std::max<std::size_t>(4, degree[i] + 1));
    }
    const auto index = static_cast<NodeIndex>(nodes_.size());
    nodes_.push_back(std::make_unique<Node>(*this, index, spec, limits));
    built.push_back(nodes_.back().get());
    by_id_.emplace_back(built.back()->id(), index);
    Chance chance(seed_, "boot", index);
    nodes_.back()->boot_at(later(now(), chance.between(Duration{0}, options_.boot_spread)));
  }
  std::sort(by_id_.begin(), by_id_.end());
  add_channels(topology, first);
  topology_.nodes.insert(topology_.nodes.end(), topology.nodes.begin(), topology.nodes.end());
  topology_.media.insert(topology.media.begin(), topology.media.end());
  if (topology_.name.empty()) topology_.name = topology.name;
  for (const auto& [key, members] : topology.members) {
    for (const NodeIndex member : members) topology_.members[key].push_back(first + member);
  }
  for (LinkSpec link : topology.links) {
    link.a += first;
    link.b += first;
    topology_.links.push_back(link);
  }
  return Nodes(std::move(built));
}

void Sim::add_channels(const Topology& topology, NodeIndex first) {
  for (const LinkSpec& link : topology.links) {
    const Media& media = topology.media.at(link.media);
    if (media.shared) continue;
    Channel& channel = new_channel(media);
    for (const NodeIndex end : {link.a, link.b}) {
      channel.add(*nodes_[first + end]);
      nodes_[first + end]->join(channel);
    }
    wanted_.emplace_back(first + link.a, first + link.b);
  }
  for (const auto& [key, media] : topology.media) {
    if (media.shared) add_shared(topology, key, first);
  }
}

void Sim::add_shared(const Topology& topology, const std::string& key, NodeIndex first) {
  std::set<NodeIndex> members;
  std::vector<std::pair<NodeIndex, NodeIndex>> pairs;
  for (const LinkSpec& link : topology.links) {
    if (link.media != key) continue;
    members.insert({link.a, link.b});
    pairs.emplace_back(link.a, link.b);
  }
  if (const auto more = topology.members.find(key); more != topology.members.end()) {
    members.insert(more->second.begin(), more->second.end());
  }
  if (members.empty()) return;
  Channel& channel = new_channel(topology.media.at(key));
  for (const NodeIndex member : members) {
    Expects(member < topology.nodes.size());
    channel.add(*nodes_[first + member]);
    nodes_[first + member]->join(channel);
  }
  if (pairs.empty()) {
    for (auto a = members.begin(); a != members.end(); ++a) {
      for (auto b = std::next(a); b != members.end(); ++b) {
        if (channel.in_range(first + *a, first + *b)) pairs.emplace_back(*a, *b);
      }
    }
  }
  for (const auto& [a, b] : pairs) {
    nodes_[first + a]->want_link(channel.id(), first + b);
    wanted_.emplace_back(first + a, first + b);
  }
}

Channel& Sim::new_channel(const Media& media) {
  const ChannelId id{static_cast<std::uint32_t>(channels_.size())};
  channels_.push_back(make_channel(media, id, {queue_, recorder_, barrier_, seed_}));
  return *channels_.back();
}

// ---- Time
// ----------------------------------------------------------------------------------------

void Sim::run_for(Duration span) { step_until(later(now(), span)); }

bool Sim::reaches(Duration bound, const std::function<bool()>& goal) {
  const Instant until = later(now(), bound);
  while (!stopped_) {
    if (goal()) return true;
    if (now() >= until) return false;
    step_until(std::min(until, later(now(), kGoalEvery)));
  }
  return false;
}

void Sim::step_until(Instant until) {
  while (!stopped_ && queue_.next() <= until) {
    queue_.step();
    throw_if_broken();
    if (progress_ && queue_.steps() % kWatchEvery == 0 && !progress_()) stopped_ = true;
  }
  if (!stopped_) queue_.advance(until);
}

void Sim::throw_if_broken() {
  for (const auto& invariant : invariants_) {
    if (!invariant->broken()) continue;
    Violation violation;
    violation.invariant = invariant->name();
    violation.text = invariant->broken()->text;
    violation.seed = seed_;
    violation.at = now();
    violation.node = invariant->broken()->node;
    if (violation.node < nodes_.size()) violation.node_name = nodes_[violation.node]->name();
    violation.last = recorder_.last(20, violation.node);
    if (violation.last.empty()) violation.last = recorder_.last(20);
    throw violation;
  }
}

// ---- Looking
// -------------------------------------------------------------------------------------

NodeIndex Sim::find(const NodeId& id) const {
  const auto it = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{id, NodeIndex{0}});
  return it != by_id_.end() && it->first == id ? it->second : kNoNode;
}

NodeIndex Sim::find(std::string_view name) const {
  for (const auto& node : nodes_) {
    if (node->name() == name) return node->index();
  }
  return kNoNode;
}

std::vector<const Channel*> Sim::joints(NodeIndex a, NodeIndex b) const {
  std::vector<const Channel*> out;
  for (const Channel* channel : nodes_[a]->channels()) {
    const auto others = nodes_[b]->channels();
    const bool both = std::find(others.begin(), others.end(), channel) != others.end();
    if (both && channel->in_range(a, b)) out.push_back(channel);
  }
  return out;
}

std::optional<LinkTruth> Sim::truth(NodeIndex a, NodeIndex b) const {
  std::optional<LinkTruth> best;
  for (const Channel* channel : joints(a, b)) {
    const Media& media = channel->media();
    const LinkTruth truth{media.mtu, media.rate, media.delay, media.half_duplex};
    if (!best || best->rate < truth.rate) best = truth;
  }
  return best;
}

Duration LinkTruth::round_trip(std::size_t size) const {
  constexpr std::uint64_t kNanosOfByte = 8'000'000'000;
  const std::uint64_t sending = (size + kLinkOverhead) * kNanosOfByte / rate.count;
  return (one_way + Duration{static_cast<std::int64_t>(sending)}) * 2;
}

std::vector<NodeIndex> Sim::way(NodeIndex from, NodeIndex to) const {
  std::vector<NodeIndex> out{from};
  while (out.back() != to && out.size() <= nodes_.size()) {
    const auto hop = nodes_[out.back()]->next_hop(nodes_[to]->id());
    const NodeIndex next = hop ? find(*hop) : kNoNode;
    if (next == kNoNode) break;
    out.push_back(next);
  }
  return out;
}

bool Sim::counts(NodeIndex node) const {
  return nodes_[node]->is_honest() && (nodes_[node]->is_up() || nodes_[node]->is_unborn());
}

bool Sim::is_linked() const {
  for (std::size_t tried = 0; tried < wanted_.size(); ++tried) {
    const auto& [a, b] = wanted_[linked_cursor_ % wanted_.size()];
    if (counts(a) && counts(b) &&
        (!nodes_[a]->is_linked(nodes_[b]->id()) || !nodes_[b]->is_linked(nodes_[a]->id()))) {
      return false;
    }
    ++linked_cursor_;
  }
  return true;
}

std::vector<NodeIndex> Sim::announcers_or_all(std::span<const NodeIndex> some) const {
  std::vector<NodeIndex> out(some.begin(), some.end());
  if (out.empty()) {
    for (const auto& node : nodes_) {
      if (node->spec().announces) out.push_back(node->index());
    }
  }
  std::erase_if(out, [&](NodeIndex i) { return !counts(i); });
  return out;
}

bool Sim::is_converged(std::span<const NodeIndex> announcers) const {
  const auto to = announcers_or_all(announcers);
  auto& [node, place] = converged_cursor_;
  for (std::size_t tried = 0; tried < nodes_.size() * to.size(); ++tried) {
    if (node >= nodes_.size()) node = 0;
    if (place >= to.size()) place = 0;
    if (counts(node) && !nodes_[node]->knows(nodes_[to[place]]->id())) return false;
    if (++place < to.size()) continue;
    place = 0;
    ++node;
  }
  return true;
}

std::optional<std::string> Sim::check_routes(std::span<const NodeIndex> announcers) const {
  std::vector<std::uint32_t> good(nodes_.size());  // leads to the destination of this turn
  std::uint32_t turn = 0;
  std::vector<NodeIndex> walked;
  for (const NodeIndex to : announcers_or_all(announcers)) {
    good[to] = ++turn;
    for (NodeIndex from = 0; from < nodes_.size(); ++from) {
      if (!counts(from)) continue;
      walked.clear();
      for (NodeIndex at = from; good[at] != turn;) {
        const auto hop = nodes_[at]->next_hop(nodes_[to]->id());
        const NodeIndex next = hop ? find(*hop) : kNoNode;
        walked.push_back(at);
        const std::string way = "from " + nodes_[from]->name() + " to " + nodes_[to]->name();
        if (next == kNoNode) return way + ": " + nodes_[at]->name() + " knows no next hop";
        if (!nodes_[next]->is_up()) return way + ": " + nodes_[next]->name() + " is down";
        if (walked.size() > nodes_.size()) return way + ": the next hops go round in a circle";
        at = next;
      }
      for (const NodeIndex node : walked) good[node] = turn;
    }
  }
  return std::nullopt;
}

bool Sim::is_done() const {
  for (const auto& node : nodes_) {
    for (const auto& program : node->programs()) {
      if (!program->is_done()) return false;
    }
  }
  return true;
}

}  // namespace mehr::sim
