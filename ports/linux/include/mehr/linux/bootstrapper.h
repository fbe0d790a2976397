// Finds neighbours in the real world: l1::Bootstrap over TCP, the resolver and the disk.
//
// Place: ports/linux, above the TCP interface; the composition root tells it of links and hands it
// PeerExchange messages through the l1::ControlDoor. spec: L1/12, L0/7
// Machine: l1::Bootstrap; this one feeds it and spends its actions, always on a wake of the loop
// and never from within a call, so that whoever reports is not called back.
// Who accepts links: a peer that was dialled at an address accepts there; that is proven, kept in
// `Storage` under l1::kPeersKey and told to others. Of this node itself only the port is said
// (`set_accepting`): the neighbours see the host.
// Bounds: those of the machine; at most 12 connections of its own at once. Failure: a peer book
// that cannot be read is told once and taken as empty; one that cannot be written is told once and
// tried again with the next change.
// Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/storage.h"
#include "mehr/l0/links.h"
#include "mehr/l1/bootstrap.h"
#include "mehr/l1/control_door.h"
#include "mehr/linux/resolver.h"
#include "mehr/linux/tcp.h"

namespace mehr::linux_port {

struct BootstrapConfig {
  /// Dials on its own and asks for peers; false: answers and remembers only.
  bool discover = false;
  std::optional<Endpoint> name;   ///< a DNS name to resolve
  std::vector<Endpoint> list;     ///< literal addresses to dial when all else fails
  std::vector<DialTarget> peers;  ///< what the TCP interface dials for ever; left to it
  std::size_t links = 1024;
};

class Bootstrapper final : public l1::ControlHandler, private Wakeable {
 public:
  /// Connections of its own that may be open before they are links.
  static constexpr std::size_t kOwnConnections =
      l1::Bootstrap::kParallelDials + l1::Bootstrap::kProbes;

  struct World {
    Loop& loop;
    TcpInterface& tcp;
    Storage& storage;
    Random& random;
    l1::ControlDoor& door;
    LogSink log;
  };
  /// All of @p world is borrowed, and outlives this; the TCP interface may be shut down before.
  Bootstrapper(const NodeId& self, const BootstrapConfig& config, const World& world);
  ~Bootstrapper() override;
  Bootstrapper(const Bootstrapper&) = delete;
  Bootstrapper& operator=(const Bootstrapper&) = delete;

  void start();
  /// Nothing is dialled or told from here on; what is new is stored.
  void stop();
  /// We accept links on @p port of the host that others see us at; 0: not.
  void set_accepting(std::uint16_t port);
  void on_link_up(const l0::LinkInfo& link, const Medium& medium);
  void on_link_down(l0::LinkId link);
  Status on_control(l0::LinkId from, ByteView message) override;

  /// For looking into.
  [[nodiscard]] const l1::Bootstrap& machine() const { return *machine_; }

 private:
  void on_wake(Millis now) override;
  void spend(const l1::Bootstrap::Dial& dial);
  void spend(const l1::Bootstrap::Resolve& resolve);
  void spend(const l1::Bootstrap::Send& send);
  void spend(const l1::Bootstrap::Store& store);
  void keep(ByteView book);
  void load();
  void wake() { world_.loop.wake_at(*this, world_.loop.now()); }
  void tell(LogLevel level, std::string_view event, std::string_view text) const {
    if (world_.log) world_.log(level, event, text);
  }
  [[nodiscard]] l1::Bootstrap::Now now() { return {world_.loop.now(), world_.loop.node_time()}; }

  World world_;
  BootstrapConfig config_;
  std::optional<l1::Bootstrap> machine_;
  Resolver resolver_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for words that come later
  bool stopped_ = false;
  bool store_failed_ = false;
};

}  // namespace mehr::linux_port
