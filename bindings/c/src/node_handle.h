// What stands behind a mehr_node: the caller's world, L0's links over it, L1's network over those,
// and L2's sealed door when it was opened.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mehr/core/limits.h"
#include "mehr/l0/links.h"
#include "mehr/l1/network.h"
#include "mehr/l2/sealed_messenger.h"
#include "node_world.h"

namespace mehr::capi {

/// Tells the caller's one handler of events.
class NodeEvents final : public l0::LinkObserver {
 public:
  explicit NodeEvents(mehr_node& node) : node_(node) {}
  void set(mehr_node_event_fn handler, void* user) {
    handler_ = handler;
    user_ = user;
  }
  void watch(l1::Network& network);
  /// The same of a door, which has a queue of its own; it tells of the network's, too.
  void watch(l2::SealedMessenger& door);

  void on_link_up(const l0::LinkInfo& link, const Medium& medium) override;
  void on_link_down(const l0::LinkInfo& link, l0::CloseReason reason) override;
  void on_refused(const MediumInfo& medium, const SourceKey& source, const Error& why) override;
  void on_malformed(const l0::LinkInfo& link, std::uint64_t count) override;

 private:
  void on_route(const l1::RouteEvent& route);
  void on_probe(const l1::ProbeEvent& probe);
  void on_violation(const PathConstraintViolation& violation);
  void on_reservation(const l1::ReservationNews& news);
  void tell(const mehr_node_event& event);

  mehr_node& node_;
  mehr_node_event_fn handler_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace mehr::capi

struct mehr_node {
  mehr_node(std::shared_ptr<const mehr::Signer> own, const mehr_random& source);
  ~mehr_node();
  mehr_node(const mehr_node&) = delete;
  mehr_node& operator=(const mehr_node&) = delete;

  /// Makes the layers; the entropy and the clock must stand.
  void build(const mehr_node_opts& opts);
  [[nodiscard]] mehr::capi::NodeMedium* medium(std::uint32_t id) const;
  /// The medium of link @p id; 0 when it is not up.
  [[nodiscard]] std::uint32_t medium_of(mehr::l0::LinkId id) const;

  std::shared_ptr<const mehr::Signer> identity;
  mehr::capi::ExpandedRandom random;
  mehr::capi::NodeClock clock;
  mutable mehr::capi::Passage passage;  // of calls that only read, too
  mehr::capi::NodeEvents events;
  std::vector<std::uint8_t> scratch;  // the frame that came in
  std::optional<mehr::capi::NodeStorage> storage;
  // By place: a medium's id tells its place, and how many were there before it.
  std::vector<std::unique_ptr<mehr::capi::NodeMedium>> media;
  std::uint32_t attached = 0;  // so often, until now
  // Links that are up, and the medium of each; room for all is made at the start.
  std::vector<std::pair<mehr::l0::LinkId, std::uint32_t>> link_media;
  std::optional<mehr::l0::Links> links;
  mehr::Limits limits;
  std::optional<mehr::l1::Network> network;       // refers to all above
  std::optional<mehr::l2::SealedMessenger> door;  // none: contexts are the caller's own
};

namespace mehr::capi {

/// What a call may be made from, and whether it brings fresh entropy.
enum class Entry : std::uint8_t {
  fresh,      ///< as outermost, and entropy is mixed in first
  outermost,  ///< not from within any callback
  nested,     ///< from callbacks of messages, events and visitors too
};

/// Runs @p body as a call on the node; the outermost one answers for callbacks that threw.
template <class Body>
mehr_status within(Passage& passage, Body&& body) noexcept {
  const bool first = passage.depth++ == 0;
  const mehr_status status = guard(body);
  --passage.depth;
  const mehr_status thrown = first ? std::exchange(passage.thrown, 0) : 0;
  return thrown < 0 && status == 0 ? thrown : status;
}

/// Runs @p body on the node: every call that may change it passes here.
template <class Body>
mehr_status enter(mehr_node* node, Entry entry, Body&& body) noexcept {
  if (node == nullptr) return MEHR_E_INVALID;
  Passage& passage = node->passage;
  const bool first = passage.depth == 0;
  if (passage.in_world || (entry != Entry::nested && !first)) return MEHR_E_WRONG_STATE;
  if (entry == Entry::fresh) {
    const auto good = passage.call_world([&] { return node->random.freshen(); });
    const mehr_status thrown = std::exchange(passage.thrown, 0);
    if (good < 0) return thrown < 0 ? thrown : good;
  }
  return within(passage, [&] { return body(*node); });
}

/// Runs @p body, which only reads and shows.
template <class Body>
mehr_status ask(const mehr_node* node, Body&& body) noexcept {
  if (node == nullptr) return MEHR_E_INVALID;
  if (node->passage.in_world) return MEHR_E_WRONG_STATE;
  return within(node->passage, [&] { return body(*node); });
}

inline NodeId node_id_of(const mehr_id& id) { return NodeId::from(id.bytes); }
inline mehr_status status_of(const Status& status) {
  return status ? MEHR_OK : status_of(status.error());
}

}  // namespace mehr::capi
