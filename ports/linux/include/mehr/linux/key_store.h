// The keys of a node on disk, each sealed under a passphrase. spec: L2/6
//
// Place: ports/linux; mehrd unlocks one key of it, `mehr key` does the rest. What is in the files
// is L2's matter (mehr/l2/key_file.h, advisory.h). Shapes: a directory "keys" with files
// NAME.NODEID.KIND: "key" the present identity of a name, "next" the one that it has committed to,
// "old" those before; all "MEHRKEY1". Beside them what is public: "commitment" and "advisory" of a
// NodeID, as gossip carries them. Machine: of a name CURRENT with its next -(rotate)-> next is
// current, current is old, a new next. Safety: every file is made with mode 0600, complete before
// it has its name, and never overwritten but by the same key under another passphrase, whole or not
// at all. What fails leaves everything as it was. A NodeID in a file's name that is not that of the
// seed inside is told. While one program changes keys, another that wants to is refused. Bounds: 64
// names, of 1 to 32 letters, digits, "-" and "_". Errors: one sentence for people. Threads: any;
// unlocking takes its time by design.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/l0/identity.h"
#include "mehr/l2/advisory.h"
#include "mehr/l2/key_file.h"
#include "mehr/linux/log.h"

namespace mehr::linux_port {

/// One key file.
struct KeyEntry {
  enum class Kind : std::uint8_t { current, next, old };
  std::string name;
  NodeId node;
  Kind kind = Kind::current;
  std::string path;
};

/// A public structure to hand to gossip: a commitment or an advisory.
struct KeyNotice {
  std::uint8_t kind = 0;  ///< gossip kind
  NodeId about;
  Bytes body;
};

class KeyStore {
 public:
  /// The name that a node without another has.
  static constexpr const char* kDefaultName = "main";

  /// Keys in "keys" of @p data_dir; the directory is made when something is stored.
  KeyStore(const std::string& data_dir, Random& random);
  /// What sealing costs from here on; what L2 says unless told otherwise.
  void set_cost(const crypto::Argon2Cost& cost) { cost_ = cost; }

  /// Every key, by name and kind. Files of other names are none of ours.
  [[nodiscard]] OrMessage<std::vector<KeyEntry>> list() const;
  /// The present key of @p name; nothing when there is none.
  [[nodiscard]] OrMessage<std::optional<KeyEntry>> current(const std::string& name) const;
  /// The identity in the file of @p entry.
  [[nodiscard]] OrMessage<l0::Identity> unlock(const KeyEntry& entry,
                                               const l2::Passphrase& passphrase) const;

  /// Stores @p seed as @p name, with a fresh next key and a commitment to it.
  OrMessage<KeyEntry> add(const std::string& name, const crypto::Seed& seed,
                          const l2::Passphrase& passphrase);
  /// The same with a next key that is known already: what a backup holds.
  OrMessage<KeyEntry> add(const std::string& name, const crypto::Seed& seed,
                          const crypto::Seed& next, const l2::Passphrase& passphrase);
  /// Seals the keys of @p name under another passphrase; the seeds stay.
  OrMessage<void> change_passphrase(const std::string& name, const l2::Passphrase& from,
                                    const l2::Passphrase& to);
  /// Takes @p next for the next key of @p name again, out of shares or a backup: the one that it is
  /// committed to, or, where another next key is there, instead of that, which is kept as an old
  /// one.
  OrMessage<KeyEntry> restore_next(const std::string& name, const crypto::Seed& next,
                                   const l2::Passphrase& passphrase);
  /// Does what a rotation that was cut short has left undone; the present key afterwards, which is
  /// another than @p entry when that one's successor had been named already. @p owner is what
  /// @p entry holds. A next key that is kept elsewhere stays there.
  OrMessage<KeyEntry> complete(const KeyEntry& entry, const l0::Identity& owner,
                               const l2::Passphrase& passphrase);
  /// Makes the next key of @p name its present one, and signs the notice that says so with both.
  /// Refused when the key is committed to another, or to one that is not here.
  OrMessage<KeyEntry> rotate(const std::string& name, const l2::Passphrase& passphrase,
                             std::uint64_t unix_ms);
  /// Signs a notice that the key of @p name is in other hands; @p successor may be zero.
  OrMessage<KeyNotice> advise(const std::string& name, const l2::Passphrase& passphrase,
                              const PublicKey& successor, std::uint64_t unix_ms);

  /// Copies the key of @p name to @p to, and its next key to "TO.next", as they are; neither may be
  /// there.
  OrMessage<void> back_up(const std::string& name, const std::string& to);
  /// Commitments and advisories of the keys of @p name, present and past. Those of other names are
  /// not for the same mouth: who hears both knows that one machine has them.
  [[nodiscard]] OrMessage<std::vector<KeyNotice>> notices(const std::string& name) const;

  /// True for what may be a name.
  [[nodiscard]] static bool is_name(const std::string& name);
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[nodiscard]] std::string path_of(const std::string& name, const NodeId& node,
                                    const char* kind) const;
  /// The next key of @p name, a fresh one where none is committed to; on the disk afterwards.
  OrMessage<l0::Identity> next_of(const KeyEntry& entry, const l2::Passphrase& passphrase);
  /// What the key of @p entry is committed to, if it is.
  [[nodiscard]] OrMessage<std::optional<Hash256>> commitment_of(const KeyEntry& entry) const;
  [[nodiscard]] OrMessage<std::optional<KeyEntry>> named_successor(const KeyEntry& entry) const;
  /// False when a rotation to or from @p entry was cut short.
  [[nodiscard]] OrMessage<bool> is_whole(const KeyEntry& entry) const;
  /// The present key of @p name, its file under its own name.
  OrMessage<KeyEntry> present(const std::string& name);
  /// That, and what is in it.
  struct Own {
    KeyEntry entry;
    l0::Identity owner;
  };
  OrMessage<Own> open_present(const std::string& name, const l2::Passphrase& passphrase);
  OrMessage<void> retire(const KeyEntry& entry);
  OrMessage<KeyEntry> finish_rotation(const KeyEntry& old, const l0::Identity& next,
                                      const l2::Passphrase& passphrase);
  [[nodiscard]] OrMessage<std::optional<KeyEntry>> find(const std::string& name,
                                                        KeyEntry::Kind kind) const;
  OrMessage<void> make_directory() const;
  OrMessage<void> put_key(const std::string& path, const crypto::Seed& seed,
                          const l2::Passphrase& passphrase, bool replace);
  OrMessage<void> put_notice(const std::string& name, const KeyNotice& notice, const char* kind);
  OrMessage<void> commit(const std::string& name, const l0::Identity& owner,
                         const l0::Identity& next, const l2::Passphrase& passphrase);
  OrMessage<void> put_commitment(const std::string& name, const l0::Identity& owner,
                                 const PublicKey& next);
  OrMessage<KeyEntry> must_find(const std::string& name, KeyEntry::Kind kind) const;
  OrMessage<std::uint64_t> next_sequence(const std::string& name, const NodeId& about) const;

  std::string directory_;
  Random& random_;
  crypto::Argon2Cost cost_;
};

/// What a person is told of a key file that does not open, without saying more than is known.
OrMessage<crypto::Seed> read_key_file(const std::string& path, const l2::Passphrase& passphrase);

}  // namespace mehr::linux_port
