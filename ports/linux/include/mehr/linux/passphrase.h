// Where a passphrase comes from: never from arguments, never from the environment.
//
// Place: ports/linux. Order: a file descriptor that the caller names, else a systemd credential,
// else the terminal, without echo, when this program is in its foreground.
// Shapes: a line end at the end is not part of a passphrase; anything else is.
// Machine: none. Bounds: 1,024 bytes. Safety: what was read is wiped but in the Passphrase itself;
// echo is restored whatever happens, a signal included. Errors: one sentence for people.
// Threads: one at a time; prompting waits for the person.
#pragma once

#include <optional>
#include <string>

#include "mehr/l2/key_file.h"
#include "mehr/linux/log.h"

namespace mehr::linux_port {

/// Name of the credential that systemd's LoadCredential= or LoadCredentialEncrypted= gives.
inline constexpr const char* kPassphraseCredential = "mehr-passphrase";

/// The passphrase that stands ready: from @p descriptor if one is given, else from the credential;
/// nothing when there is neither.
OrMessage<std::optional<l2::Passphrase>> given_passphrase(std::optional<int> descriptor);

/// True when a person can be asked.
bool can_prompt();
/// Asks @p question on the terminal.
OrMessage<l2::Passphrase> prompt_passphrase(const std::string& question);
/// Asks for a new one, twice; it is not empty.
OrMessage<l2::Passphrase> prompt_new_passphrase(const std::string& question);

}  // namespace mehr::linux_port
