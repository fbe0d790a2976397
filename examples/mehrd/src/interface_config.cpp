#include "interface_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "mehr/common/text.h"
#include "mehr/l0/packet.h"
#include "mehr/linux/resolver.h"
#include "toml_reader.h"

namespace mehr::daemon {
namespace {

constexpr std::size_t kMostInterfaces = 32;
constexpr std::size_t kMostName = 32;
constexpr std::int64_t kMostConnections = 60'000;
constexpr std::int64_t kMostRate = 1'000'000'000'000;
constexpr std::int64_t kMostLatency = 600'000;
// A radio's or line's frame carries the least packet that any link does.
constexpr std::uint16_t kNarrow = l0::kConstrainedMtu.bytes;

constexpr std::array<std::string_view, 5> kTypes{"tcp", "udp", "serial", "rnode", "pipe"};
constexpr std::string_view kShared = "bitrate, cost, latency_ms, mode, mtu, name, type";

// Which key belongs to which types, by their places in kTypes.
struct Key {
  std::string_view name;
  std::string_view types;
};
constexpr std::array<Key, 19> kKeys{{
    {"listen", "tcp udp"},
    {"peers", "tcp udp"},
    {"max_connections", "tcp"},
    {"multicast", "udp"},
    {"device", "udp serial rnode"},
    {"speed", "serial"},
    {"framing", "serial pipe"},
    {"frequency", "rnode"},
    {"bandwidth", "rnode"},
    {"spreading_factor", "rnode"},
    {"coding_rate", "rnode"},
    {"tx_power", "rnode"},
    {"flow_control", "rnode"},
    {"duty_cycle", "rnode"},
    {"command", "pipe"},
    {"bitrate", "tcp udp serial pipe"},
    {"mtu", "tcp udp serial rnode pipe"},
    {"latency_ms", "tcp udp serial rnode pipe"},
    {"cost", "tcp udp serial rnode pipe"},
}};

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

std::string with_commas(std::string_view words) {
  std::string out;
  for (const char c : words) out += c == ' ' ? std::string(", ") : std::string(1, c);
  return out;
}

/// One table. What it reads goes to `out`; a mistake leaves the table out.
class TableReader {
 public:
  TableReader(TomlReader& reader, const toml::table& table, std::size_t index)
      : r_(reader), table_(table), index_(index) {}

  std::optional<InterfaceConfig> read();

 private:
  void mistake(const toml::source_region& where, const std::string& what) {
    good_ = false;
    r_.mistake(where, what);
  }
  [[nodiscard]] const toml::node* find(std::string_view key) const { return table_.get(key); }
  [[nodiscard]] const toml::node* need(std::string_view key, std::string_view what);
  bool read_type();
  void check_keys();
  void read_name();
  void read_mode();
  void read_shared();
  void number(std::string_view key, std::int64_t least, std::int64_t most,
              const std::function<void(std::int64_t)>& set);
  void needed_number(std::string_view key, std::string_view what, std::int64_t least,
                     std::int64_t most, const std::function<void(std::int64_t)>& set);
  void read_framing(Framing& to);
  void read_device(std::string& to);
  void read_tcp();
  void read_udp();
  void read_multicast(UdpKeys& to);
  void read_serial();
  void read_rnode();
  void read_duty_cycle(double& to);
  void read_pipe();

  TomlReader& r_;
  const toml::table& table_;
  std::size_t index_;
  std::string_view type_;
  InterfaceConfig out_;
  bool good_ = true;
};

std::optional<InterfaceConfig> TableReader::read() {
  const std::size_t before = r_.mistake_count();
  if (!read_type()) return std::nullopt;
  check_keys();
  read_name();
  read_mode();
  if (type_ == "tcp") read_tcp();
  if (type_ == "udp") read_udp();
  if (type_ == "serial") read_serial();
  if (type_ == "rnode") read_rnode();
  if (type_ == "pipe") read_pipe();
  read_shared();
  if (!good_ || r_.mistake_count() != before) return std::nullopt;
  return std::move(out_);
}

const toml::node* TableReader::need(std::string_view key, std::string_view what) {
  const toml::node* const node = find(key);
  if (node == nullptr) {
    mistake(table_.source(), fmt::format("an interface of type {} needs {}: {}", type_, key, what));
  }
  return node;
}

bool TableReader::read_type() {
  const toml::node* const node = find("type");
  if (node == nullptr) {
    mistake(table_.source(), "an interface needs a type: tcp, udp, serial, rnode or pipe");
    return false;
  }
  const std::string* value = r_.text(*node, "type", "tcp, udp, serial, rnode or pipe");
  if (value == nullptr) return good_ = false;
  const auto* const found = std::find(kTypes.begin(), kTypes.end(), *value);
  if (found == kTypes.end()) {
    mistake(node->source(), fmt::format("\"{}\" is no type of interface; use tcp, udp, serial, "
                                        "rnode or pipe",
                                        common::printable(*value)));
    return false;
  }
  type_ = *found;
  return true;
}

void TableReader::check_keys() {
  for (const auto& [key, node] : table_) {
    const std::string_view k = key.str();
    if (k == "type" || k == "name" || k == "mode") continue;
    const auto* const known =
        std::find_if(kKeys.begin(), kKeys.end(), [k](const Key& one) { return one.name == k; });
    if (known == kKeys.end()) {
      std::string own;
      for (const Key& one : kKeys) {
        const bool shared = has_word(kShared, fmt::format("{},", one.name));
        if (has_word(one.types, type_) && !shared) own += fmt::format(", {}", one.name);
      }
      mistake(key.source(), fmt::format("unknown key \"{}\" of an interface of type {}; known are "
                                        "{}{}",
                                        common::printable(std::string(k)), type_, kShared, own));
    } else if (!has_word(known->types, type_)) {
      mistake(key.source(), fmt::format("an interface of type {} takes no {}; that is for {}",
                                        type_, k, with_commas(known->types)));
    }
  }
}

void TableReader::read_name() {
  out_.name = fmt::format("{}{}", type_, index_);
  const toml::node* const node = find("name");
  if (node == nullptr) return;
  const std::string* value = r_.text(*node, "name", "a text");
  if (value == nullptr) return;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (value->empty() || value->size() > kMostName ||
      !std::all_of(value->begin(), value->end(), plain)) {
    return mistake(node->source(),
                   fmt::format("\"{}\" cannot name an interface: a name has 1 to 32 of a-z, 0-9, _ "
                               "and -",
                               common::printable(*value)));
  }
  out_.name = *value;
}

void TableReader::read_mode() {
  const toml::node* const node = find("mode");
  if (node == nullptr) return;
  const std::string* value = r_.text(*node, "mode", "native, rns or dual");
  if (value == nullptr) return;
  for (const auto mode : {InterfaceMode::native, InterfaceMode::rns, InterfaceMode::dual}) {
    if (*value == name_of(mode)) {
      out_.mode = mode;
      return;
    }
  }
  mistake(node->source(),
          fmt::format("\"{}\" is no mode; use native for nodes of ours, rns for Reticulum peers, "
                      "dual for both",
                      common::printable(*value)));
}

void TableReader::number(std::string_view key, std::int64_t least, std::int64_t most,
                         const std::function<void(std::int64_t)>& set) {
  if (const toml::node* const node = find(key)) r_.read_number(*node, key, least, most, set);
}

void TableReader::needed_number(std::string_view key, std::string_view what, std::int64_t least,
                                std::int64_t most, const std::function<void(std::int64_t)>& set) {
  if (need(key, what) != nullptr) number(key, least, most, set);
}

// What every type has, after its own keys have set what goes without saying.
void TableReader::read_shared() {
  number("mtu", kNarrow, l0::kBulkMtu.bytes,
         [this](std::int64_t n) { out_.mtu.bytes = static_cast<std::uint16_t>(n); });
  number("bitrate", 5, kMostRate,
         [this](std::int64_t n) { out_.bitrate.count = static_cast<std::uint64_t>(n); });
  number("latency_ms", 0, kMostLatency,
         [this](std::int64_t n) { out_.latency.count = static_cast<std::uint64_t>(n); });
  number("cost", 0, INT64_MAX,
         [this](std::int64_t n) { out_.cost = static_cast<std::uint64_t>(n); });
  const toml::node* const mtu = find("mtu");
  const bool radio = std::holds_alternative<RnodeKeys>(out_.keys);
  if (mtu != nullptr && radio && out_.mtu.bytes > kNarrow) {
    mistake(mtu->source(), "the radio of an rnode carries 484 bytes; leave mtu out");
  }
}

void TableReader::read_framing(Framing& to) {
  const toml::node* const node = find("framing");
  if (node == nullptr) return;
  const std::string* value = r_.text(*node, "framing", "hdlc or kiss");
  if (value == nullptr) return;
  if (*value != "hdlc" && *value != "kiss") {
    return mistake(node->source(), fmt::format("\"{}\" is no framing; use hdlc or kiss",
                                               common::printable(*value)));
  }
  to = *value == "kiss" ? Framing::kiss : Framing::hdlc;
}

void TableReader::read_device(std::string& to) {
  const toml::node* const node = need("device", "the path of the line, such as /dev/ttyUSB0");
  if (node != nullptr) r_.read_path(*node, "device", to);
}

void TableReader::read_tcp() {
  TcpKeys keys;
  out_.mtu = l0::kBulkMtu;
  out_.bitrate = BitsPerSecond{1'000'000'000};
  out_.latency = Millis{50};
  if (const toml::node* const node = find("listen")) r_.read_listen(*node, keys.listen);
  if (const toml::node* const node = find("peers")) r_.read_peers(*node, keys.peers);
  number("max_connections", 1, kMostConnections,
         [&keys](std::int64_t n) { keys.max_connections = static_cast<std::size_t>(n); });
  if (find("listen") == nullptr && find("peers") == nullptr) {
    mistake(table_.source(), "an interface of type tcp needs listen or peers, or it has nobody");
  }
  out_.keys = std::move(keys);
}

void TableReader::read_udp() {
  UdpKeys keys;
  out_.mtu = l0::kStandardMtu;
  out_.bitrate = BitsPerSecond{100'000'000};
  out_.latency = Millis{5};
  if (const toml::node* const node = find("listen")) {
    const std::string* value = r_.text(*node, "listen", "one address such as \"0.0.0.0:4247\"");
    auto where = value == nullptr ? linux_port::Endpoint{} : linux_port::parse_endpoint(*value);
    if (!where) {
      mistake(node->source(), where.error());
    } else if (value != nullptr) {
      keys.listen = std::move(*where);
    }
  }
  if (const toml::node* const node = find("peers")) r_.read_peers(*node, keys.peers);
  if (const toml::node* const node = find("device")) {
    const std::string* value = r_.text(*node, "device", "the name of a network interface");
    if (value != nullptr) keys.device = *value;
  }
  read_multicast(keys);
  out_.keys = std::move(keys);
}

void TableReader::read_multicast(UdpKeys& to) {
  const linux_port::Endpoint usual{"239.77.72.82", linux_port::kDefaultPort};
  const toml::node* const node = find("multicast");
  if (node == nullptr) {
    if (to.peers.empty()) to.multicast = usual;
    return;
  }
  if (const auto* flag = node->as_boolean()) {
    if (flag->get()) to.multicast = usual;
    if (!flag->get() && to.peers.empty()) {
      mistake(node->source(), "without multicast an interface of type udp needs peers");
    }
    return;
  }
  const std::string* value =
      r_.text(*node, "multicast", "true, false or a group such as \"239.77.72.82:4247\"");
  if (value == nullptr) return;
  auto where = linux_port::parse_endpoint(*value);
  const auto group = where ? linux_port::literal_peer(*where) : std::nullopt;
  const bool v4 = group && group->host.bytes[10] == 0xFF && (group->host.bytes[12] & 0xF0) == 0xE0;
  const bool v6 = group && group->host.bytes[0] == 0xFF && group->host.bytes[10] != 0xFF;
  if (!v4 && !v6) {
    return mistake(node->source(),
                   fmt::format("\"{}\" is no multicast group; one is \"239.77.72.82:4247\"",
                               common::printable(*value)));
  }
  to.multicast = std::move(*where);
}

void TableReader::read_serial() {
  SerialKeys keys;
  read_device(keys.device);
  needed_number("speed", "bits per second, such as 115200", 50, 12'000'000,
                [&keys](std::int64_t n) { keys.speed = static_cast<std::uint32_t>(n); });
  read_framing(keys.framing);
  out_.mtu = l0::kConstrainedMtu;
  // A byte takes ten bits of the line.
  out_.bitrate = BitsPerSecond{keys.speed / 10ULL * 8ULL};
  out_.latency = Millis{50};
  out_.keys = std::move(keys);
}

void TableReader::read_rnode() {
  RnodeKeys keys;
  read_device(keys.device);
  needed_number("frequency", "Hz, such as 867200000", 137'000'000, 2'500'000'000,
                [&](std::int64_t n) { keys.frequency = static_cast<std::uint32_t>(n); });
  needed_number("bandwidth", "Hz, such as 125000", 7'800, 1'625'000,
                [&](std::int64_t n) { keys.bandwidth = static_cast<std::uint32_t>(n); });
  needed_number("spreading_factor", "5 to 12", 5, 12,
                [&](std::int64_t n) { keys.spreading_factor = static_cast<std::uint8_t>(n); });
  needed_number("coding_rate", "5 to 8, for 4/5 to 4/8", 5, 8,
                [&](std::int64_t n) { keys.coding_rate = static_cast<std::uint8_t>(n); });
  needed_number("tx_power", "dBm, such as 7", 0, 37,
                [&](std::int64_t n) { keys.tx_power = static_cast<std::uint8_t>(n); });
  if (const toml::node* const node = find("flow_control")) {
    r_.read_flag(*node, "flow_control", keys.flow_control);
  }
  read_duty_cycle(keys.duty_cycle);
  out_.mtu = l0::kConstrainedMtu;
  out_.latency = Millis{1'000};
  out_.keys = std::move(keys);
}

void TableReader::read_duty_cycle(double& to) {
  const toml::node* const node = find("duty_cycle");
  if (node == nullptr) return;
  const auto share = node->value<double>();
  if (!share) {
    return r_.wrong_type(*node, "duty_cycle", "a share such as 0.01, which is one in a hundred");
  }
  if (!(*share >= 0.001 && *share <= 1.0)) {
    return mistake(node->source(),
                   fmt::format("duty_cycle must be from 0.001 to 1, not {}", *share));
  }
  to = *share;
}

void TableReader::read_pipe() {
  PipeKeys keys;
  const toml::node* const node = need("command", "a list such as [\"program\", \"argument\"]");
  const auto* list = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && list == nullptr) {
    r_.wrong_type(*node, "command", "a list such as [\"program\", \"argument\"]");
  }
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string* word = r_.text(*list->get(i), "a word of command", "a text");
    if (word != nullptr) keys.command.push_back(*word);
  }
  if (list != nullptr && (keys.command.empty() || keys.command.front().empty())) {
    mistake(node->source(), "command must name a program");
  }
  read_framing(keys.framing);
  out_.mtu = l0::kConstrainedMtu;
  out_.bitrate = BitsPerSecond{1'000'000};
  out_.latency = Millis{50};
  out_.keys = std::move(keys);
}

const std::string* device_of(const InterfaceConfig& one) {
  if (const auto* serial = std::get_if<SerialKeys>(&one.keys)) return &serial->device;
  if (const auto* rnode = std::get_if<RnodeKeys>(&one.keys)) return &rnode->device;
  return nullptr;
}

// Right by itself and wrong beside those before it: the mistake, or nothing.
std::string clash(const InterfaceConfig& one, const std::vector<InterfaceConfig>& before) {
  for (const InterfaceConfig& other : before) {
    if (other.name == one.name) {
      return fmt::format("two interfaces are named \"{}\"; give one another name", one.name);
    }
    const std::string* const device = device_of(one);
    if (device != nullptr && device_of(other) != nullptr && *device == *device_of(other)) {
      return fmt::format("{} is the device of two interfaces; one line serves one", *device);
    }
  }
  return one.name == "tcp" ? "the name \"tcp\" is that of listen and peers; choose another" : "";
}

}  // namespace

const char* InterfaceConfig::type() const {
  static constexpr std::array kNames{"tcp", "udp", "serial", "rnode", "pipe"};
  return kNames[keys.index()];
}

const char* name_of(InterfaceMode mode) {
  switch (mode) {
    case InterfaceMode::native:
      return "native";
    case InterfaceMode::rns:
      return "rns";
    case InterfaceMode::dual:
      break;
  }
  return "dual";
}

void read_interfaces(TomlReader& reader, const toml::node& node, std::vector<InterfaceConfig>& to) {
  const auto* list = node.as_array();
  if (list == nullptr || !list->is_homogeneous(toml::node_type::table)) {
    return reader.mistake(node.source(),
                          "interface must be tables: write [[interface]] above each");
  }
  if (list->size() > kMostInterfaces) {
    return reader.mistake(node.source(), fmt::format("there are {} interfaces; {} are allowed",
                                                     list->size(), kMostInterfaces));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const toml::table& table = *list->get_as<toml::table>(i);
    auto one = TableReader(reader, table, i).read();
    if (!one) continue;
    const std::string wrong = clash(*one, to);
    if (wrong.empty()) {
      to.push_back(std::move(*one));
    } else {
      reader.mistake(table.source(), wrong);
    }
  }
}

}  // namespace mehr::daemon
