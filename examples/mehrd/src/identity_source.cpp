#include "identity_source.h"

#include <fmt/format.h>

#include "mehr/common/text.h"
#include "mehr/linux/identity_file.h"
#include "mehr/linux/key_store.h"
#include "mehr/linux/passphrase.h"

namespace mehr::daemon {
namespace {

using linux_port::KeyEntry;
using linux_port::KeyStore;
using linux_port::OrMessage;
using Phrase = std::optional<l2::Passphrase>;

constexpr int kTries = 3;

std::string ways() {
  return fmt::format(
      "give its passphrase by --passphrase-fd, by the systemd credential \"{}\", or at a terminal",
      linux_port::kPassphraseCredential);
}

OrMessage<OwnIdentity> unlocked(KeyStore& store, const KeyEntry& entry, l0::Identity identity,
                                const l2::Passphrase& passphrase) {
  const auto whole = store.complete(entry, identity, passphrase);
  if (!whole) {
    fmt::print(stderr, "mehrd: a rotation of this key was cut short and is not finished yet: {}\n",
               whole.error());
  }
  if (whole && whole->node != identity.node_id()) {
    auto successor = store.unlock(*whole, passphrase);
    if (!successor) return tl::unexpected(successor.error());
    identity = std::move(*successor);
  }
  return OwnIdentity{std::move(identity), whole ? whole->path : entry.path,
                     OwnIdentity::Made::loaded, true};
}

OrMessage<OwnIdentity> unlock_at_terminal(KeyStore& store, const KeyEntry& entry) {
  const std::string who = common::to_text(entry.node).substr(0, 8);
  for (int attempt = 1;; ++attempt) {
    const auto typed = linux_port::prompt_passphrase(
        fmt::format("passphrase of the key \"{}\" ({})", entry.name, who));
    if (!typed) return tl::unexpected(typed.error());
    auto identity = store.unlock(entry, *typed);
    if (identity) return unlocked(store, entry, std::move(*identity), *typed);
    if (attempt == kTries) return tl::unexpected(identity.error());
    fmt::print(stderr, "mehrd: {}\n", identity.error());
  }
}

// A start that was cut short between sealing and removing has left the plain file behind.
OrMessage<void> erase_leftover(const std::string& plain_path, const l0::Identity& sealed) {
  const auto seed = linux_port::load_plain_seed(plain_path);
  if (!seed || !*seed) return {};
  if (l0::Identity::from_seed(**seed).node_id() != sealed.node_id()) return {};
  return linux_port::erase_plain_seed(plain_path);
}

OrMessage<OwnIdentity> unlock(KeyStore& store, const KeyEntry& entry, const Phrase& given) {
  if (!given && linux_port::can_prompt()) return unlock_at_terminal(store, entry);
  if (!given) return tl::unexpected(fmt::format("the key {} is sealed; {}", entry.path, ways()));
  auto identity = store.unlock(entry, *given);
  if (!identity) return tl::unexpected(identity.error());
  return unlocked(store, entry, std::move(*identity), *given);
}

// The passphrase of a key that is to be made.
OrMessage<Phrase> passphrase_for_new(Phrase given, const std::string& name) {
  if (given || !linux_port::can_prompt()) return given;
  auto typed = linux_port::prompt_new_passphrase(fmt::format(
      "passphrase for the node's key \"{}\", which it is sealed under from now on", name));
  if (!typed) return tl::unexpected(typed.error());
  return Phrase(std::move(*typed));
}

OrMessage<OwnIdentity> add(KeyStore& store, const std::string& name, const crypto::Seed& seed,
                           const l2::Passphrase& passphrase, OwnIdentity::Made made) {
  const auto entry = store.add(name, seed, passphrase);
  if (!entry) return tl::unexpected(entry.error());
  return OwnIdentity{l0::Identity::from_seed(seed), entry->path, made, true};
}

OrMessage<OwnIdentity> plain(const std::string& path, Random& random) {
  auto loaded = linux_port::load_or_create_identity(path, random);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto made = loaded->created ? OwnIdentity::Made::created : OwnIdentity::Made::loaded;
  return OwnIdentity{std::move(loaded->identity), path, made, false};
}

}  // namespace

OrMessage<OwnIdentity> obtain_identity(const Config& config,
                                       std::optional<int> passphrase_descriptor, Random& random) {
  KeyStore store(config.data_dir, random);
  const std::string plain_path = config.data_dir + "/identity";
  const auto entry = store.current(config.identity);
  if (!entry) return tl::unexpected(entry.error());
  if (config.unsealed_identity && !*entry) return plain(plain_path, random);

  auto given = linux_port::given_passphrase(passphrase_descriptor);
  if (!given) return tl::unexpected(given.error());
  if (*entry) {
    auto own = unlock(store, **entry, *given);
    if (!own) return own;
    if (auto erased = erase_leftover(plain_path, own->identity); !erased) {
      return tl::unexpected(erased.error());
    }
    return own;
  }

  const auto seed = linux_port::load_plain_seed(plain_path);
  if (!seed) return tl::unexpected(seed.error());
  const auto passphrase = passphrase_for_new(std::move(*given), config.identity);
  if (!passphrase) return tl::unexpected(passphrase.error());
  if (!*passphrase && *seed) return plain(plain_path, random);  // as before; the log tells
  if (!*passphrase) {
    return tl::unexpected(fmt::format(
        "this node has no key \"{}\" yet, and no passphrase to seal a new one under; {}, make it "
        "with mehr key new, or set unsealed_identity = true to keep it unprotected",
        config.identity, ways()));
  }
  if (!*seed) {
    crypto::Seed fresh;
    random.fill(fresh.expose_mutable());
    return add(store, config.identity, fresh, **passphrase, OwnIdentity::Made::created);
  }
  auto sealed = add(store, config.identity, **seed, **passphrase, OwnIdentity::Made::sealed);
  if (!sealed) return sealed;
  if (auto erased = linux_port::erase_plain_seed(plain_path); !erased) {
    return tl::unexpected(erased.error());
  }
  return sealed;
}

}  // namespace mehr::daemon
