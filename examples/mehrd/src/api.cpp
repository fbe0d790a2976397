#include "api.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mehr/common/text.h"
#include "params.h"
#include "views.h"

namespace mehr::daemon {
namespace {

constexpr Millis kProgress{200};
constexpr std::size_t kFollowsPerClient = 16;
constexpr std::size_t kShortestPrefix = 4;

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

const char* code_of(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "not_found";
    case Errc::denied:
      return "denied";
    case Errc::full:
      return "busy";
    case Errc::bad_value:
    case Errc::too_big:
      return "bad_params";
    default:
      return "failed";
  }
}

}  // namespace

Api::~Api() { parts_.loop.wake_at(*this, Millis::never()); }

void Api::on_line(ClientId client, std::string_view line) {
  Request request;
  request.client = client;
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return answer(request, tl::unexpected(Failure{"bad_json", "a request is one JSON object"}));
  }
  if (json.contains("id")) request.id = json["id"];
  if (request.id.is_structured()) {
    request.id = nullptr;
    return answer(request, tl::unexpected(Failure{"bad_request", "id is a number or a text"}));
  }
  request.params = json.value("params", Json::object());
  const std::string* method = text_of(json, "method");
  if (method == nullptr || !request.params.is_object()) {
    return answer(request, tl::unexpected(Failure{
                               "bad_request",
                               "a request has \"method\", a text, and may have \"params\", an "
                               "object"}));
  }
  if (const auto outcome = call(request, *method)) answer(request, *outcome);
}

void Api::on_too_long(ClientId client) {
  answer({client, nullptr, {}},
         tl::unexpected(Failure{"too_long", "a request is one line of at most 65536 bytes"}));
}

void Api::on_gone(ClientId client) {
  std::erase_if(follows_, [client](const Follow& f) { return f.client == client; });
  std::erase_if(waits_, [client](const Wait& w) { return w.client == client; });
}

void Api::answer(const Request& request, const Outcome& outcome) {
  Json out{{"id", request.id}};
  if (outcome) {
    out["result"] = *outcome;
  } else {
    out["error"] = {{"code", outcome.error().code}, {"message", outcome.error().message}};
  }
  server_->send(request.client, to_line(out));
}

void Api::event(const Follow& follow, Json what) {
  const Json out{{"id", follow.id}, {"event", std::move(what)}};
  server_->send(follow.client, to_line(out));
}

std::optional<Api::Outcome> Api::call(const Request& request, std::string_view method) {
  struct View {
    std::string_view name;
    Json (*view)(const ApiParts&);
  };
  static constexpr View kViews[] = {
      {"status", &status_view},        {"id", &id_view},
      {"peers", &peers_view},          {"links", &links_view},
      {"routes", &routes_view},        {"interfaces", &interfaces_view},
      {"transfers", &transfers_view},  {"inbox", &inbox_view},
      {"reticulum", &reticulum_view},  {"advisories", &advisories_view},
      {"reputation", &reputation_view}};
  struct Call {
    std::string_view name;
    std::optional<Outcome> (Api::*run)(const Request&);
  };
  static constexpr Call kCalls[] = {{"path", &Api::path},      {"probe", &Api::probe},
                                    {"send", &Api::send_file}, {"cancel", &Api::cancel},
                                    {"advise", &Api::advise},  {"watch", &Api::watch}};
  std::string names;
  for (const View& view : kViews) {
    if (view.name == method) return view.view(parts_);
    names += fmt::format("{}, ", view.name);
  }
  for (const Call& call : kCalls) {
    if (call.name == method) return (this->*call.run)(request);
    names += fmt::format("{}{}", &call == kCalls ? "" : ", ", call.name);
  }
  return tl::unexpected(
      Failure{"unknown_method", fmt::format("there is no method \"{}\"; there are {}",
                                            common::printable(method.substr(0, 64)), names)});
}

tl::expected<NodeId, Api::Failure> Api::find_node(const Json& params) const {
  const std::string* text = text_of(params, "node");
  if (text == nullptr) {
    return tl::unexpected(Failure{"bad_params", "params.node is a NodeID or its first digits"});
  }
  if (const auto id = common::parse_node_id(*text)) return *id;
  const bool hex = text->find_first_not_of("0123456789abcdefABCDEF") == text->npos;
  if (!hex || text->size() < kShortestPrefix || text->size() > 2 * NodeId::kSize) {
    return tl::unexpected(
        Failure{"bad_params",
                fmt::format("\"{}\" is not a NodeID; give its 32 hexadecimal digits, or the first "
                            "{} or more of one that mehr routes shows",
                            common::printable(text->substr(0, 64)), kShortestPrefix)});
  }
  std::string prefix(*text);
  std::transform(prefix.begin(), prefix.end(), prefix.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::set<NodeId> found;
  const auto note = [&](const NodeId& node) {
    if (common::to_text(node).starts_with(prefix)) found.insert(node);
  };
  parts_.node.network().destinations(note);
  // A neighbour that has not announced itself is reached all the same.
  parts_.node.network().neighbours([&](const NeighbourFacts& n) { note(n.node); });
  if (found.size() == 1) return *found.begin();
  if (found.empty()) {
    return tl::unexpected(Failure{
        "not_found",
        fmt::format("no known route leads to a node that begins with {}; see mehr routes, or give "
                    "all 32 digits to wait for it",
                    prefix)});
  }
  return tl::unexpected(
      Failure{"ambiguous",
              fmt::format("{} known nodes begin with {}; give more digits", found.size(), prefix)});
}

tl::expected<NodeId, Api::Failure> Api::find_other_node(const Json& params) const {
  auto node = find_node(params);
  if (node && *node == parts_.node.id()) {
    return tl::unexpected(Failure{"bad_params", "that is this node itself"});
  }
  return node;
}

std::optional<Api::Outcome> Api::send_file(const Request& request) {
  const auto node = find_other_node(request.params);
  if (!node) return tl::unexpected(node.error());
  const std::string* path = text_of(request.params, "path");
  if (path == nullptr || path->empty() || path->front() != '/') {
    return tl::unexpected(Failure{"bad_params", "params.path is the absolute path of a file"});
  }
  const std::string* name = text_of(request.params, "name");
  const auto wait = flag_of(request.params, "wait", true);
  if (!wait) return tl::unexpected(Failure{"bad_params", wait.error()});
  if (*wait && !may_follow(request.client)) {
    return tl::unexpected(Failure{"busy", "this connection waits for too much; open another"});
  }
  const auto id =
      parts_.transfers.send(*node, *path, name != nullptr ? *name : file_name_of(*path));
  if (!id) {
    return tl::unexpected(
        Failure{code_of(id.error().code),
                fmt::format("{}: {}", common::printable(*path), id.error().text)});
  }
  if (!*wait) return Json{{"transfer", id->number}};
  follow({request.client, request.id, *id, 0});
  return std::nullopt;
}

std::optional<Api::Outcome> Api::cancel(const Request& request) {
  const auto number = request.params.find("transfer");
  if (number == request.params.end() || !number->is_number_unsigned()) {
    return tl::unexpected(Failure{"bad_params", "params.transfer is the number of a transfer"});
  }
  const auto done = parts_.transfers.cancel({number->get<std::uint64_t>()});
  if (!done) {
    return tl::unexpected(Failure{code_of(done.error().code), done.error().text});
  }
  return Json::object();
}

std::optional<Api::Outcome> Api::watch(const Request& request) {
  if (!may_follow(request.client)) {
    return tl::unexpected(Failure{"busy", "this connection waits for too much; open another"});
  }
  follow({request.client, request.id, std::nullopt, 0});
  return std::nullopt;
}

bool Api::may_follow(ClientId client) const {
  const auto of_client = [client](const auto& waiting) { return waiting.client == client; };
  const auto count = std::count_if(follows_.begin(), follows_.end(), of_client) +
                     std::count_if(waits_.begin(), waits_.end(), of_client);
  return static_cast<std::size_t>(count) < kFollowsPerClient;
}

void Api::follow(Follow what) {
  follows_.push_back(std::move(what));
  parts_.loop.wake_at(*this, parts_.loop.now() + kProgress);
}

void Api::on_wake(Millis now) {
  if (follows_.empty() && waits_.empty()) return;
  end_late_waits(now);
  const auto list = parts_.transfers.list();
  // By value: sending may drop a client and its follows.
  const std::vector<Follow> follows = follows_;
  for (const Follow& f : follows) {
    for (const auto& t : list) {
      if (f.transfer && *f.transfer == t.id && t.bytes_done != f.told) {
        event(f, {{"kind", "transfer"}, {"transfer", transfer_view(t, now)}});
        for (Follow& kept : follows_) {
          if (kept.client == f.client && kept.transfer == f.transfer) kept.told = t.bytes_done;
        }
      }
    }
  }
  if (!follows_.empty() || !waits_.empty()) parts_.loop.wake_at(*this, now + kProgress);
}

void Api::transfer_changed(const transfer::TransferStatus& t) {
  const Json view = transfer_view(t, parts_.loop.now());
  const bool over = t.state == transfer::State::done || t.state == transfer::State::failed;
  const std::vector<Follow> follows = follows_;
  for (const Follow& f : follows) {
    if (f.transfer && *f.transfer != t.id) continue;
    if (!f.transfer || !over) {
      event(f, {{"kind", "transfer"}, {"transfer", view}});
    } else if (t.state == transfer::State::done) {
      answer({f.client, f.id, {}}, view);
    } else {
      answer({f.client, f.id, {}}, tl::unexpected(Failure{"transfer_failed", t.error}));
    }
  }
  if (over) {
    std::erase_if(follows_, [&t](const Follow& f) { return f.transfer && *f.transfer == t.id; });
  }
}

void Api::tell_watchers(const Json& what) {
  const std::vector<Follow> follows = follows_;
  for (const Follow& f : follows) {
    if (!f.transfer) event(f, what);
  }
}

void Api::link_changed(const Media::LinkEvent& e) {
  if (e.up) way_found(e.peer);
  if (follows_.empty()) return;
  Json what{{"kind", e.up ? "link_up" : "link_down"}, {"node", common::to_text(e.peer)}};
  if (!e.up) what["reason"] = e.reason;
  tell_watchers(what);
}

void Api::route_changed(const l1::RouteEvent& e) {
  if (e.kind == l1::RouteEvent::Kind::lost) {
    way_lost(e.destination);
  } else {
    way_found(e.destination);
  }
  if (follows_.empty()) return;
  const char* const kind = e.kind == l1::RouteEvent::Kind::appeared  ? "route_appeared"
                           : e.kind == l1::RouteEvent::Kind::changed ? "route_changed"
                                                                     : "route_lost";
  Json what{{"kind", kind}, {"node", common::to_text(e.destination)}};
  if (e.kind != l1::RouteEvent::Kind::lost) what["next_hop"] = common::to_text(e.next_hop);
  tell_watchers(what);
}

}  // namespace mehr::daemon
