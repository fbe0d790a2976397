// `mehr key`: the keys of a node on this machine, with or without a running daemon.
//
// Place: examples/mehr, over the key store of ports/linux. Passphrases come from descriptors or the
// terminal, never from arguments. Results go to standard output, questions to the terminal, one
// sentence on what went wrong to standard error; what fails changes nothing.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"

namespace mehr::cli {

struct KeyOptions {
  std::string data_dir;
  std::string name = "main";
  std::string file;
  std::string successor;
  std::vector<std::string> share_files;
  unsigned needed = 0;
  unsigned total = 0;
  bool next = false;  ///< split, combine: the next key instead
  bool yes = false;
  std::optional<int> passphrase_fd;
  std::optional<int> new_passphrase_fd;
};

/// Adds the command with all that belongs to it.
CLI::App* add_key(CLI::App& app, KeyOptions& options);
/// Runs what was asked for; the exit code.
int run_key(const CLI::App& key, const Options& options, const KeyOptions& what);
/// `mehr reputation`.
int show_reputation(const Options& options);

}  // namespace mehr::cli
