#include "toml_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "mehr/common/paths.h"
#include "mehr/common/text.h"

namespace mehr::daemon {
namespace {

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

}  // namespace

void TomlReader::mistake(const toml::source_region& where, const std::string& what) {
  mistakes_.push_back(
      fmt::format("{}:{}:{}: {}", path_, where.begin.line, where.begin.column, what));
}

void TomlReader::wrong_type(const toml::node& node, std::string_view key, std::string_view right) {
  mistake(node.source(), fmt::format("{} must be {}, not {}", key, right, name_of(node.type())));
}

const std::string* TomlReader::text(const toml::node& node, std::string_view key,
                                    std::string_view right) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    wrong_type(node, key, right);
    return nullptr;
  }
  return &value->get();
}

void TomlReader::read_flag(const toml::node& node, std::string_view key, bool& to) {
  const auto* value = node.as_boolean();
  if (value == nullptr) return wrong_type(node, key, "true or false");
  to = value->get();
}

std::optional<NodeId> TomlReader::read_node_id(const toml::node& node, std::string_view key) {
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

void TomlReader::read_path(const toml::node& node, std::string_view key, std::string& to) {
  const std::string* value = text(node, key, "a path");
  if (value == nullptr) return;
  if (value->empty() || value->find('\0') != std::string::npos) {
    return mistake(node.source(), fmt::format("{} is empty; it must be a path", key));
  }
  const std::size_t slash = path_.rfind('/');
  const std::string base = slash == std::string::npos ? "." : path_.substr(0, slash);
  to = common::resolve(base, *value);
}

void TomlReader::read_number(const toml::node& node, std::string_view key, std::int64_t least,
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

void TomlReader::read_listen(const toml::node& node, std::vector<linux_port::Endpoint>& to) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return wrong_type(node, "listen", "a list of addresses such as [\"0.0.0.0:4247\"]");
  }
  for (const toml::node& entry : *list) {
    const std::string* address =
        text(entry, "an entry of listen", "a text such as \"0.0.0.0:4247\"");
    if (address == nullptr) continue;
    auto where = linux_port::parse_endpoint(*address);
    if (!where) {
      mistake(entry.source(), where.error());
    } else if (where->port != 0 && std::find(to.begin(), to.end(), *where) != to.end()) {
      mistake(entry.source(),
              fmt::format("{} is listed twice; once is enough", linux_port::to_string(*where)));
    } else {
      to.push_back(std::move(*where));
    }
  }
}

void TomlReader::read_peers(const toml::node& node, std::vector<linux_port::DialTarget>& to) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return wrong_type(node, "peers", "a list of addresses such as [\"node.example:4247\"]");
  }
  for (const toml::node& entry : *list) read_peer(entry, to);
}

void TomlReader::read_peer(const toml::node& node, std::vector<linux_port::DialTarget>& to) {
  if (const auto* table = node.as_table()) return read_peer_table(*table, to);
  const std::string* address =
      text(node, "a peer",
           "an address such as \"node.example:4247\" or a table such as "
           "{ address = \"node.example:4247\", node = \"32 hexadecimal digits\" }");
  if (address != nullptr) add_peer(node, *address, std::nullopt, to);
}

void TomlReader::read_peer_table(const toml::table& table,
                                 std::vector<linux_port::DialTarget>& to) {
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
  if (address != nullptr && good) add_peer(*address_node, *address, id, to);
}

void TomlReader::add_peer(const toml::node& node, const std::string& address,
                          std::optional<NodeId> id, std::vector<linux_port::DialTarget>& to) {
  auto where = linux_port::parse_endpoint(address);
  if (!where) return mistake(node.source(), where.error());
  if (where->port == 0) {
    return mistake(node.source(),
                   fmt::format("\"{}\" cannot be dialled: a peer's port is 1 to 65535", address));
  }
  const bool known =
      std::any_of(to.begin(), to.end(), [&where](const auto& p) { return p.where == *where; });
  if (known) {
    return mistake(node.source(), fmt::format("the peer {} is listed twice; once is enough",
                                              linux_port::to_string(*where)));
  }
  to.push_back({std::move(*where), id});
}

}  // namespace mehr::daemon
