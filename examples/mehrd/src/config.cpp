#include "config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>

#include "mehr/common/paths.h"
#include "mehr/common/text.h"
#include "mehr/l0/packet.h"
#include "mehr/linux/resolver.h"

namespace mehr::daemon {
namespace {

constexpr std::string_view kKeys =
    "accept_files, bootstrap, bootstrap_name, data_dir, inbox, listen, log_format, log_level, "
    "max_connections, max_file_size, mtu, outbound_only, peers, port_mapping, socket";
constexpr std::int64_t kMostConnections = 60'000;
constexpr std::size_t kMostBootstrap = 256;

const char* name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

// The whole file, or nothing with errno set.
std::optional<std::string> slurp(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return std::nullopt;
  std::string out;
  std::array<char, 4096> block{};
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), file.get())) {
    out.append(block.data(), n);
  }
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return out;
}

class ConfigReader {
 public:
  ConfigReader(std::string path, LoadedConfig& out) : path_(std::move(path)), out_(out) {}

  void read();

 private:
  void mistake(const toml::source_region& where, const std::string& what) {
    out_.mistakes.push_back(
        fmt::format("{}:{}:{}: {}", path_, where.begin.line, where.begin.column, what));
  }
  void wrong_type(const toml::node& node, std::string_view key, std::string_view right) {
    mistake(node.source(), fmt::format("{} must be {}, not {}", key, right, name_of(node.type())));
  }
  const std::string* text(const toml::node& node, std::string_view key, std::string_view right) {
    const auto* value = node.as_string();
    if (value == nullptr) {
      wrong_type(node, key, right);
      return nullptr;
    }
    return &value->get();
  }

  void read_key(const toml::key& key, const toml::node& node);
  void read_listen(const toml::node& node);
  void read_peers(const toml::node& node);
  void read_peer(const toml::node& node);
  void read_peer_table(const toml::table& table);
  void add_peer(const toml::node& node, const std::string& address, std::optional<NodeId> id);
  void read_bootstrap(const toml::node& node);
  void read_bootstrap_entry(const toml::node& node);
  void read_bootstrap_name(const toml::node& node);
  void read_flag(const toml::node& node, std::string_view key, bool& to);
  void check_together(const toml::table& root);
  void read_path(const toml::node& node, std::string_view key, std::string& to);
  void read_log_level(const toml::node& node);
  void read_log_format(const toml::node& node);
  void read_accept(const toml::node& node);
  void read_number(const toml::node& node, std::string_view key, std::int64_t least,
                   std::int64_t most, const std::function<void(std::int64_t)>& set);
  std::optional<NodeId> read_node_id(const toml::node& node, std::string_view key);
  void finish();

  std::string path_;
  LoadedConfig& out_;
};

void ConfigReader::read() {
  const std::optional<std::string> content = slurp(path_);
  if (!content) {
    out_.mistakes.push_back(
        fmt::format("{}: cannot read the configuration file: {}", path_, std::strerror(errno)));
    return;
  }
  try {
    const toml::table root = toml::parse(*content, path_);
    for (const auto& [key, node] : root) read_key(key, node);
    check_together(root);
  } catch (const toml::parse_error& e) {
    mistake(e.source(), fmt::format("this is not TOML: {}", e.description()));
  }
  // The table is sorted by name; people read from the top.
  std::stable_sort(out_.mistakes.begin(), out_.mistakes.end(),
                   [this](const std::string& a, const std::string& b) {
                     const auto line = [this](const std::string& m) {
                       return std::strtoul(m.c_str() + path_.size() + 1, nullptr, 10);
                     };
                     return line(a) < line(b);
                   });
  if (out_.mistakes.empty()) finish();
}

void ConfigReader::read_key(const toml::key& key, const toml::node& node) {
  Config& c = out_.config;
  const std::string_view k = key.str();
  if (k == "listen") return read_listen(node);
  if (k == "peers") return read_peers(node);
  if (k == "bootstrap") return read_bootstrap(node);
  if (k == "bootstrap_name") return read_bootstrap_name(node);
  if (k == "outbound_only") return read_flag(node, k, c.outbound_only);
  if (k == "port_mapping") return read_flag(node, k, c.port_mapping);
  if (k == "data_dir") return read_path(node, k, c.data_dir);
  if (k == "socket") return read_path(node, k, c.socket);
  if (k == "inbox") return read_path(node, k, c.inbox);
  if (k == "log_level") return read_log_level(node);
  if (k == "log_format") return read_log_format(node);
  if (k == "accept_files") return read_accept(node);
  if (k == "max_connections") {
    return read_number(node, k, 1, kMostConnections,
                       [&c](std::int64_t n) { c.max_connections = static_cast<std::size_t>(n); });
  }
  if (k == "mtu") {
    return read_number(node, k, l0::kConstrainedMtu.bytes, l0::kBulkMtu.bytes,
                       [&c](std::int64_t n) { c.mtu.bytes = static_cast<std::uint16_t>(n); });
  }
  if (k == "max_file_size") {
    return read_number(node, k, 1, std::int64_t{1} << 46,
                       [&c](std::int64_t n) { c.max_file_size = static_cast<std::uint64_t>(n); });
  }
  mistake(key.source(), fmt::format("unknown key \"{}\"; known are {}", k, kKeys));
}

void ConfigReader::read_listen(const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return wrong_type(node, "listen", "a list of addresses such as [\"0.0.0.0:4247\"]");
  }
  auto& listen = out_.config.listen;
  for (const toml::node& entry : *list) {
    const std::string* address =
        text(entry, "an entry of listen", "a text such as \"0.0.0.0:4247\"");
    if (address == nullptr) continue;
    auto where = linux_port::parse_endpoint(*address);
    if (!where) {
      mistake(entry.source(), where.error());
    } else if (where->port != 0 &&
               std::find(listen.begin(), listen.end(), *where) != listen.end()) {
      mistake(entry.source(),
              fmt::format("{} is listed twice; once is enough", linux_port::to_string(*where)));
    } else {
      listen.push_back(std::move(*where));
    }
  }
}

void ConfigReader::read_peers(const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return wrong_type(node, "peers", "a list of addresses such as [\"node.example:4247\"]");
  }
  for (const toml::node& entry : *list) read_peer(entry);
}

void ConfigReader::read_peer(const toml::node& node) {
  if (const auto* table = node.as_table()) return read_peer_table(*table);
  const std::string* address =
      text(node, "a peer",
           "an address such as \"node.example:4247\" or a table such as "
           "{ address = \"node.example:4247\", node = \"32 hexadecimal digits\" }");
  if (address != nullptr) add_peer(node, *address, std::nullopt);
}

void ConfigReader::read_peer_table(const toml::table& table) {
  const toml::node* address_node = nullptr;
  std::optional<NodeId> id;
  bool good = true;
  for (const auto& [key, node] : table) {
    if (key.str() == "address") {
      address_node = &node;
    } else if (key.str() == "node") {
      id = read_node_id(node, "node");
      good = good && id.has_value();
    } else {
      mistake(key.source(),
              fmt::format("unknown key \"{}\" of a peer; known are address, node", key.str()));
      good = false;
    }
  }
  if (address_node == nullptr) {
    return mistake(table.source(), "a peer needs an address, such as \"node.example:4247\"");
  }
  const std::string* address = text(*address_node, "address", "a text");
  if (address != nullptr && good) add_peer(*address_node, *address, id);
}

void ConfigReader::add_peer(const toml::node& node, const std::string& address,
                            std::optional<NodeId> id) {
  auto where = linux_port::parse_endpoint(address);
  if (!where) return mistake(node.source(), where.error());
  if (where->port == 0) {
    return mistake(node.source(),
                   fmt::format("\"{}\" cannot be dialled: a peer's port is 1 to 65535", address));
  }
  auto& peers = out_.config.peers;
  const bool known = std::any_of(peers.begin(), peers.end(),
                                 [&where](const auto& p) { return p.where == *where; });
  if (known) {
    return mistake(node.source(), fmt::format("the peer {} is listed twice; once is enough",
                                              linux_port::to_string(*where)));
  }
  peers.push_back({std::move(*where), id});
}

void ConfigReader::read_bootstrap(const toml::node& node) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return wrong_type(node, "bootstrap", "a list of addresses such as [\"192.0.2.1:4247\"]");
  }
  if (list->size() > kMostBootstrap) {
    return mistake(node.source(), fmt::format("bootstrap lists {} addresses; {} are allowed",
                                              list->size(), kMostBootstrap));
  }
  for (const toml::node& entry : *list) read_bootstrap_entry(entry);
}

void ConfigReader::read_bootstrap_entry(const toml::node& node) {
  const std::string* address =
      text(node, "an entry of bootstrap", "a text such as \"192.0.2.1:4247\"");
  if (address == nullptr) return;
  auto where = linux_port::parse_endpoint(*address);
  if (!where) return mistake(node.source(), where.error());
  const auto peer = linux_port::literal_peer(*where);
  if (!peer) {
    return mistake(node.source(), fmt::format("\"{}\" is a name; bootstrap lists addresses such as "
                                              "\"192.0.2.1:4247\", and bootstrap_name takes a name",
                                              common::printable(*address)));
  }
  if (peer->port == 0 || l1::reach_of(peer->host) == l1::Reach::none) {
    return mistake(node.source(),
                   fmt::format("\"{}\" cannot be dialled: it takes the address of one machine and "
                               "a port from 1 to 65535",
                               *address));
  }
  auto& list = out_.config.bootstrap;
  if (std::find(list.begin(), list.end(), *where) != list.end()) {
    return mistake(node.source(), fmt::format("{} is listed twice; once is enough",
                                              linux_port::to_string(*where)));
  }
  list.push_back(std::move(*where));
}

void ConfigReader::read_bootstrap_name(const toml::node& node) {
  const std::string* name =
      text(node, "bootstrap_name", "a name such as \"nodes.example\" or \"nodes.example:4247\"");
  if (name == nullptr) return;
  auto where = linux_port::parse_endpoint(*name);
  if (!where) return mistake(node.source(), where.error());
  if (where->port == 0) {
    return mistake(node.source(),
                   fmt::format("\"{}\" cannot be dialled: a port is 1 to 65535", *name));
  }
  out_.config.bootstrap_name = std::move(*where);
}

void ConfigReader::read_flag(const toml::node& node, std::string_view key, bool& to) {
  const auto* value = node.as_boolean();
  if (value == nullptr) return wrong_type(node, key, "true or false");
  to = value->get();
}

// Keys that are right by themselves and wrong beside each other.
void ConfigReader::check_together(const toml::table& root) {
  const Config& c = out_.config;
  if (c.outbound_only && !c.listen.empty()) {
    mistake(root.get("outbound_only")->source(),
            "outbound_only and listen contradict each other; leave one of them out");
  }
  const auto* listen = root.get_as<toml::array>("listen");
  if (c.port_mapping && (root.get("listen") == nullptr || (listen != nullptr && listen->empty()))) {
    mistake(root.get("port_mapping")->source(),
            "port_mapping leads to a port that is listened on; give listen, or leave it out");
  }
}

std::optional<NodeId> ConfigReader::read_node_id(const toml::node& node, std::string_view key) {
  const std::string* hex = text(node, key, "a NodeID of 32 hexadecimal digits");
  if (hex == nullptr) return std::nullopt;
  auto id = common::parse_node_id(*hex);
  if (!id) {
    mistake(node.source(),
            fmt::format("\"{}\" is not a NodeID; it has 32 hexadecimal digits (mehr id shows it)",
                        common::printable(*hex)));
  }
  return id;
}

void ConfigReader::read_path(const toml::node& node, std::string_view key, std::string& to) {
  const std::string* value = text(node, key, "a path");
  if (value == nullptr) return;
  if (value->empty() || value->find('\0') != std::string::npos) {
    return mistake(node.source(), fmt::format("{} is empty; it must be a path", key));
  }
  const std::size_t slash = path_.rfind('/');
  const std::string base = slash == std::string::npos ? "." : path_.substr(0, slash);
  to = common::resolve(base, *value);
}

void ConfigReader::read_log_level(const toml::node& node) {
  static constexpr std::array<std::string_view, 5> kNames{"trace", "debug", "info", "warning",
                                                          "error"};
  const std::string* value = text(node, "log_level", "one of the texts trace, debug, info, ...");
  if (value == nullptr) return;
  const auto* const found = std::find(kNames.begin(), kNames.end(), *value);
  if (found == kNames.end()) {
    return mistake(node.source(),
                   fmt::format("\"{}\" is no log level; use trace, debug, info, warning or error",
                               common::printable(*value)));
  }
  out_.config.log_level = static_cast<Level>(found - kNames.begin());
}

void ConfigReader::read_log_format(const toml::node& node) {
  const std::string* value = text(node, "log_format", "\"text\" or \"json\"");
  if (value == nullptr) return;
  if (*value != "text" && *value != "json") {
    return mistake(node.source(), fmt::format("\"{}\" is no log format; use text or json",
                                              common::printable(*value)));
  }
  out_.config.log_format = *value == "json" ? LogFormat::json : LogFormat::text;
}

void ConfigReader::read_accept(const toml::node& node) {
  constexpr std::string_view kRight = "\"all\", \"none\" or a list of NodeIDs";
  Config& c = out_.config;
  if (const auto* list = node.as_array()) {
    c.accept_files = AcceptFiles::listed;
    for (const toml::node& entry : *list) {
      const auto id = read_node_id(entry, "an entry of accept_files");
      if (!id) continue;
      if (std::find(c.accept_from.begin(), c.accept_from.end(), *id) != c.accept_from.end()) {
        mistake(entry.source(), "this NodeID is listed twice; once is enough");
      }
      c.accept_from.push_back(*id);
    }
    return;
  }
  const std::string* value = text(node, "accept_files", kRight);
  if (value == nullptr) return;
  if (*value != "all" && *value != "none") {
    return mistake(node.source(), fmt::format("accept_files must be {}, not \"{}\"", kRight,
                                              common::printable(*value)));
  }
  c.accept_files = *value == "all" ? AcceptFiles::all : AcceptFiles::none;
}

void ConfigReader::read_number(const toml::node& node, std::string_view key, std::int64_t least,
                               std::int64_t most, const std::function<void(std::int64_t)>& set) {
  const auto* value = node.as_integer();
  if (value == nullptr) {
    return wrong_type(node, key, fmt::format("a number from {} to {}", least, most));
  }
  if (value->get() < least || value->get() > most) {
    return mistake(node.source(),
                   fmt::format("{} must be from {} to {}, not {}", key, least, most, value->get()));
  }
  set(value->get());
}

void ConfigReader::finish() {
  Config& c = out_.config;
  if (c.listen.empty() && c.peers.empty() && !c.discovers()) {
    out_.mistakes.push_back(fmt::format(
        "{}:1:1: the node would be alone; give listen or peers, or bootstrap or bootstrap_name to "
        "find some",
        path_));
  }
  if (c.data_dir.empty()) c.data_dir = common::default_data_dir();
  if (c.socket.empty()) c.socket = common::resolve(c.data_dir, common::kSocketName);
  if (c.inbox.empty()) c.inbox = common::resolve(c.data_dir, "inbox");
}

}  // namespace

LoadedConfig load_config(const std::string& path) {
  LoadedConfig out;
  ConfigReader(path, out).read();
  return out;
}

}  // namespace mehr::daemon
