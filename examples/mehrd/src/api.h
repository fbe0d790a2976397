// What local programs may ask of the daemon: one JSON object per line, each way.
//
// Place: examples/mehrd, above ApiServer; the description for people is docs/daemon.md.
// Shapes: {"id":…,"method":"…","params":{…}} -> {"id":…,"result":{…}} or
// {"id":…,"error":{"code":"…","message":"…"}}; `send` and `watch` give {"id":…,"event":{…}} lines
// before. Machine: a request that waits is a Follow (client, id, transfer or everything), which
// ends with its transfer, or a Wait for the network (a way, a probe's answer, the end of a search);
// either ends with its client. Deadline: progress, and waits that last too long, every 200 ms.
// Bounds: those of ApiServer, 16 waiting requests per client. Failure: whatever is wrong with a
// request is answered; nothing a client sends ends the daemon. Threads: the loop's.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "api_server.h"
#include "config.h"
#include "interfaces.h"
#include "media.h"
#include "mehr/core/timers.h"
#include "mehr/stack/node.h"
#include "mehr/transfer/transfer_service.h"
#include "path_question.h"
#include "received_log.h"

namespace mehr::daemon {

using Json = nlohmann::ordered_json;

/// The parts of the daemon that requests are answered from. All borrowed.
struct ApiParts {
  const Config& config;
  linux_port::Loop& loop;
  stack::Node& node;
  const Signer& signer;
  const Interfaces& interfaces;
  Media& media;
  const l1::Bootstrap& bootstrap;
  transfer::TransferService& transfers;
  const ReceivedLog& received;
  const std::vector<linux_port::Endpoint>& listening;
};

class Api final : public LineHandler, private Wakeable {
 public:
  explicit Api(const ApiParts& parts) : parts_(parts) {}
  ~Api() override;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// The server that answers go out on; none: nobody is told anything any more.
  void serve(ApiServer* server) {
    server_ = server;
    if (server != nullptr) return;
    follows_.clear();
    waits_.clear();
  }

  // What happens elsewhere in the daemon, for those who watch.
  void transfer_changed(const transfer::TransferStatus& status);
  void link_changed(const Media::LinkEvent& event);
  void route_changed(const l1::RouteEvent& event);
  void probe_ended(const l1::ProbeEvent& event);
  void advisory_changed(const NodeId& node);

  // LineHandler
  void on_line(ClientId client, std::string_view line) override;
  void on_too_long(ClientId client) override;
  void on_gone(ClientId client) override;

 private:
  struct Failure {
    const char* code;
    std::string message;
  };
  using Outcome = tl::expected<Json, Failure>;
  struct Follow {
    ClientId client = 0;
    Json id;
    std::optional<transfer::TransferId> transfer;  ///< none: everything
    std::uint64_t told = 0;                        ///< bytes_done of the last progress line
  };
  struct Request {
    ClientId client = 0;
    Json id;
    Json params;
  };
  struct Wait {
    enum class For : std::uint8_t { path, probe, search };
    For what = For::path;
    ClientId client = 0;
    Json id;
    PathQuestion question;
    Millis until = Millis::never();
  };

  void on_wake(Millis now) override;
  void answer(const Request& request, const Outcome& outcome);
  void event(const Follow& follow, Json what);
  void tell_watchers(const Json& what);
  /// Nothing when the answer comes later.
  std::optional<Outcome> call(const Request& request, std::string_view method);
  std::optional<Outcome> send_file(const Request& request);
  std::optional<Outcome> cancel(const Request& request);
  std::optional<Outcome> watch(const Request& request);
  std::optional<Outcome> advise(const Request& request);
  [[nodiscard]] tl::expected<NodeId, Failure> find_node(const Json& params) const;
  [[nodiscard]] tl::expected<NodeId, Failure> find_other_node(const Json& params) const;
  [[nodiscard]] bool may_follow(ClientId client) const;
  void follow(Follow what);

  // Ways and probes: api_network.cpp
  std::optional<Outcome> path(const Request& request);
  std::optional<Outcome> probe(const Request& request);
  [[nodiscard]] tl::expected<PathQuestion, Failure> path_question(const Json& params) const;
  /// Begins what @p params ask for; what has begun, or why not.
  [[nodiscard]] tl::expected<Json, Failure> begin_probe(const NodeId& node, bool search,
                                                        const Json& params);
  void wait_for(Wait what);
  /// Takes out the waits for @p node of these two kinds.
  std::vector<Wait> take_waits(const NodeId& node, Wait::For one, Wait::For other);
  void way_found(const NodeId& node);
  void way_lost(const NodeId& node);
  void end_late_waits(Millis now);

  ApiParts parts_;
  ApiServer* server_ = nullptr;
  std::vector<Follow> follows_;
  std::vector<Wait> waits_;
};

}  // namespace mehr::daemon
