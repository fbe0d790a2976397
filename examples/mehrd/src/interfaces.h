// The interfaces of the daemon: that of `listen` and `peers`, and one per `[[interface]]` table.
//
// Place: examples/mehrd, part of the composition, between the configuration and ports/linux.
// Machine: made (nothing is open) -> `open` (listening, dialling, lines and sockets) ->
// `shut_down`. A line that is not there is no failure: its interface is down and comes back by
// itself. Bounds: those of the configuration. Failure: a sentence for whoever starts the daemon.
// Threads: the loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config.h"
#include "mehr/linux/interface.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"
#include "mehr/linux/neighbour_finder.h"
#include "mehr/linux/tcp.h"
#include "mehr/linux/udp.h"

namespace mehr::daemon {

/// One interface as people see it.
struct InterfaceView {
  std::string name;
  const char* type = "";
  linux_port::InterfaceStatus status;
};

class Interfaces {
 public:
  Interfaces(linux_port::Loop& loop, linux_port::MediumHost& host, Random& random,
             const Config& config, const linux_port::LogSink& log);
  ~Interfaces();
  Interfaces(const Interfaces&) = delete;
  Interfaces& operator=(const Interfaces&) = delete;

  /// Listens, dials, opens lines; the addresses of `listen` as they really are.
  linux_port::OrMessage<std::vector<linux_port::Endpoint>> open();
  void shut_down();
  /// Nothing is left to do after `shut_down`.
  [[nodiscard]] bool is_idle() const;

  /// That of `listen` and `peers`, over which neighbours are found.
  [[nodiscard]] linux_port::TcpInterface& main() { return *tcp_.front().tcp; }
  [[nodiscard]] const linux_port::TcpInterface& main() const { return *tcp_.front().tcp; }
  /// The connection that @p medium is; none: it is of another sort.
  [[nodiscard]] std::optional<linux_port::ConnectionInfo> connection_of(const Medium& medium) const;
  /// A peer has proven who it is.
  void authenticated(const Medium& medium, const NodeId& peer);
  /// Who is to be asked for links on a datagram interface, as far as their addresses are known.
  [[nodiscard]] std::vector<linux_port::NeighbourFinder::Target> targets_of(InterfaceId id) const;
  /// The name of the interface with that number; empty when there is none.
  [[nodiscard]] std::string name_of(InterfaceId id) const;
  [[nodiscard]] std::vector<InterfaceView> views() const;

 private:
  struct Tcp {
    std::string name;
    std::unique_ptr<linux_port::TcpInterface> tcp;
    std::vector<linux_port::Endpoint> listen;
    std::vector<linux_port::DialTarget> peers;
  };
  struct Other {
    std::string name;
    const char* type = "";
    std::unique_ptr<linux_port::Interface> port;
  };
  void add(const InterfaceConfig& one, InterfaceId id);

  linux_port::Loop& loop_;
  linux_port::MediumHost& host_;
  Random& random_;
  linux_port::LogSink log_;
  std::vector<Tcp> tcp_;
  std::vector<Other> others_;
  std::vector<std::pair<InterfaceId, const linux_port::UdpInterface*>> udp_;  // of `others_`
};

}  // namespace mehr::daemon
