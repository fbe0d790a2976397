#include "mehr/linux/key_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "key_store_parts.h"
#include "mehr/linux/data_dir.h"
#include "small_file.h"

namespace mehr::linux_port {
namespace {

constexpr std::size_t kMostNames = 64;
constexpr std::size_t kLongestName = 32;
std::string hex_of(const NodeId& node) {
  std::string out;
  for (const std::uint8_t b : node.bytes) out += fmt::format("{:02x}", b);
  return out;
}

std::optional<NodeId> node_of(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (hex.size() != 2 * NodeId::kSize) return std::nullopt;
  NodeId out;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const auto digit = kDigits.find(hex[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    out.bytes[i / 2] = static_cast<std::uint8_t>(out.bytes[i / 2] * 16U + digit);
  }
  return out;
}

/// A file's name in parts.
struct FileName {
  std::string name;
  NodeId node;
  std::string kind;
};

std::optional<FileName> parse(std::string_view file) {
  const std::size_t last = file.rfind('.');
  if (last == std::string_view::npos || last < 1 + 2 * NodeId::kSize) return std::nullopt;
  const std::size_t middle = last - 2 * NodeId::kSize - 1;
  if (file[middle] != '.') return std::nullopt;
  const auto node = node_of(file.substr(middle + 1, 2 * NodeId::kSize));
  FileName out{std::string(file.substr(0, middle)), node.value_or(NodeId{}),
               std::string(file.substr(last + 1))};
  if (!node || !KeyStore::is_name(out.name)) return std::nullopt;
  return out;
}

// The files of the directory, sorted; none when it is not there.
OrMessage<std::vector<FileName>> files_in(const std::string& directory) {
  std::vector<FileName> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), &::closedir);
  if (!dir) {
    if (errno == ENOENT) return out;
    return trouble("cannot read {}: {}", directory, std::strerror(errno));
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    if (auto name = parse(entry->d_name)) out.push_back(std::move(*name));
  }
  std::sort(out.begin(), out.end(), [](const FileName& a, const FileName& b) {
    return std::tie(a.name, a.kind, a.node) < std::tie(b.name, b.kind, b.node);
  });
  return out;
}

OrMessage<Bytes> read_public(const std::string& path, std::size_t most) {
  Bytes out(most);
  const auto size = read_private_file(path, out);
  if (!size && size.error().error != 0) return cannot("read", path, size.error().error);
  if (!size) return trouble("{}: {}", path, size.error().what);
  out.resize(*size);
  return out;
}

}  // namespace

OrMessage<KeyLock> lock_keys(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno != ENOENT) return cannot("open", directory, errno);
  KeyLock held(new int(descriptor), [](int* d) {
    if (*d >= 0) ::close(*d);
    delete d;
  });
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return trouble("another program is changing the keys in {} now; try again when it is done",
                   directory);
  }
  return held;
}

OrMessage<crypto::Seed> read_key_file(const std::string& path, const l2::Passphrase& passphrase) {
  l2::KeyFileBytes bytes{};
  const auto size = read_private_file(path, bytes);
  if (!size && size.error().error != 0) return cannot("read key file", path, size.error().error);
  if (!size) return trouble("key file {}: {}", path, size.error().what);
  auto seed = l2::open_key_file(ByteView(bytes).first(*size), passphrase);
  if (seed) return std::move(*seed);
  if (seed.error().code == Errc::truncated) {
    return trouble(
        "key file {} is damaged: it has {} bytes instead of {}; restore it from a backup", path,
        *size, l2::kKeyFileSize);
  }
  return trouble("key file {}: {}", path, seed.error().text);
}

KeyStore::KeyStore(const std::string& data_dir, Random& random)
    : directory_(data_dir + "/keys"), random_(random) {}

bool KeyStore::is_name(const std::string& name) {
  const auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.size() <= kLongestName && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), good);
}

std::string KeyStore::path_of(const std::string& name, const NodeId& node, const char* kind) const {
  return fmt::format("{}/{}.{}.{}", directory_, name, hex_of(node), kind);
}

// ---- Looking
// -------------------------------------------------------------------------------------

// A name without a present key whose next one is there: a rotation was cut short after its notice
// was written, and the next key is the present one.
OrMessage<std::vector<KeyEntry>> KeyStore::list() const {
  const auto files = files_in(directory_);
  if (!files) return tl::unexpected(files.error());
  std::vector<KeyEntry> out;
  for (const FileName& file : *files) {
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
      if (file.kind != kKinds[kind]) continue;
      out.push_back({file.name, file.node, static_cast<KeyEntry::Kind>(kind),
                     path_of(file.name, file.node, kKinds[kind])});
    }
  }
  for (KeyEntry& entry : out) {
    if (entry.kind != KeyEntry::Kind::next) continue;
    const bool has_current = std::any_of(out.begin(), out.end(), [&](const KeyEntry& other) {
      return other.name == entry.name && other.kind == KeyEntry::Kind::current;
    });
    if (!has_current) entry.kind = KeyEntry::Kind::current;
  }
  return out;
}

OrMessage<std::optional<KeyEntry>> KeyStore::find(const std::string& name,
                                                  KeyEntry::Kind kind) const {
  const auto all = list();
  if (!all) return tl::unexpected(all.error());
  std::optional<KeyEntry> out;
  for (const KeyEntry& entry : *all) {
    if (entry.name != name || entry.kind != kind) continue;
    if (out) {
      return trouble("there are two keys \"{}\" of one kind: {} and {}; move one of them away",
                     name, out->path, entry.path);
    }
    out = entry;
  }
  return out;
}

OrMessage<std::optional<KeyEntry>> KeyStore::current(const std::string& name) const {
  return find(name, KeyEntry::Kind::current);
}

OrMessage<KeyEntry> KeyStore::must_find(const std::string& name, KeyEntry::Kind kind) const {
  const auto found = find(name, kind);
  if (!found) return tl::unexpected(found.error());
  if (!*found) {
    return trouble("there is no key \"{}\" in {}; mehr key list shows those there are", name,
                   directory_);
  }
  return **found;
}

OrMessage<l0::Identity> KeyStore::unlock(const KeyEntry& entry,
                                         const l2::Passphrase& passphrase) const {
  const auto seed = read_key_file(entry.path, passphrase);
  if (!seed) return tl::unexpected(seed.error());
  auto identity = l0::Identity::from_seed(*seed);
  if (identity.node_id() != entry.node) {
    return trouble("key file {} holds the key of another node, {}; its name was changed",
                   entry.path, hex_of(identity.node_id()));
  }
  return identity;
}

OrMessage<std::vector<KeyNotice>> KeyStore::notices(const std::string& name) const {
  const auto files = files_in(directory_);
  if (!files) return tl::unexpected(files.error());
  std::vector<KeyNotice> out;
  for (const FileName& file : *files) {
    const bool commitment = file.kind == kCommitment;
    if (file.name != name || (!commitment && file.kind != kAdvisory)) continue;
    auto body = read_public(path_of(file.name, file.node, file.kind.c_str()), l2::kAdvisoryBoth);
    if (!body) return tl::unexpected(body.error());
    out.push_back(
        {commitment ? l2::kCommitmentKind : l2::kAdvisoryKind, file.node, std::move(*body)});
  }
  return out;
}

// ---- Storing
// -------------------------------------------------------------------------------------

OrMessage<void> KeyStore::make_directory() const { return prepare_data_dir(directory_); }

OrMessage<void> KeyStore::put_key(const std::string& path, const crypto::Seed& seed,
                                  const l2::Passphrase& passphrase, bool replace) {
  const auto bytes = l2::seal_key_file(seed, passphrase, cost_, random_);
  if (!bytes) return trouble("cannot seal a key: {}", bytes.error().text);
  const int error =
      replace ? replace_file(path, *bytes, random_) : make_file(path, *bytes, random_);
  if (error != 0) return cannot("write", path, error);
  return {};
}

OrMessage<void> KeyStore::put_notice(const std::string& name, const KeyNotice& notice,
                                     const char* kind) {
  const std::string path = path_of(name, notice.about, kind);
  if (const int error = replace_file(path, notice.body, random_); error != 0) {
    return cannot("write", path, error);
  }
  return {};
}

OrMessage<void> KeyStore::commit(const std::string& name, const l0::Identity& owner,
                                 const l0::Identity& next, const l2::Passphrase& passphrase) {
  auto stored = put_key(path_of(name, next.node_id(), text_of(KeyEntry::Kind::next)), next.seed(),
                        passphrase, false);
  if (!stored) return stored;
  return put_commitment(name, owner, next.public_key());
}

OrMessage<void> KeyStore::put_commitment(const std::string& name, const l0::Identity& owner,
                                         const PublicKey& next) {
  const auto commitment = encode_fixed(l2::make_commitment(owner, next));
  return put_notice(
      name, {l2::kCommitmentKind, owner.node_id(), Bytes(commitment.begin(), commitment.end())},
      kCommitment);
}

OrMessage<KeyEntry> KeyStore::add(const std::string& name, const crypto::Seed& seed,
                                  const l2::Passphrase& passphrase) {
  crypto::Seed next;
  random_.fill(next.expose_mutable());
  return add(name, seed, next, passphrase);
}

OrMessage<KeyEntry> KeyStore::add(const std::string& name, const crypto::Seed& seed,
                                  const crypto::Seed& next, const l2::Passphrase& passphrase) {
  if (!is_name(name)) {
    return trouble("a key's name has 1 to {} letters, digits, \"-\" and \"_\"", kLongestName);
  }
  if (passphrase.empty()) return trouble("a key is sealed under a passphrase that is not empty");
  if (auto made = make_directory(); !made) return tl::unexpected(made.error());
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  const auto all = list();
  if (!all) return tl::unexpected(all.error());
  if (all->size() >= 3 * kMostNames) return trouble("there are too many keys in {}", directory_);
  for (const KeyEntry& entry : *all) {
    if (entry.name == name && entry.kind != KeyEntry::Kind::old) {
      return trouble("there is a key \"{}\" already: {}; nothing was changed", name, entry.path);
    }
  }
  const auto owner = l0::Identity::from_seed(seed);
  const KeyEntry entry{name, owner.node_id(), KeyEntry::Kind::current,
                       path_of(name, owner.node_id(), text_of(KeyEntry::Kind::current))};
  // The key first: a next key that stands alone would count as the present one.
  if (auto done = put_key(entry.path, seed, passphrase, false); !done) {
    return tl::unexpected(done.error());
  }
  const auto next_owner = l0::Identity::from_seed(next);
  if (auto done = commit(name, owner, next_owner, passphrase); !done) {
    ::unlink(path_of(name, next_owner.node_id(), text_of(KeyEntry::Kind::next)).c_str());
    ::unlink(entry.path.c_str());
    return tl::unexpected(done.error());
  }
  return entry;
}

OrMessage<void> KeyStore::change_passphrase(const std::string& name, const l2::Passphrase& from,
                                            const l2::Passphrase& to) {
  if (to.empty()) return trouble("a key is sealed under a passphrase that is not empty");
  const auto held = lock_keys(directory_);
  if (!held) return tl::unexpected(held.error());
  const auto all = list();
  if (!all) return tl::unexpected(all.error());
  // All are opened before the first is written: a wrong passphrase changes nothing.
  std::vector<std::pair<std::string, l0::Identity>> open;
  for (const KeyEntry& entry : *all) {
    if (entry.name != name || entry.kind == KeyEntry::Kind::old) continue;
    auto identity = unlock(entry, from);
    // What an earlier change, cut short, has sealed already stays as it is.
    if (!identity && !open.empty() && unlock(entry, to)) continue;
    if (!identity) return tl::unexpected(identity.error());
    open.emplace_back(entry.path, std::move(*identity));
  }
  if (open.empty()) {
    const auto missing = must_find(name, KeyEntry::Kind::current);
    return tl::unexpected(missing.error());
  }
  for (const auto& [path, identity] : open) {
    if (auto done = put_key(path, identity.seed(), to, true); !done) return done;
  }
  return {};
}

// ---- Backups
// -------------------------------------------------------------------------------------

OrMessage<void> KeyStore::back_up(const std::string& name, const std::string& to) {
  const auto entry = must_find(name, KeyEntry::Kind::current);
  if (!entry) return tl::unexpected(entry.error());
  const auto next = find(name, KeyEntry::Kind::next);
  if (!next) return tl::unexpected(next.error());
  const auto copy = [this](const std::string& from, const std::string& target) -> OrMessage<void> {
    const auto bytes = read_public(from, l2::kKeyFileSize);
    if (!bytes) return tl::unexpected(bytes.error());
    const int error = make_file(target, *bytes, random_);
    if (error == EEXIST) return trouble("{} is there already; nothing was overwritten", target);
    if (error != 0) return cannot("write", target, error);
    return {};
  };
  if (auto done = copy(entry->path, to); !done || !*next) return done;
  return copy((*next)->path, to + ".next");
}

}  // namespace mehr::linux_port
