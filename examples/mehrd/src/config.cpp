#include "config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "mehr/common/paths.h"
#include "mehr/common/text.h"
#include "mehr/l0/packet.h"
#include "mehr/linux/key_store.h"
#include "mehr/linux/resolver.h"
#include "toml_reader.h"

namespace mehr::daemon {
namespace {

constexpr std::string_view kKeys =
    "accept_files, bootstrap, bootstrap_name, cover_traffic, data_dir, identity, inbox, interface, "
    "listen, log_format, log_level, max_connections, max_file_size, mtu, outbound_only, peers, "
    "port_mapping, reticulum, socket, unsealed_identity";
constexpr std::int64_t kMostConnections = 60'000;
constexpr std::size_t kMostBootstrap = 256;

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

class ConfigReader : private TomlReader {
 public:
  ConfigReader(std::string path, LoadedConfig& out)
      : TomlReader(std::move(path), out.mistakes), out_(out) {}

  void read();

 private:
  void read_key(const toml::key& key, const toml::node& node);
  void read_bootstrap(const toml::node& node);
  void read_bootstrap_entry(const toml::node& node);
  void read_bootstrap_name(const toml::node& node);
  void check_together(const toml::table& root);
  void read_reticulum(const toml::node& node);
  void read_identity(const toml::node& node);
  void read_log_level(const toml::node& node);
  void read_log_format(const toml::node& node);
  void read_accept(const toml::node& node);
  void finish();

  LoadedConfig& out_;
};

void ConfigReader::read() {
  const std::optional<std::string> content = slurp(path());
  if (!content) {
    out_.mistakes.push_back(
        fmt::format("{}: cannot read the configuration file: {}", path(), std::strerror(errno)));
    return;
  }
  try {
    const toml::table root = toml::parse(*content, path());
    for (const auto& [key, node] : root) read_key(key, node);
    check_together(root);
  } catch (const toml::parse_error& e) {
    mistake(e.source(), fmt::format("this is not TOML: {}", e.description()));
  }
  // The table is sorted by name; people read from the top.
  std::stable_sort(out_.mistakes.begin(), out_.mistakes.end(),
                   [this](const std::string& a, const std::string& b) {
                     const auto line = [this](const std::string& m) {
                       return std::strtoul(m.c_str() + path().size() + 1, nullptr, 10);
                     };
                     return line(a) < line(b);
                   });
  if (out_.mistakes.empty()) finish();
}

void ConfigReader::read_key(const toml::key& key, const toml::node& node) {
  Config& c = out_.config;
  const std::string_view k = key.str();
  if (k == "listen") return read_listen(node, c.listen);
  if (k == "peers") return read_peers(node, c.peers);
  if (k == "bootstrap") return read_bootstrap(node);
  if (k == "bootstrap_name") return read_bootstrap_name(node);
  if (k == "identity") return read_identity(node);
  if (k == "unsealed_identity") return read_flag(node, k, c.unsealed_identity);
  if (k == "cover_traffic") return read_flag(node, k, c.cover_traffic);
  if (k == "outbound_only") return read_flag(node, k, c.outbound_only);
  if (k == "port_mapping") return read_flag(node, k, c.port_mapping);
  if (k == "data_dir") return read_path(node, k, c.data_dir);
  if (k == "socket") return read_path(node, k, c.socket);
  if (k == "inbox") return read_path(node, k, c.inbox);
  if (k == "reticulum") return read_reticulum(node);
  if (k == "interface") return read_interfaces(*this, node, c.interfaces);
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

void ConfigReader::read_reticulum(const toml::node& node) {
  bool relays = false;
  read_flag(node, "reticulum", relays);
  out_.config.reticulum = relays;
}

void ConfigReader::read_identity(const toml::node& node) {
  const std::string* name = text(node, "identity", "the name of a key, such as \"main\"");
  if (name == nullptr) return;
  if (!linux_port::KeyStore::is_name(*name)) {
    return mistake(
        node.source(),
        fmt::format("\"{}\" is no name of a key: it has 1 to 32 letters, digits, \"-\" and "
                    "\"_\"",
                    common::printable(*name)));
  }
  out_.config.identity = *name;
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

void ConfigReader::finish() {
  Config& c = out_.config;
  if (c.listen.empty() && c.peers.empty() && c.interfaces.empty() && !c.discovers()) {
    out_.mistakes.push_back(fmt::format(
        "{}:1:1: the node would be alone; give listen or peers, an [[interface]], or bootstrap "
        "or bootstrap_name to find some",
        path()));
  }
  if (c.data_dir.empty()) c.data_dir = common::default_data_dir();
  if (c.socket.empty()) c.socket = common::resolve(c.data_dir, common::kSocketName);
  if (c.inbox.empty()) c.inbox = common::resolve(c.data_dir, "inbox");
}

}  // namespace

bool Config::relays_reticulum() const {
  return reticulum.value_or(
      std::any_of(interfaces.begin(), interfaces.end(),
                  [](const InterfaceConfig& one) { return one.mode != InterfaceMode::native; }));
}

LoadedConfig load_config(const std::string& path) {
  LoadedConfig out;
  ConfigReader(path, out).read();
  return out;
}

}  // namespace mehr::daemon
