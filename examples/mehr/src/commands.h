// What each command asks the daemon and how it shows the answer.
//
// Place: examples/mehr. Every function gives the exit code; results go to standard output, one
// sentence on what went wrong to standard error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mehr::cli {

struct Options {
  std::string socket;
  bool json = false;
  bool wide = false;  ///< whole ids in tables
};

struct SendOptions {
  std::string node;
  std::string path;
  std::string name;
  bool no_wait = false;
  bool progress = false;  ///< also when standard output is no terminal
};

struct PathOptions {
  std::string node;
  std::optional<std::string> policy;
  std::optional<std::uint16_t> min_mtu;
  bool wait = false;
};

struct ProbeOptions {
  std::string node;
  std::optional<std::uint16_t> size;
  bool mtu = false;   ///< search the largest packet that passes
  bool wait = false;  ///< follow the search
  bool last = false;  ///< show what is known, send nothing
};

int show_status(const Options& options);
int show_id(const Options& options);
int show_peers(const Options& options);
int show_links(const Options& options);
int show_routes(const Options& options);
int show_interfaces(const Options& options);
int show_reticulum(const Options& options);
int show_path(const Options& options, const PathOptions& what);
int probe(const Options& options, const ProbeOptions& what);
int show_transfers(const Options& options);
int show_inbox(const Options& options);
int send_file(const Options& options, const SendOptions& what);
int cancel_transfer(const Options& options, std::uint64_t number);
/// One JSON object per event, until the daemon or the user ends it.
int watch(const Options& options);

/// Writes @p message to standard error; @p exit.
int complain(int exit, const std::string& message);

}  // namespace mehr::cli
