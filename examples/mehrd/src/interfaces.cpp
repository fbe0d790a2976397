#include "interfaces.h"

#include <fmt/format.h>

#include <algorithm>

#include "mehr/linux/line.h"
#include "mehr/linux/rnode.h"

namespace mehr::daemon {
namespace {

linux_port::TcpConfig main_config(const Config& config) {
  linux_port::TcpConfig out;
  out.max_connections = config.max_connections;
  out.mtu = config.mtu;
  return out;
}

linux_port::TcpConfig tcp_config(const InterfaceConfig& one, const TcpKeys& keys, InterfaceId id) {
  linux_port::TcpConfig out;
  out.interface = id;
  out.mode = one.mode;
  out.bandwidth = one.bitrate;
  out.latency = one.latency;
  out.mtu = one.mtu;
  out.cost = one.cost;
  out.max_connections = keys.max_connections;
  return out;
}

MediumInfo info_of(const InterfaceConfig& one, InterfaceId id) {
  MediumInfo out;
  out.interface = id;
  out.mode = one.mode;
  out.stream = false;
  out.bandwidth = one.bitrate;
  out.latency = one.latency;
  out.mtu = one.mtu;
  out.cost = one.cost;
  return out;
}

linux_port::LineConfig line_config(const InterfaceConfig& one, InterfaceId id, Framing framing) {
  return {one.name, info_of(one, id),
          framing == Framing::kiss ? linux_port::LineFraming::kiss : linux_port::LineFraming::hdlc};
}

linux_port::RnodeConfig rnode_config(const InterfaceConfig& one, const RnodeKeys& keys,
                                     InterfaceId id) {
  linux_port::RnodeConfig out;
  out.name = one.name;
  out.interface = id;
  out.mode = one.mode;
  out.latency = one.latency;
  out.cost = one.cost;
  out.device = keys.device;
  out.radio = {keys.frequency, keys.bandwidth, keys.spreading_factor, keys.coding_rate,
               keys.tx_power};
  out.flow_control = keys.flow_control;
  out.duty_cycle = keys.duty_cycle;
  return out;
}

linux_port::InterfaceStatus status_of(const linux_port::TcpInterface& tcp) {
  const linux_port::TcpConfig& config = tcp.config();
  const linux_port::TcpCounters counters = tcp.counters();
  linux_port::InterfaceStatus out;
  out.info.interface = config.interface;
  out.info.mode = config.mode;
  out.info.bandwidth = config.bandwidth;
  out.info.latency = config.latency;
  out.info.mtu = config.mtu;
  out.info.cost = config.cost;
  out.up = true;
  out.media = tcp.connection_count();
  out.frames_in = counters.traffic.frames_in;
  out.frames_out = counters.traffic.frames_out;
  out.bytes_in = counters.traffic.bytes_in;
  out.bytes_out = counters.traffic.bytes_out;
  out.full = counters.traffic.full;
  out.bad_frames = counters.traffic.bad_frames;
  return out;
}

}  // namespace

Interfaces::Interfaces(linux_port::Loop& loop, linux_port::MediumHost& host, Random& random,
                       const Config& config, const linux_port::LogSink& log)
    : loop_(loop), host_(host), random_(random), log_(log) {
  tcp_.push_back(
      {"tcp",
       std::make_unique<linux_port::TcpInterface>(loop, host, random, main_config(config), log),
       config.listen, config.peers});
  for (std::size_t i = 0; i < config.interfaces.size(); ++i) {
    add(config.interfaces[i], InterfaceId{static_cast<std::uint16_t>(i + 1)});
  }
}

Interfaces::~Interfaces() = default;

void Interfaces::add(const InterfaceConfig& one, InterfaceId id) {
  if (const auto* keys = std::get_if<TcpKeys>(&one.keys)) {
    tcp_.push_back({one.name,
                    std::make_unique<linux_port::TcpInterface>(loop_, host_, random_,
                                                               tcp_config(one, *keys, id), log_),
                    keys->listen, keys->peers});
    return;
  }
  std::unique_ptr<linux_port::Interface> port;
  if (const auto* udp = std::get_if<UdpKeys>(&one.keys)) {
    auto made = linux_port::UdpInterface::make(
        loop_, host_,
        {one.name, info_of(one, id), udp->listen, udp->peers, udp->multicast, udp->device}, log_);
    udp_.push_back({id, made.get()});
    port = std::move(made);
  } else if (const auto* serial = std::get_if<SerialKeys>(&one.keys)) {
    port = linux_port::make_serial(
        loop_, host_, {line_config(one, id, serial->framing), serial->device, serial->speed}, log_);
  } else if (const auto* rnode = std::get_if<RnodeKeys>(&one.keys)) {
    port = linux_port::make_rnode(loop_, host_, rnode_config(one, *rnode, id), log_);
  } else if (const auto* pipe = std::get_if<PipeKeys>(&one.keys)) {
    port = linux_port::make_pipe(loop_, host_, {line_config(one, id, pipe->framing), pipe->command},
                                 log_);
  }
  others_.push_back({one.name, one.type(), std::move(port)});
}

std::vector<linux_port::NeighbourFinder::Target> Interfaces::targets_of(InterfaceId id) const {
  std::vector<linux_port::NeighbourFinder::Target> out;
  for (const auto& [interface, udp] : udp_) {
    if (interface != id) continue;
    for (const auto& peer : udp->peers()) out.push_back({peer.at, peer.expected});
  }
  return out;
}

linux_port::OrMessage<std::vector<linux_port::Endpoint>> Interfaces::open() {
  std::vector<linux_port::Endpoint> out;
  for (Tcp& one : tcp_) {
    for (const linux_port::Endpoint& where : one.listen) {
      auto real = one.tcp->listen(where);
      if (!real) return tl::unexpected(real.error());
      if (&one == &tcp_.front()) out.push_back(std::move(*real));
    }
  }
  for (Tcp& one : tcp_) {
    for (const auto& target : one.peers) one.tcp->dial(target);
  }
  for (Other& one : others_) one.port->start();
  return out;
}

void Interfaces::shut_down() {
  for (Tcp& one : tcp_) one.tcp->shut_down();
  for (Other& one : others_) one.port->shut_down();
}

bool Interfaces::is_idle() const {
  return std::all_of(tcp_.begin(), tcp_.end(),
                     [](const Tcp& one) { return one.tcp->connection_count() == 0; }) &&
         std::all_of(others_.begin(), others_.end(),
                     [](const Other& one) { return one.port->is_idle(); });
}

std::optional<linux_port::ConnectionInfo> Interfaces::connection_of(const Medium& medium) const {
  for (const Tcp& one : tcp_) {
    if (auto connection = one.tcp->connection_of(medium)) return connection;
  }
  return std::nullopt;
}

void Interfaces::authenticated(const Medium& medium, const NodeId& peer) {
  for (Tcp& one : tcp_) one.tcp->authenticated(medium, peer);
}

std::string Interfaces::name_of(InterfaceId id) const {
  for (const InterfaceView& one : views()) {
    if (one.status.info.interface == id) return one.name;
  }
  return {};
}

std::vector<InterfaceView> Interfaces::views() const {
  std::vector<InterfaceView> out;
  for (const Tcp& one : tcp_) {
    // That of `listen` and `peers` is there for neighbours that are found, too.
    const bool idle = one.listen.empty() && one.peers.empty() && one.tcp->connection_count() == 0;
    if (&one != &tcp_.front() || !idle) out.push_back({one.name, "tcp", status_of(*one.tcp)});
  }
  for (const Other& one : others_) out.push_back({one.name, one.type, one.port->status()});
  std::stable_sort(out.begin(), out.end(), [](const InterfaceView& a, const InterfaceView& b) {
    return a.status.info.interface < b.status.info.interface;
  });
  return out;
}

}  // namespace mehr::daemon
