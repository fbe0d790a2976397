#include "mehr/l2/advisory_store.h"

#include <string>

namespace mehr::l2 {

namespace {

constexpr std::string_view kCountKey = "l2/advisories";

std::string key_of(std::size_t place) { return "l2/advisory/" + std::to_string(place); }

// What is stored in a place; nothing in a free one.
struct StoredItem {
  std::uint8_t kind = 0;
  Tail body;
  static constexpr auto wire =
      std::tuple{field("kind", &StoredItem::kind), field("body", &StoredItem::body)};
};

struct StoredCount {
  std::uint32_t places = 0;
  static constexpr auto wire = std::tuple{field("places", &StoredCount::places)};
};

// Places were checked when they were filled.
KeyAdvisory advisory_in(ByteView body) { return decode_advisory(body).value_or(KeyAdvisory{}); }
NextKeyCommitment commitment_in(ByteView body) {
  return decode<NextKeyCommitment>(body).value_or(NextKeyCommitment{});
}

bool is_slot(const KeyAdvisory& a, const KeyAdvisory& b) {
  return a.compromised == b.compromised && a.successor == b.successor && a.evidence == b.evidence;
}

}  // namespace

AdvisoryStore::AdvisoryStore(std::size_t capacity, const NodeId& self, Storage* storage,
                             const TrustView* trust)
    : self_(self), storage_(storage), trust_(trust) {
  places_.reserve(capacity);
  load();
}

// ---- Replicated
// ----------------------------------------------------------------------------------

bool AdvisoryStore::item(std::size_t place, ItemRef& out) const {
  const Place& p = places_[place];
  if (p.kind == 0) return false;
  out = {p.id, p.kind, p.size};
  return true;
}

// Commitments first: they decide over advisories that come after.
std::uint64_t AdvisoryStore::rank(std::size_t place) const {
  const Place& p = places_[place];
  constexpr std::uint64_t kLater = std::uint64_t{1} << 62;
  return p.kind == kCommitmentKind ? p.order : kLater + p.order;
}

ByteView AdvisoryStore::body(std::size_t place) const { return places_[place].bytes(); }

MergeVerdict AdvisoryStore::merge(const GossipItem& item) {
  const MergeVerdict verdict =
      item.kind == kAdvisoryKind ? take_advisory(item.body) : take_commitment(item.body);
  switch (verdict) {
    case MergeVerdict::taken:
      ++counters_.taken;
      break;
    case MergeVerdict::known:
      ++counters_.known;
      break;
    case MergeVerdict::superseded:
      ++counters_.superseded;
      break;
    case MergeVerdict::refused:
      ++counters_.refused;
      break;
    case MergeVerdict::invalid:
      ++counters_.invalid;
      break;
  }
  return verdict;
}

Status AdvisoryStore::submit(const GossipItem& item) {
  switch (merge(item)) {
    case MergeVerdict::taken:
      return {};
    case MergeVerdict::known:
    case MergeVerdict::superseded:
      return fail(Errc::replayed, "this, or a later one, is known already");
    case MergeVerdict::refused:
      return fail(Errc::full, "there is no room for more about this key, or it has a commitment");
    case MergeVerdict::invalid:
      break;
  }
  return fail(Errc::bad_signature, "it is not signed by the keys that it names, or is damaged");
}

// ---- Taking up
// -----------------------------------------------------------------------------------

template <class Pred>
AdvisoryStore::Index AdvisoryStore::find(Pred pred) const {
  for (Index i = 0; i < places_.size(); ++i) {
    if (places_[i].kind != 0 && pred(places_[i])) return i;
  }
  return kNone;
}

template <class Visit>
void AdvisoryStore::each_about(const PublicKey& key, Visit visit) const {
  for (Index i = 0; i < places_.size(); ++i) {
    if (places_[i].kind != kAdvisoryKind) continue;
    const KeyAdvisory a = advisory_in(places_[i].bytes());
    if (a.compromised == key) visit(i, a);
  }
}

MergeVerdict AdvisoryStore::take_advisory(ByteView body) {
  const auto fresh = decode_advisory(body);
  if (!fresh) return MergeVerdict::invalid;
  std::size_t held = 0;
  Index same = kNone;
  each_about(fresh->compromised, [&](Index at, const KeyAdvisory& other) {
    ++held;
    if (is_slot(other, *fresh)) same = at;
  });
  if (same != kNone) {
    const KeyAdvisory other = advisory_in(places_[same].bytes());
    if (other == *fresh) return MergeVerdict::known;
    if (other.sequence >= fresh->sequence) return MergeVerdict::superseded;
  }
  if (!verify(*fresh)) return MergeVerdict::invalid;
  if (same != kNone) return put(same, kAdvisoryKind, fresh->compromised, body);
  if (held < kAdvisoriesPerKey) {
    return put(free_place(), kAdvisoryKind, fresh->compromised, body);
  }
  // spec: L2/6.1: one whose key was committed to always has a place.
  const auto committed = commitment_of(fresh->compromised);
  if (!committed || fresh->successor.is_zero() || *committed != commitment_to(fresh->successor)) {
    return MergeVerdict::refused;
  }
  return put(to_displace(fresh->compromised), kAdvisoryKind, fresh->compromised, body);
}

MergeVerdict AdvisoryStore::take_commitment(ByteView body) {
  const auto fresh = decode<NextKeyCommitment>(body);
  if (!fresh) return MergeVerdict::invalid;
  const Index same = find([&](const Place& p) {
    return p.kind == kCommitmentKind && commitment_in(p.bytes()).owner == fresh->owner;
  });
  // The first that was seen is kept, whatever comes later.
  if (same != kNone && same_bytes(places_[same].bytes(), body)) return MergeVerdict::known;
  if (!verify(*fresh)) return MergeVerdict::invalid;
  if (same != kNone) return MergeVerdict::refused;
  return put(free_place(), kCommitmentKind, fresh->owner, body);
}

std::optional<Hash256> AdvisoryStore::commitment_of(const PublicKey& key) const {
  const Index at = find([&](const Place& p) {
    return p.kind == kCommitmentKind && commitment_in(p.bytes()).owner == key;
  });
  if (at == kNone) return std::nullopt;
  return commitment_in(places_[at].bytes()).commitment;
}

// The latest of the key's entries that is not the committed one itself.
AdvisoryStore::Index AdvisoryStore::to_displace(const PublicKey& key) const {
  const auto committed = commitment_of(key);
  Index latest = kNone;
  each_about(key, [&](Index at, const KeyAdvisory& a) {
    if (committed && !a.successor.is_zero() && *committed == commitment_to(a.successor)) return;
    if (latest == kNone || places_[at].order > places_[latest].order) latest = at;
  });
  return latest;
}

bool AdvisoryStore::matters(const NodeId& about) const {
  return about == self_ || (trust_ != nullptr && trust_->distance(about) <= 2);
}

AdvisoryStore::Index AdvisoryStore::free_place() {
  const auto free =
      std::find_if(places_.begin(), places_.end(), [](const Place& p) { return p.kind == 0; });
  if (free != places_.end()) return static_cast<Index>(free - places_.begin());
  if (places_.size() < places_.capacity()) {
    places_.emplace_back();
    return places_.size() - 1;
  }
  Index oldest = kNone;
  for (Index i = 0; i < places_.size(); ++i) {
    // A commitment that went would make room for a thief's: the first seen is kept for good.
    if (places_[i].kind == kCommitmentKind || matters(places_[i].about)) continue;
    if (oldest == kNone || places_[i].order < places_[oldest].order) oldest = i;
  }
  if (oldest != kNone) {
    ++counters_.evicted;
    places_[oldest].kind = 0;
    --size_;
  }
  return oldest;
}

MergeVerdict AdvisoryStore::put(Index at, std::uint8_t kind, const PublicKey& about,
                                ByteView body) {
  if (at == kNone) return MergeVerdict::refused;
  Place& p = places_[at];
  if (p.kind == 0) ++size_;
  p.kind = kind;
  p.size = static_cast<std::uint8_t>(body.size());
  p.order = ++order_;
  p.id = item_id(kind, body);
  p.about = crypto::node_id_of(about);
  copy_bytes(body, p.body);
  p.dirty = true;
  make_dirty();
  if (observer_) observer_(about);
  return MergeVerdict::taken;
}

// ---- Concluding
// ----------------------------------------------------------------------------------

// One link of the chain. spec: L2/6.1 rules 2 to 6
void AdvisoryStore::conclude(const PublicKey& key, KeyStanding& out) const {
  const auto committed = commitment_of(key);
  out = {};
  out.committed = committed.has_value();
  each_about(key, [&out](Index, const KeyAdvisory& a) {
    out.compromised = true;
    (void)out.claims.push({a.successor, a.evidence, a.sequence, a.timestamp});
  });
  std::size_t signed_by_both = 0;
  bool any_named = false;
  for (const ClaimedSuccessor& claim : out.claims) {
    any_named = any_named || !claim.key.is_zero();
    if (claim.evidence != Evidence::both) continue;
    ++signed_by_both;
    const bool fits = !committed || *committed == commitment_to(claim.key);
    if (fits) out.successor = claim.key;
  }
  // Without a commitment two keys that sign are as good as each other.
  if (!committed && signed_by_both != 1) out.successor.reset();
  out.undecided = any_named && !out.successor;
}

KeyStanding AdvisoryStore::standing(const PublicKey& key) const {
  KeyStanding first;
  conclude(key, first);
  KeyStanding link = first;
  Bounded<PublicKey, kMostChain + 1> path;
  path.must_push(key);
  while (link.successor) {
    const PublicKey next = *link.successor;
    if (std::find(path.begin(), path.end(), next) != path.end()) {
      // Keys that name each other: whoever holds them all plays with us.
      first.successor.reset();
      first.undecided = true;
      return first;
    }
    first.successor = next;
    path.must_push(next);
    conclude(next, link);
    if (path.size() == kMostChain + 1) break;
  }
  if (path.size() > 1 && link.compromised) {
    // It ends at a key that is in other hands itself, or is longer than is followed.
    first.successor.reset();
    first.undecided = true;
  }
  return first;
}

std::optional<PublicKey> AdvisoryStore::key_under_advice(const NodeId& node) const {
  const Index at = find([&](const Place& p) { return p.kind == kAdvisoryKind && p.about == node; });
  if (at == kNone) return std::nullopt;
  return advisory_in(places_[at].bytes()).compromised;
}

void AdvisoryStore::compromised(const std::function<void(const PublicKey&)>& each) const {
  for (Index i = 0; i < places_.size(); ++i) {
    if (places_[i].kind != kAdvisoryKind) continue;
    const auto same = [&](const Place& p) {
      return p.kind == kAdvisoryKind && p.about == places_[i].about;
    };
    if (find(same) == i) each(advisory_in(places_[i].bytes()).compromised);
  }
}

// ---- Keeping
// -------------------------------------------------------------------------------------

void AdvisoryStore::load() {
  if (storage_ == nullptr) return;
  const auto stored = storage_->get(kCountKey);
  if (!stored) return;
  const auto count = decode<StoredCount>(*stored);
  if (!count) return;
  const std::size_t most = std::min<std::size_t>(count->places, places_.capacity());
  for (std::size_t i = 0; i < most; ++i) {
    const auto bytes = storage_->get(key_of(i));
    const auto item = decode<StoredItem>(bytes ? ByteView(*bytes) : ByteView());
    // Judged like any other: the disk is not trusted with what is believed.
    if (item && owns(item->kind)) (void)merge({item->kind, item->body.bytes});
  }
  counters_ = {};
  // Where one could not be read, those behind it stand in other places than on the disk.
  const bool moved = places_.size() != most;
  for (Place& p : places_) p.dirty = moved;
  dirty_ = moved;
}

void AdvisoryStore::make_dirty() {
  if (std::exchange(dirty_, true) || !dirty_observer_) return;
  dirty_observer_();
}

void AdvisoryStore::save() {
  if (storage_ == nullptr || !dirty_) return;
  std::vector<std::string> keys;
  std::vector<Bytes> values;
  for (Index i = 0; i < places_.size(); ++i) {
    const Place& p = places_[i];
    if (!p.dirty) continue;
    keys.push_back(key_of(i));
    Bytes value(p.kind == 0 ? 0U : 1U + p.size);
    if (p.kind != 0) (void)encode(StoredItem{p.kind, Tail{p.bytes()}}, value);
    values.push_back(std::move(value));
  }
  keys.emplace_back(kCountKey);
  const auto count = encode_fixed(StoredCount{static_cast<std::uint32_t>(places_.size())});
  values.emplace_back(count.begin(), count.end());
  std::vector<Storage::Put> batch;
  batch.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) batch.push_back({keys[i], values[i]});
  if (!storage_->put(batch)) {
    ++counters_.storage_failed;
    return;
  }
  for (Place& p : places_) p.dirty = false;
  dirty_ = false;
}

void AdvisoryStore::on_time(Millis now) {
  if (next_deadline() > now) return;
  save();
  saved_ = now;
}

Millis AdvisoryStore::next_deadline() const {
  if (storage_ == nullptr || !dirty_) return Millis::never();
  return saved_ + kAdvisorySave;
}

}  // namespace mehr::l2
