#include "daemon.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "api.h"
#include "file_store.h"
#include "identity_source.h"
#include "interfaces.h"
#include "media.h"
#include "mehr/common/text.h"
#include "mehr/core/kem.h"
#include "mehr/linux/bootstrapper.h"
#include "mehr/linux/data_dir.h"
#include "mehr/linux/key_store.h"
#include "mehr/linux/port_mapper.h"
#include "mehr/linux/sqlite_storage.h"
#include "mehr/linux/system_random.h"
#include "received_log.h"

namespace mehr::daemon {
namespace {

/// Longest wait for connections to end when the daemon stops.
constexpr Millis kFarewell{2'500};

int stop_with(int code, const std::string& sentence) {
  fmt::print(stderr, "mehrd: {}\n", sentence);
  return code;
}

linux_port::LogSink sink_of(Log& log) {
  return [&log](linux_port::LogLevel level, std::string_view event, std::string_view text) {
    static constexpr std::array kLevels{Level::debug, Level::info, Level::warning, Level::error};
    log.write(kLevels[static_cast<std::size_t>(level)], event, {{"text", text}});
  };
}

// Every connection that there may be: accepted, configured, found.
std::size_t most_connections(const Config& config) {
  std::size_t out = config.max_connections + config.peers.size() + l1::Bootstrap::kMostOutbound +
                    linux_port::Bootstrapper::kOwnConnections;
  for (const InterfaceConfig& one : config.interfaces) {
    const auto* tcp = std::get_if<TcpKeys>(&one.keys);
    out += tcp == nullptr ? 1 : tcp->max_connections + tcp->peers.size();
  }
  return out;
}

// No core file, and nobody but root looks in: there is a key in here.
void keep_memory_private(Log& log) {
  const rlimit none{};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0) {
    log.write(Level::warning, "memory.not_private", {{"reason", std::strerror(errno)}});
  }
}

void tell_identity(const Config& config, const OwnIdentity& own, Log& log) {
  switch (own.made) {
    case OwnIdentity::Made::created:
      log.write(Level::info, "identity.created", {{"file", own.file}});
      break;
    case OwnIdentity::Made::sealed:
      log.write(Level::info, "identity.sealed", {{"file", own.file}});
      break;
    case OwnIdentity::Made::loaded:
      break;
  }
  if (!own.is_sealed && !config.unsealed_identity) {
    log.write(Level::warning, "identity.unsealed",
              {{"file", own.file},
               {"text",
                "whoever has this file is this node; start once with a passphrase to seal "
                "it, or set unsealed_identity = true"}});
  }
}

// As many descriptors as the system lets us have: each connection is one.
void raise_descriptor_limit(const Config& config, Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::uint64_t needed = most_connections(config) + 64;
  if (limit.rlim_cur < needed) {
    log.write(Level::warning, "limit.descriptors",
              {{"allowed", std::uint64_t{limit.rlim_cur}}, {"needed", needed}});
  }
}

stack::NodeConfig node_config(const Config& config) {
  stack::NodeConfig out;
  out.kem = crypto::ml_kem_512();
  const std::size_t media = most_connections(config);
  out.limits.links = std::max(out.limits.links, media);
  out.limits.media = std::max(out.limits.media, media);
  if (config.relays_reticulum()) {
    out.reticulum.emplace();
    out.reticulum->ports = 2 * media;  // a dual connection is one, and its link another
  }
  return out;
}

linux_port::BootstrapConfig bootstrap_config(const Config& config) {
  linux_port::BootstrapConfig out;
  out.discover = config.discovers();
  out.name = config.bootstrap_name;
  out.list = config.bootstrap;
  out.peers = config.peers;
  out.links = std::max(Limits{}.links, most_connections(config));
  return out;
}

transfer::TransferLimits transfer_limits(const Config& config) {
  transfer::TransferLimits out;
  out.file_size = config.max_file_size;
  return out;
}

/// What must be there before the node: made in this order, gone in the other.
struct Ground {
  std::unique_ptr<linux_port::SqliteStorage> storage;
  std::unique_ptr<linux_port::Loop> loop;
  linux_port::SystemRandom random;
  std::optional<OwnIdentity> identity;
  std::vector<linux_port::KeyNotice> notices;  ///< of this node's keys, for gossip
  std::unique_ptr<DiskFileStore> files;
};

linux_port::OrMessage<void> prepare(const Config& config, std::optional<int> passphrase_descriptor,
                                    Log& log, Ground& out) {
  if (auto made = linux_port::prepare_data_dir(config.data_dir); !made) return made;
  auto storage = linux_port::SqliteStorage::open(config.data_dir);
  if (!storage) return tl::unexpected(storage.error());
  out.storage = std::move(*storage);
  auto loop = linux_port::Loop::create(out.storage.get(), sink_of(log));
  if (!loop) return tl::unexpected(loop.error());
  out.loop = std::move(*loop);
  auto identity = obtain_identity(config, passphrase_descriptor, out.random);
  if (!identity) return tl::unexpected(identity.error());
  out.identity.emplace(std::move(*identity));
  auto notices = linux_port::KeyStore(config.data_dir, out.random).notices(config.identity);
  if (notices) {
    out.notices = std::move(*notices);
  } else {
    log.write(Level::warning, "key.notices_unreadable", {{"reason", notices.error()}});
  }
  const std::string tag = common::to_text(out.identity->identity.node_id()).substr(0, 8);
  auto files = DiskFileStore::open(config.data_dir, config.inbox, tag, out.random);
  if (!files) return tl::unexpected(files.error());
  out.files = std::move(*files);
  return {};
}

class Daemon {
 public:
  Daemon(const Config& config, Log& log, Ground& ground);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  linux_port::OrMessage<void> open_doors();
  void run();

 private:
  [[nodiscard]] bool accepts(const NodeId& sender) const;
  void publish(const std::vector<linux_port::KeyNotice>& notices);
  void tell_advisory(const PublicKey& key);
  void connect_events();
  void tell_port();
  void tell_transfer(const transfer::TransferStatus& t);
  void tell_route(const l1::RouteEvent& e);
  void keep_received(const ReceivedFile& file);

  const Config& config_;
  Log& log_;
  linux_port::Loop& loop_;
  stack::Node node_;
  Media media_;
  Interfaces interfaces_;
  linux_port::Bootstrapper bootstrapper_;
  std::unique_ptr<linux_port::PortMapper> port_mapper_;
  ReceivedLog received_;
  transfer::TransferService transfers_;
  std::vector<linux_port::Endpoint> listening_;
  Api api_;
  std::unique_ptr<ApiServer> server_;
  DiskFileStore& files_;
};

Daemon::Daemon(const Config& config, Log& log, Ground& ground)
    : config_(config),
      log_(log),
      loop_(*ground.loop),
      node_(node_config(config), ground.identity->identity,
            {loop_, loop_, ground.random, ground.storage.get()}),
      media_(loop_, node_.links(), node_.id(), ground.random, log),
      interfaces_(loop_, media_, ground.random, config, sink_of(log)),
      bootstrapper_(node_.id(), bootstrap_config(config),
                    {loop_, interfaces_.main(), *ground.storage, ground.random, node_.network(),
                     sink_of(log)}),
      received_(config.data_dir + "/received.jsonl"),
      transfers_(node_.messages(), node_.messages(), loop_, loop_, ground.random, *ground.files,
                 transfer_limits(config)),
      api_({config, loop_, node_, ground.identity->identity, interfaces_, media_,
            bootstrapper_.machine(), transfers_, received_, listening_}),
      files_(*ground.files) {
  publish(ground.notices);
  node_.messages().set_cover(config.cover_traffic);
  media_.serve(&interfaces_);
  media_.tell_links_to(&bootstrapper_);
  connect_events();
}

Daemon::~Daemon() {
  api_.serve(nullptr);
  server_.reset();
  node_.advisories().on_change({});
  node_.network().on_route({});
  node_.network().on_probe({});
  transfers_.on_events({});
  media_.on_link({});
  files_.on_received({});
  media_.tell_links_to(nullptr);
  media_.serve(nullptr);
}

// What is known already, or was superseded meanwhile, is no news.
void Daemon::publish(const std::vector<linux_port::KeyNotice>& notices) {
  for (const linux_port::KeyNotice& notice : notices) {
    const auto taken = node_.advisories().submit({notice.kind, notice.body});
    if (!taken && taken.error().code != Errc::replayed) {
      log_.write(Level::warning, "key.notice_refused",
                 {{"node", notice.about}, {"reason", taken.error().text}});
    }
  }
}

void Daemon::tell_advisory(const PublicKey& key) {
  const NodeId about = crypto::node_id_of(key);
  const l2::KeyStanding standing = node_.advisories().standing(key);
  if (!standing.compromised) return;
  // Of nodes that this one has no way to there may be as many as somebody makes up.
  const bool known = node_.network().path(about, PathPolicy{}).has_value();
  const Level level = about == node_.id() ? Level::warning : known ? Level::info : Level::debug;
  log_.write(
      level, "key.advisory",
      {{"node", about},
       {"successor", standing.successor ? common::to_text(crypto::node_id_of(*standing.successor))
                                        : std::string(standing.undecided ? "undecided" : "none")}});
  api_.advisory_changed(about);
}

void Daemon::connect_events() {
  node_.advisories().on_change([this](const PublicKey& key) { tell_advisory(key); });
  files_.on_received([this](const ReceivedFile& file) { keep_received(file); });
  media_.on_link([this](const Media::LinkEvent& e) { api_.link_changed(e); });
  node_.network().on_route([this](const l1::RouteEvent& e) { tell_route(e); });
  node_.network().on_probe([this](const l1::ProbeEvent& e) { api_.probe_ended(e); });
  transfers_.on_events(
      {[this](const NodeId& sender, std::string_view, std::uint64_t) { return accepts(sender); },
       [this](const transfer::TransferStatus& t) { tell_transfer(t); }});
}

bool Daemon::accepts(const NodeId& sender) const {
  switch (config_.accept_files) {
    case AcceptFiles::all:
      return true;
    case AcceptFiles::none:
      return false;
    case AcceptFiles::listed:
      break;
  }
  const auto& from = config_.accept_from;
  return std::find(from.begin(), from.end(), sender) != from.end();
}

void Daemon::keep_received(const ReceivedFile& file) {
  if (!received_.add(file)) {
    log_.write(Level::error, "inbox.not_recorded",
               {{"path", file.path}, {"file", config_.data_dir + "/received.jsonl"}});
  }
}

void Daemon::tell_route(const l1::RouteEvent& e) {
  switch (e.kind) {
    case l1::RouteEvent::Kind::appeared:
      log_.write(Level::info, "route.appeared",
                 {{"node", e.destination},
                  {"via", e.next_hop.is_zero() ? "reticulum" : common::to_text(e.next_hop)}});
      break;
    case l1::RouteEvent::Kind::changed:
      log_.write(Level::debug, "route.changed", {{"node", e.destination}, {"via", e.next_hop}});
      break;
    case l1::RouteEvent::Kind::lost:
      log_.write(Level::info, "route.lost", {{"node", e.destination}});
      break;
  }
  api_.route_changed(e);
}

void Daemon::tell_transfer(const transfer::TransferStatus& t) {
  const char* const direction = t.direction == transfer::Direction::out ? "out" : "in";
  if (t.state == transfer::State::done) {
    log_.write(Level::info, "transfer.done",
               {{"transfer", t.id.number},
                {"direction", direction},
                {"peer", t.peer},
                {"name", t.name},
                {"size", t.size},
                {"ms", (t.changed - t.started).count},
                {"blake3", common::to_hex(t.hash.view())}});
  } else if (t.state == transfer::State::failed) {
    log_.write(Level::warning, "transfer.failed",
               {{"transfer", t.id.number},
                {"direction", direction},
                {"peer", t.peer},
                {"name", t.name},
                {"done", t.bytes_done},
                {"size", t.size},
                {"reason", t.error}});
  } else {
    log_.write(Level::info, "transfer.state",
               {{"transfer", t.id.number},
                {"direction", direction},
                {"peer", t.peer},
                {"name", t.name},
                {"state", transfer::name_of(t.state)},
                {"done", t.bytes_done},
                {"size", t.size}});
  }
  api_.transfer_changed(t);
}

linux_port::OrMessage<void> Daemon::open_doors() {
  auto listening = interfaces_.open();
  if (!listening) return tl::unexpected(listening.error());
  listening_ = std::move(*listening);
  auto server = ApiServer::listen(loop_, config_.socket, api_);
  if (!server) return tl::unexpected(server.error());
  server_ = std::move(*server);
  api_.serve(server_.get());
  return {};
}

// Where neighbours may send others: our port, or what the router says in its place. Until it has
// said so nothing is told, since a first look at a port that is not open yet would be remembered.
void Daemon::tell_port() {
  if (listening_.empty()) return;
  const std::uint16_t port = listening_.front().port;
  if (!config_.port_mapping) return bootstrapper_.set_accepting(port);
  port_mapper_ = std::make_unique<linux_port::PortMapper>(
      loop_, port,
      [this, port](std::optional<std::uint16_t> external) {
        bootstrapper_.set_accepting(external.value_or(port));
      },
      sink_of(log_));
}

void Daemon::run() {
  bool stopping = false;
  loop_.on_signal([this, &stopping](int signal) {
    if (std::exchange(stopping, true)) return;
    log_.write(Level::info, "daemon.stopping", {{"signal", signal == SIGINT ? "INT" : "TERM"}});
    loop_.stop();
  });
  tell_port();
  bootstrapper_.start();
  log_.write(Level::info, "daemon.started",
             {{"version", MEHR_VERSION}, {"node", node_.id()}, {"socket", config_.socket}});
  loop_.run();
  // CLOSE to every neighbour, then the end of the streams behind it.
  api_.serve(nullptr);
  server_.reset();
  bootstrapper_.stop();
  node_.save();
  node_.links().close_all(l0::CloseReason::shutdown);
  interfaces_.shut_down();
  loop_.run_until([this] { return interfaces_.is_idle(); }, kFarewell);
  port_mapper_.reset();
  log_.write(Level::info, "daemon.stopped");
  loop_.on_signal({});
}

}  // namespace

int run_daemon(const Config& config, std::optional<int> passphrase_descriptor, Log& log) {
  keep_memory_private(log);
  raise_descriptor_limit(config, log);
  Ground ground;
  if (auto ready = prepare(config, passphrase_descriptor, log, ground); !ready) {
    return stop_with(exit_code::kDataDir, ready.error());
  }
  tell_identity(config, *ground.identity, log);
  Daemon daemon(config, log, ground);
  if (auto open = daemon.open_doors(); !open) return stop_with(exit_code::kListen, open.error());
  daemon.run();
  return exit_code::kGood;
}

}  // namespace mehr::daemon
