// The configuration file: TOML in, one checked value out.
//
// Place: examples/mehrd. What each key means stands in docs/daemon.md.
// Failure: every mistake gives one line `file:line:column: what is wrong; what would be right`; all
// mistakes of a file are told at once, except that TOML itself stops at the first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interface_config.h"
#include "log.h"
#include "mehr/core/ids.h"
#include "mehr/linux/endpoint.h"
#include "mehr/linux/tcp.h"

namespace mehr::daemon {

enum class AcceptFiles : std::uint8_t { all, none, listed };

/// All paths are absolute or relative to the working directory, whatever the file said.
struct Config {
  std::vector<linux_port::Endpoint> listen;
  std::vector<linux_port::DialTarget> peers;
  std::optional<linux_port::Endpoint> bootstrap_name;  ///< a name to resolve and dial
  std::vector<linux_port::Endpoint> bootstrap;         ///< addresses to dial when all else fails
  bool outbound_only = false;                          ///< listens nowhere
  bool port_mapping = false;                           ///< asks the router for a port
  std::string data_dir;
  std::string socket;
  std::string inbox;
  Level log_level = Level::info;
  LogFormat log_format = LogFormat::text;
  std::size_t max_connections = 512;
  Mtu mtu{4096};  ///< message bytes in a frame; links take the lesser of both ends
  AcceptFiles accept_files = AcceptFiles::all;
  std::vector<NodeId> accept_from;  ///< with AcceptFiles::listed
  std::uint64_t max_file_size = 1ULL << 36;
  std::vector<InterfaceConfig> interfaces;  ///< besides that of `listen` and `peers`
  std::optional<bool> reticulum;            ///< as the file says it, if it does
  std::string identity = "main";            ///< which key of the key store
  bool unsealed_identity = false;           ///< the key lies in a plain file
  bool cover_traffic = false;               ///< an onion to nowhere once a minute

  /// Relays for Reticulum peers: said, or because there is an interface that they may be on.
  [[nodiscard]] bool relays_reticulum() const;
  /// Looks for neighbours on its own.
  [[nodiscard]] bool discovers() const { return bootstrap_name || !bootstrap.empty(); }
};

struct LoadedConfig {
  Config config;
  std::vector<std::string> mistakes;  ///< empty: `config` may be used
};

/// Reads @p path; paths in it are relative to its directory.
[[nodiscard]] LoadedConfig load_config(const std::string& path);

}  // namespace mehr::daemon
