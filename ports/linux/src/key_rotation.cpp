// The key store's half about what follows a key: next keys, rotations, notices. spec: L2/6.1
#include <algorithm>

#include "key_store_parts.h"
#include "small_file.h"

namespace mehr::linux_port {

// Later than every notice before, on whatever machine that was made.
OrMessage<std::uint64_t> KeyStore::next_sequence(const std::string& name,
                                                 const NodeId& about) const {
  const auto all = notices(name);
  if (!all) return tl::unexpected(all.error());
  std::uint64_t last = 0;
  for (const KeyNotice& notice : *all) {
    if (notice.kind != l2::kAdvisoryKind || notice.about != about) continue;
    const auto advisory = l2::decode_advisory(notice.body);
    if (advisory) last = std::max(last, advisory->sequence);
  }
  return last + 1;
}

namespace {

KeyNotice notice_of(const l2::KeyAdvisory& advisory) {
  KeyNotice out{l2::kAdvisoryKind, crypto::node_id_of(advisory.compromised),
                Bytes(l2::kAdvisoryBoth)};
  const auto written = l2::encode_advisory(advisory, out.body);
  out.body.resize(written ? written->size() : 0);
  return out;
}

}  // namespace

OrMessage<KeyNotice> KeyStore::advise(const std::string& name, const l2::Passphrase& passphrase,
                                      const PublicKey& successor, std::uint64_t unix_ms) {
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  const auto own = open_present(name, passphrase);
  if (!own) return tl::unexpected(own.error());
  const auto sequence = next_sequence(name, own->entry.node);
  if (!sequence) return tl::unexpected(sequence.error());
  KeyNotice notice =
      notice_of(l2::make_advisory(own->owner, successor, std::max(*sequence, unix_ms), unix_ms));
  if (auto done = put_notice(name, notice, kAdvisory); !done) return tl::unexpected(done.error());
  return notice;
}

OrMessage<KeyEntry> KeyStore::rotate(const std::string& name, const l2::Passphrase& passphrase,
                                     std::uint64_t unix_ms) {
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  const auto own = open_present(name, passphrase);
  if (!own) return tl::unexpected(own.error());
  const auto next = next_of(own->entry, passphrase);
  if (!next) return tl::unexpected(next.error());
  const auto sequence = next_sequence(name, own->entry.node);
  if (!sequence) return tl::unexpected(sequence.error());
  const KeyNotice notice =
      notice_of(l2::make_advisory(own->owner, *next, std::max(*sequence, unix_ms), unix_ms));

  // Only once the successor is on the disk is it named.
  if (auto done = put_notice(name, notice, kAdvisory); !done) return tl::unexpected(done.error());
  return finish_rotation(own->entry, *next, passphrase);
}

OrMessage<KeyEntry> KeyStore::finish_rotation(const KeyEntry& old, const l0::Identity& next,
                                              const l2::Passphrase& passphrase) {
  const NodeId node = next.node_id();
  const KeyEntry made{old.name, node, KeyEntry::Kind::current,
                      path_of(old.name, node, text_of(KeyEntry::Kind::current))};
  if (auto done = retire(old); !done) return tl::unexpected(done.error());
  const std::string next_path = path_of(old.name, node, text_of(KeyEntry::Kind::next));
  if (const int error = move_file(next_path, made.path); error != 0) {
    return cannot("move", next_path, error);
  }
  const auto after = l0::Identity::generate(random_);
  if (auto done = commit(old.name, next, after, passphrase); !done) {
    return tl::unexpected(done.error());
  }
  return made;
}

// One that is kept as old already is the same key, perhaps under an earlier passphrase.
OrMessage<void> KeyStore::retire(const KeyEntry& entry) {
  const std::string old = path_of(entry.name, entry.node, text_of(KeyEntry::Kind::old));
  if (const int error = take_place(entry.path, old); error != 0) {
    return cannot("move", entry.path, error);
  }
  return {};
}

// A present key that still has the name of a next one gets its own, before anything is done to it:
// another next key beside it would make two that could be the present one.
OrMessage<KeyEntry> KeyStore::present(const std::string& name) {
  auto entry = must_find(name, KeyEntry::Kind::current);
  if (!entry) return entry;
  const std::string path = path_of(name, entry->node, text_of(KeyEntry::Kind::current));
  if (entry->path == path) return entry;
  if (const int error = move_file(entry->path, path); error != 0) {
    return cannot("move", entry->path, error);
  }
  entry->path = path;
  return entry;
}

OrMessage<KeyStore::Own> KeyStore::open_present(const std::string& name,
                                                const l2::Passphrase& passphrase) {
  auto entry = present(name);
  if (!entry) return tl::unexpected(entry.error());
  auto owner = unlock(*entry, passphrase);
  if (!owner) return tl::unexpected(owner.error());
  return Own{std::move(*entry), std::move(*owner)};
}

OrMessage<std::optional<Hash256>> KeyStore::commitment_of(const KeyEntry& entry) const {
  const auto all = notices(entry.name);
  if (!all) return tl::unexpected(all.error());
  for (const KeyNotice& notice : *all) {
    if (notice.kind != l2::kCommitmentKind || notice.about != entry.node) continue;
    const auto read = decode<l2::NextKeyCommitment>(notice.body);
    if (read) return std::optional(read->commitment);
    return trouble("{} is damaged; put it back from a backup",
                   path_of(entry.name, entry.node, kCommitment));
  }
  return std::optional<Hash256>();
}

// The next key when a notice that both signed names it: a rotation that only has to be finished.
OrMessage<std::optional<KeyEntry>> KeyStore::named_successor(const KeyEntry& entry) const {
  auto next = find(entry.name, KeyEntry::Kind::next);
  if (!next || !*next) return next;
  const auto all = notices(entry.name);
  if (!all) return tl::unexpected(all.error());
  const bool named = std::any_of(all->begin(), all->end(), [&](const KeyNotice& notice) {
    if (notice.kind != l2::kAdvisoryKind || notice.about != entry.node) return false;
    const auto read = l2::decode_advisory(notice.body);
    return read && read->evidence == l2::Evidence::both &&
           crypto::node_id_of(read->successor) == (*next)->node;
  });
  return named ? next : std::optional<KeyEntry>();
}

OrMessage<l0::Identity> KeyStore::next_of(const KeyEntry& entry, const l2::Passphrase& passphrase) {
  const auto there = find(entry.name, KeyEntry::Kind::next);
  if (!there) return tl::unexpected(there.error());
  const auto committed = commitment_of(entry);
  if (!committed) return tl::unexpected(committed.error());
  if (*there) {
    auto next = unlock(**there, passphrase);
    if (next && *committed && **committed != l2::commitment_to(next->public_key())) {
      return trouble(
          "the key \"{0}\" is committed to another next one than {1}: mehr key combine --next {0} "
          "brings that back out of its shares; nodes will not follow to this one",
          entry.name, (*there)->path);
    }
    return next;
  }
  if (*committed) {
    return trouble(
        "the key \"{0}\" is committed to a next one that is not in {1}: put its file back there, "
        "or mehr key combine --next {0} its shares; nodes will not follow to another",
        entry.name, directory_);
  }
  auto fresh = l0::Identity::generate(random_);
  const std::string path = path_of(entry.name, fresh.node_id(), text_of(KeyEntry::Kind::next));
  if (auto done = put_key(path, fresh.seed(), passphrase, false); !done) {
    return tl::unexpected(done.error());
  }
  return fresh;
}

OrMessage<bool> KeyStore::is_whole(const KeyEntry& entry) const {
  const auto committed = commitment_of(entry);
  if (!committed) return tl::unexpected(committed.error());
  const auto successor = named_successor(entry);
  if (!successor) return tl::unexpected(successor.error());
  const bool named =
      entry.path == path_of(entry.name, entry.node, text_of(KeyEntry::Kind::current));
  return named && *committed && !*successor;
}

OrMessage<KeyEntry> KeyStore::complete(const KeyEntry& entry, const l0::Identity& owner,
                                       const l2::Passphrase& passphrase) {
  const auto whole = is_whole(entry);
  if (!whole) return tl::unexpected(whole.error());
  if (*whole) return entry;
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  auto now = present(entry.name);
  if (!now || now->node != entry.node) return now;  // another program was here meanwhile
  const auto successor = named_successor(*now);
  if (!successor) return tl::unexpected(successor.error());
  if (*successor) {
    const auto identity = unlock(**successor, passphrase);
    if (!identity) return tl::unexpected(identity.error());
    return finish_rotation(*now, *identity, passphrase);
  }
  const auto committed = commitment_of(*now);
  if (!committed) return tl::unexpected(committed.error());
  if (*committed) return now;
  const auto next = next_of(*now, passphrase);
  if (!next) return tl::unexpected(next.error());
  if (auto done = put_commitment(entry.name, owner, next->public_key()); !done) {
    return tl::unexpected(done.error());
  }
  return now;
}

// The commitment first: wherever this is cut short, the same call again goes on.
OrMessage<KeyEntry> KeyStore::restore_next(const std::string& name, const crypto::Seed& next,
                                           const l2::Passphrase& passphrase) {
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  const auto own = open_present(name, passphrase);
  if (!own) return tl::unexpected(own.error());
  const auto restored = l0::Identity::from_seed(next);
  const NodeId node = restored.node_id();
  if (node == own->entry.node) {
    return trouble("this is the present key \"{}\" itself, not its next one", name);
  }
  const auto there = find(name, KeyEntry::Kind::next);
  if (!there) return tl::unexpected(there.error());
  const auto committed = commitment_of(own->entry);
  if (!committed) return tl::unexpected(committed.error());
  const bool promised = *committed && **committed == l2::commitment_to(restored.public_key());
  const KeyEntry made{name, node, KeyEntry::Kind::next,
                      path_of(name, node, text_of(KeyEntry::Kind::next))};
  const bool is_there = *there && (*there)->node == node;
  if (is_there && promised) {
    return trouble("this next key is there already: {}; nothing was changed", made.path);
  }
  if (!*there && *committed && !promised) {
    return trouble("the key \"{}\" is committed to another next key than this; nothing was changed",
                   name);
  }
  if (!promised) {
    if (auto done = put_commitment(name, own->owner, restored.public_key()); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (is_there) return made;
  if (*there) {
    if (auto done = retire(**there); !done) return tl::unexpected(done.error());
  }
  if (auto done = put_key(made.path, next, passphrase, false); !done) {
    return tl::unexpected(done.error());
  }
  return made;
}

}  // namespace mehr::linux_port
