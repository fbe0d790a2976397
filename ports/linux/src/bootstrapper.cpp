#include "mehr/linux/bootstrapper.h"

#include <fmt/format.h>

#include <array>

namespace mehr::linux_port {
namespace {

constexpr std::uint8_t kRoutingTier = 1;  // spec: README/4.9

std::vector<l1::PeerAddress> literals(const std::vector<Endpoint>& endpoints) {
  std::vector<l1::PeerAddress> out;
  for (const Endpoint& endpoint : endpoints) {
    if (const auto peer = literal_peer(endpoint)) out.push_back(*peer);
  }
  return out;
}

std::vector<l1::PeerAddress> literals(const std::vector<DialTarget>& targets) {
  std::vector<l1::PeerAddress> out;
  for (const DialTarget& target : targets) {
    if (const auto peer = literal_peer(target.where)) out.push_back(*peer);
  }
  return out;
}

l1::Bootstrap::Config machine_config(const BootstrapConfig& config) {
  l1::Bootstrap::Config out;
  out.discover = config.discover;
  out.has_name = config.name.has_value();
  out.links = config.links;
  return out;
}

}  // namespace

Bootstrapper::Bootstrapper(const NodeId& self, const BootstrapConfig& config, const World& world)
    : world_(world), config_(config), resolver_(world.loop) {
  machine_.emplace(self, machine_config(config), literals(config.list), literals(config.peers),
                   world.random.draw<std::uint64_t>());
  load();
  world_.door.on_control_type(l1::kPeerExchangeType, this);
}

Bootstrapper::~Bootstrapper() {
  world_.door.on_control_type(l1::kPeerExchangeType, nullptr);
  world_.loop.wake_at(*this, Millis::never());
}

void Bootstrapper::load() {
  const Result<Bytes> stored = world_.storage.get(l1::kPeersKey);
  if (!stored) {
    if (stored.error().code == Errc::not_found) return;
    return tell(LogLevel::warning, "bootstrap.not_loaded", stored.error().text);
  }
  if (const Status loaded = machine_->load(*stored); !loaded) {
    tell(LogLevel::warning, "bootstrap.not_loaded",
         fmt::format("the remembered peers are damaged and forgotten: {}", loaded.error().text));
  }
}

void Bootstrapper::start() {
  machine_->start(now());
  wake();
}

void Bootstrapper::stop() {
  if (std::exchange(stopped_, true)) return;
  world_.loop.wake_at(*this, Millis::never());
  const ByteView book = machine_->unsaved(now());
  if (!book.empty()) keep(book);
}

void Bootstrapper::set_accepting(std::uint16_t port) {
  machine_->set_accepting(port, now());
  wake();
}

void Bootstrapper::on_link_up(const l0::LinkInfo& link, const Medium& medium) {
  if (stopped_) return;
  l1::Bootstrap::Link up{link.id, link.peer, link.role == l0::LinkRole::initiator, {}, link.mtu};
  if (const auto connection = world_.tcp.connection_of(medium)) {
    up.where = l1::PeerAddress{connection->host, connection->port};
  }
  machine_->on_link_up(up, now());
  wake();
}

void Bootstrapper::on_link_down(l0::LinkId link) {
  if (stopped_) return;
  machine_->on_link_down(link, now());
  wake();
}

Status Bootstrapper::on_control(l0::LinkId from, ByteView message) {
  if (stopped_) return {};
  const Status out = machine_->on_message(from, message, now());
  wake();
  return out;
}

void Bootstrapper::on_wake(Millis) {
  if (stopped_) return;
  while (const auto action = machine_->next(now())) {
    std::visit([this](const auto& what) { spend(what); }, *action);
  }
  world_.loop.wake_at(*this, machine_->next_deadline());
}

void Bootstrapper::spend(const l1::Bootstrap::Dial& dial) {
  tell(LogLevel::debug, "bootstrap.dialling",
       fmt::format("{}{}", to_string(to_endpoint(dial.to)),
                   dial.only_connect ? ", to see whether it accepts links" : ""));
  const OneDial once{dial.to.host, dial.to.port, dial.expected, dial.only_connect, dial.limit};
  const std::weak_ptr<bool> alive = alive_;
  world_.tcp.dial_once(once, [this, alive, dial](bool reached) {
    if (alive.expired()) return;
    machine_->on_dialled(dial.to, dial.only_connect, reached, now());
    wake();
  });
}

void Bootstrapper::spend(const l1::Bootstrap::Resolve& resolve) {
  const std::string name = to_string(*config_.name);
  tell(LogLevel::info, "bootstrap.resolving", name);
  resolver_.ask(*config_.name, resolve.limit, [this, name](const auto& found) {
    tell(found.empty() ? LogLevel::warning : LogLevel::info, "bootstrap.resolved",
         fmt::format("{}: {} addresses", name, found.size()));
    machine_->on_resolved(found, now());
    wake();
  });
}

void Bootstrapper::spend(const l1::Bootstrap::Send& send) {
  // A full queue loses the message; the next refresh tells it again.
  const Status sent = world_.door.send_control(send.link, kRoutingTier, send.message);
  if (!sent) tell(LogLevel::debug, "bootstrap.not_sent", sent.error().text);
}

void Bootstrapper::spend(const l1::Bootstrap::Store& store) { keep(store.value); }

void Bootstrapper::keep(ByteView book) {
  const std::array<Storage::Put, 1> batch{Storage::Put{l1::kPeersKey, book}};
  const Status stored = world_.storage.put(batch);
  if (!stored && !store_failed_) {
    tell(LogLevel::warning, "bootstrap.not_stored", stored.error().text);
  }
  store_failed_ = !stored;
}

}  // namespace mehr::linux_port
