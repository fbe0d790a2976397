#include "mehr/l0/rns/paths.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l0::rns {

namespace {
NodeId key_of(const Address& address) { return NodeId{address.bytes}; }
}  // namespace

bool Path::has_seen(const Blob& blob) const {
  const auto end = blobs.begin() + blob_count;
  return std::find(blobs.begin(), end, blob) != end;
}

std::uint64_t Path::newest() const {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < blob_count; ++i) out = std::max(out, emitted_of(blobs[i]));
  return out;
}

Paths::Paths(std::size_t capacity, std::size_t ports, Random& random)
    : paths_(capacity),
      held_(ports),
      index_(capacity, HashSalt::draw(random)),
      nodes_(capacity, HashSalt::draw(random)) {
  Expects(capacity > 0);
  free_.reserve(capacity);
  while (free_.size() < capacity) free_.push_back(static_cast<Slot>(capacity - free_.size() - 1));
}

Path* Paths::find(const Address& destination) {
  const auto slot = index_.find(key_of(destination));
  return slot ? &paths_[*slot] : nullptr;
}

Path* Paths::find(const NodeId& node) {
  const auto slot = nodes_.find(node);
  return slot ? &paths_[*slot] : nullptr;
}

// spec: L0/8.3 step 5
bool Paths::wants(const Address& destination, std::uint8_t hops, const Blob& blob, Millis now) {
  const Path* const known = find(destination);
  if (known == nullptr) return true;
  if (known->has_seen(blob)) return false;
  const bool newer = emitted_of(blob) > known->newest();
  return newer || (hops > known->hops && now >= known->expires);
}

Paths::Stored Paths::store(const Address& destination, PortId port, const Blob& blob, Millis now) {
  Stored out;
  out.path = find(destination);
  if (out.path == nullptr) {
    if (index_.size() == paths_.size()) {
      Path& gone = victim();
      out.evicted = gone.node;
      out.evicted_destination = gone.destination;
      erase(gone);
    }
    out.path = &paths_[free_.back()];
    free_.pop_back();
    index_.put(key_of(destination), slot_of(*out.path));
  }
  Path& path = *out.path;
  path.destination = destination;
  path.port = port;
  path.heard = now;
  path.expires = now + kLife;
  path.blobs[path.blob_next] = blob;
  path.blob_next = static_cast<std::uint16_t>((path.blob_next + 1) % Path::kBlobs);
  path.blob_count = std::min<std::uint16_t>(path.blob_count + 1, Path::kBlobs);
  return out;
}

void Paths::name(Path& path, const NodeId& node) {
  if (path.node == node) return;
  if (path.node) nodes_.erase(*path.node);
  // The owner of a key may announce two identities with it; the later one is taken.
  if (Path* const other = find(node)) other->node.reset();
  path.node = node;
  nodes_.put(node, slot_of(path));
}

void Paths::erase(Path& path) {
  index_.erase(key_of(path.destination));
  if (path.node) nodes_.erase(*path.node);
  free_.push_back(slot_of(path));
  path = Path{};
}

// Called for newcomers only, when the table is full: a walk over it is what they cost.
Path& Paths::victim() {
  std::fill(held_.begin(), held_.end(), 0);
  for (const Path& p : paths_) ++held_[p.port];
  const auto most =
      static_cast<PortId>(std::max_element(held_.begin(), held_.end()) - held_.begin());
  Path* oldest = nullptr;
  for (Path& p : paths_) {
    if (p.port == most && (oldest == nullptr || p.heard < oldest->heard)) oldest = &p;
  }
  Expects(oldest != nullptr);
  return *oldest;
}

}  // namespace mehr::l0::rns
