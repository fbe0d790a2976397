#include "mehr/l1/peer_book.h"

#include <algorithm>
#include <gsl/assert>
#include <limits>

namespace mehr::l1 {

namespace {

constexpr std::uint8_t kForm = 1;

struct StoredHead {
  Constant<kForm> form;
  std::uint16_t count = 0;
  static constexpr auto wire =
      std::tuple{field("form", &StoredHead::form), field("count", &StoredHead::count)};
};

struct StoredPeer {
  Host host;
  std::uint16_t port = 0;
  NodeId node;
  std::uint64_t seen = 0;
  static constexpr auto wire =
      std::tuple{field("host", &StoredPeer::host), field("port", &StoredPeer::port),
                 field("node", &StoredPeer::node), field("seen", &StoredPeer::seen)};
  [[nodiscard]] Status check() const {
    if (port == 0 || node.is_zero()) return fail(Errc::bad_value, "a stored peer without a name");
    return {};
  }
};

}  // namespace

PeerBook::PeerBook(const Config& config) : config_(config) {
  Expects(config.capacity >= 1 && config.capacity <= std::numeric_limits<std::uint16_t>::max());
  Expects(config.per_block >= 1);
  peers_.reserve(config.capacity);
  stored_.resize(stored_bytes(config.capacity));
}

std::size_t PeerBook::stored_bytes(std::size_t peers) {
  return wire_size<StoredHead> + peers * wire_size<StoredPeer>;
}

const KnownPeer* PeerBook::find(const NodeId& node) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const KnownPeer& p) { return p.node == node; });
  return found == peers_.end() ? nullptr : &*found;
}

void PeerBook::prove(const NodeId& node, const PeerAddress& at, NodeTime now) {
  Expects(at.port != 0);
  std::erase_if(peers_, [&](const KnownPeer& p) { return p.node == node; });
  make_room(at.host);
  put_first({at, node, now});
}

void PeerBook::touch(const NodeId& node, NodeTime now) {
  const KnownPeer* const found = find(node);
  if (found == nullptr) return;
  KnownPeer peer = *found;
  peer.seen = std::max(peer.seen, now);
  std::erase_if(peers_, [&](const KnownPeer& p) { return p.node == node; });
  put_first(peer);
}

// The node clock rises, so the one seen now goes before all others.
void PeerBook::put_first(const KnownPeer& peer) { peers_.insert(peers_.begin(), peer); }

void PeerBook::make_room(const Host& host) {
  std::size_t of_block = 0;
  auto oldest = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    if (!same_block(it->at.host, host)) continue;
    ++of_block;
    oldest = it;
  }
  if (of_block >= config_.per_block) peers_.erase(oldest);
  if (peers_.size() == config_.capacity) peers_.pop_back();
}

ByteView PeerBook::serialise() {
  Writer out(stored_);
  StoredHead head;
  head.count = static_cast<std::uint16_t>(peers_.size());
  out.put(head);
  for (const KnownPeer& p : peers_) {
    out.put(StoredPeer{p.at.host, p.at.port, p.node, p.seen.millis});
  }
  Ensures(out.ok());
  return out.written();
}

Status PeerBook::load(ByteView stored) {
  peers_.clear();
  Reader in(stored);
  StoredHead head;
  in.get(head);
  for (std::size_t i = 0; i < head.count && in.ok(); ++i) {
    StoredPeer p;
    in.get(p);
    if (!in.ok() || peers_.size() == config_.capacity || find(p.node) != nullptr) continue;
    peers_.push_back({{p.host, p.port}, p.node, NodeTime{p.seen}});
  }
  if (auto end = in.finish(); !end) {
    peers_.clear();
    return end;
  }
  std::sort(peers_.begin(), peers_.end(), [](const KnownPeer& a, const KnownPeer& b) {
    return a.seen != b.seen ? a.seen > b.seen : a.node < b.node;
  });
  return {};
}

}  // namespace mehr::l1
