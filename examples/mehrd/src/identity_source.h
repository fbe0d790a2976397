// Which identity the daemon runs with, and where its passphrase comes from.
//
// Place: examples/mehrd, over the key store of ports/linux. What people are told stands in
// docs/daemon.md, "The node's key".
// Order: the sealed key that the configuration names; else, from before there were sealed keys or
// because `unsealed_identity` asks for it, the plain file "identity"; else a new one.
// Safety: a plain file is sealed as soon as there is a passphrase, and overwritten and removed once
// the sealed one is on the disk. A wrong passphrase changes nothing.
// Failure: one sentence. Threads: the caller's, before the loop runs: it may wait for a person.
#pragma once

#include <optional>
#include <string>

#include "config.h"
#include "mehr/core/random.h"
#include "mehr/l0/identity.h"
#include "mehr/linux/log.h"

namespace mehr::daemon {

struct OwnIdentity {
  enum class Made : std::uint8_t { loaded, created, sealed };  ///< sealed: out of a plain file
  l0::Identity identity;
  std::string file;
  Made made = Made::loaded;
  bool is_sealed = true;
};

/// @p passphrase_descriptor is what --passphrase-fd said.
linux_port::OrMessage<OwnIdentity> obtain_identity(const Config& config,
                                                   std::optional<int> passphrase_descriptor,
                                                   Random& random);

}  // namespace mehr::daemon
