// What the files of the key store share: names of files, sentences, the lock.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "mehr/linux/key_store.h"

namespace mehr::linux_port {

inline constexpr std::array<const char*, 3> kKinds{"key", "next", "old"};
inline constexpr const char* kCommitment = "commitment";
inline constexpr const char* kAdvisory = "advisory";

inline const char* text_of(KeyEntry::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

template <class... Args>
tl::unexpected<std::string> trouble(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(fmt::format(format, std::forward<Args>(args)...));
}

inline tl::unexpected<std::string> cannot(const char* what, const std::string& path, int error) {
  return trouble("cannot {} {}: {}", what, path, std::strerror(error));
}

/// Held while keys are changed; nobody else changes them meanwhile.
using KeyLock = std::unique_ptr<int, void (*)(int*)>;

/// The lock on @p directory, or a sentence. A directory that is not there yet has nothing that
/// could be changed twice.
OrMessage<KeyLock> lock_keys(const std::string& directory);

}  // namespace mehr::linux_port
