// What each command asks the daemon and how it shows the answer.
//
// Place: examples/mehr. Every function gives the exit code; results go to standard output, one
// sentence on what went wrong to standard error.
#pragma once

#include <cstdint>
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

int show_status(const Options& options);
int show_id(const Options& options);
int show_peers(const Options& options);
int show_routes(const Options& options);
int show_transfers(const Options& options);
int show_inbox(const Options& options);
int send_file(const Options& options, const SendOptions& what);
int cancel_transfer(const Options& options, std::uint64_t number);
/// One JSON object per event, until the daemon or the user ends it.
int watch(const Options& options);

/// Writes @p message to standard error; @p exit.
int complain(int exit, const std::string& message);

}  // namespace mehr::cli
