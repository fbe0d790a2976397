// One `[[interface]]` table of the configuration file, as a checked value. docs/daemon.md
//
// Place: examples/mehrd, beside config.h. Shapes: what all types share, and one structure per type.
// Failure: every mistake is one line with its place; a table with a mistake is left out.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/linux/tcp.h"

namespace mehr::daemon {

class TomlReader;

/// Bytes of a line as frames. spec: L0/4
enum class Framing : std::uint8_t { hdlc, kiss };

struct TcpKeys {
  std::vector<linux_port::Endpoint> listen;
  std::vector<linux_port::DialTarget> peers;
  std::size_t max_connections = 512;
};

struct UdpKeys {
  linux_port::Endpoint listen{"0.0.0.0", linux_port::kDefaultPort};
  std::vector<linux_port::DialTarget> peers;
  std::optional<linux_port::Endpoint> multicast;  ///< where neighbours are looked for
  std::string device;                             ///< network interface of the group; empty: any
};

struct SerialKeys {
  std::string device;
  std::uint32_t speed = 0;  ///< baud
  Framing framing = Framing::hdlc;
};

struct RnodeKeys {
  std::string device;
  std::uint32_t frequency = 0;  ///< Hz
  std::uint32_t bandwidth = 0;  ///< Hz
  std::uint8_t spreading_factor = 0;
  std::uint8_t coding_rate = 0;  ///< 5 to 8: 4/5 to 4/8
  std::uint8_t tx_power = 0;     ///< dBm
  bool flow_control = false;
  double duty_cycle = 0.01;  ///< of each hour, on the air
};

struct PipeKeys {
  std::vector<std::string> command;
  Framing framing = Framing::hdlc;
};

struct InterfaceConfig {
  std::string name;
  InterfaceMode mode = InterfaceMode::native;
  Mtu mtu;
  BitsPerSecond bitrate;  ///< nominal; 0 for rnode: follows from its radio
  Millis latency;
  std::uint64_t cost = 0;  ///< uMHR per byte
  std::variant<TcpKeys, UdpKeys, SerialKeys, RnodeKeys, PipeKeys> keys;

  [[nodiscard]] const char* type() const;
};

/// "native", "rns" or "dual".
[[nodiscard]] const char* name_of(InterfaceMode mode);

/// Reads the array of tables @p node into @p to.
void read_interfaces(TomlReader& reader, const toml::node& node, std::vector<InterfaceConfig>& to);

}  // namespace mehr::daemon
