// What all parts of the configuration file are read with: one value at a time, checked, and one
// line for every mistake.
//
// Place: examples/mehrd, under config.cpp and interface_config.cpp. Shapes: a reader takes a TOML
// node and the name that people know it by. Failure: a line `file:line:column: what is wrong; what
// would be right` is added to the mistakes, and the target keeps its value. Threads: any, one per
// object.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/linux/endpoint.h"
#include "mehr/linux/tcp.h"

namespace mehr::daemon {

class TomlReader {
 public:
  /// @p mistakes is borrowed for the life of the reader.
  TomlReader(std::string path, std::vector<std::string>& mistakes)
      : path_(std::move(path)), mistakes_(mistakes) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  /// How many mistakes there are by now, of whomever.
  [[nodiscard]] std::size_t mistake_count() const { return mistakes_.size(); }
  void mistake(const toml::source_region& where, const std::string& what);
  /// "KEY must be RIGHT, not a list"
  void wrong_type(const toml::node& node, std::string_view key, std::string_view right);
  /// The text, or nothing after a mistake.
  const std::string* text(const toml::node& node, std::string_view key, std::string_view right);
  void read_flag(const toml::node& node, std::string_view key, bool& to);
  /// Relative to the directory of the file.
  void read_path(const toml::node& node, std::string_view key, std::string& to);
  void read_number(const toml::node& node, std::string_view key, std::int64_t least,
                   std::int64_t most, const std::function<void(std::int64_t)>& set);
  std::optional<NodeId> read_node_id(const toml::node& node, std::string_view key);
  /// A list of addresses to listen on, none twice.
  void read_listen(const toml::node& node, std::vector<linux_port::Endpoint>& to);
  /// A list of addresses, or tables of an address and a node, none twice.
  void read_peers(const toml::node& node, std::vector<linux_port::DialTarget>& to);

 private:
  void read_peer(const toml::node& node, std::vector<linux_port::DialTarget>& to);
  void read_peer_table(const toml::table& table, std::vector<linux_port::DialTarget>& to);
  void add_peer(const toml::node& node, const std::string& address, std::optional<NodeId> id,
                std::vector<linux_port::DialTarget>& to);

  std::string path_;
  std::vector<std::string>& mistakes_;
};

}  // namespace mehr::daemon
