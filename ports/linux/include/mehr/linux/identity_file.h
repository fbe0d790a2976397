// The file that holds a node's seed in the clear, guarded by its mode alone.
//
// Place: ports/linux; what a daemon starts from. spec: L0/1, L0/2 generate_identity
// Shapes: 44 bytes: "MEHRSEED" 8, seed 32, check 4 = first bytes of B2 over the 40 before it. A
// key file sealed with a passphrase (key_store.h) is another format with another magic, and what a
// node has unless it is told otherwise.
// Safety: made with mode 0600 whatever the umask, complete before it has its name, never
// overwritten; of several makers at once one wins and all load its identity. A file that others
// may read, of another size, or damaged is refused, and left as it is.
// Errors: one sentence for people. Threads: any. The bytes read are wiped.
#pragma once

#include <optional>
#include <string>

#include "mehr/core/random.h"
#include "mehr/l0/identity.h"
#include "mehr/linux/log.h"

namespace mehr::linux_port {

struct LoadedIdentity {
  l0::Identity identity;
  bool created = false;  ///< the file did not exist before
};

/// The identity in @p path; a fresh one is drawn and written when there is no such file.
OrMessage<LoadedIdentity> load_or_create_identity(const std::string& path, Random& random);

/// The seed in @p path, for whoever seals it; nothing when there is no such file.
OrMessage<std::optional<crypto::Seed>> load_plain_seed(const std::string& path);
/// Overwrites and removes @p path once its seed is sealed elsewhere.
OrMessage<void> erase_plain_seed(const std::string& path);

}  // namespace mehr::linux_port
