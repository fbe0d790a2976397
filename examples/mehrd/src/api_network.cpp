// The API's half that deals with ways and probes: `path` and `probe`.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api.h"
#include "mehr/common/text.h"
#include "params.h"
#include "views.h"

namespace mehr::daemon {
namespace {

/// Answers to a question for a way come within this time. spec: L1/4.3
constexpr Millis kPathAnswer = Millis::seconds(15);
/// L1 gives a probe up before this.
constexpr Millis kProbeAnswer = l1::kProbeLongestWait + Millis::seconds(5);
/// Fits every path, so that a missing answer says something of the path and not of its MTU.
constexpr std::uint64_t kProbeSize = 484;

const char* probe_code_of(Errc code) {
  switch (code) {
    case Errc::no_route:
      return "no_route";
    case Errc::denied:
      return "too_soon";
    case Errc::unsupported:
      return "unsupported";
    case Errc::wrong_state:
    case Errc::full:
      return "busy";
    case Errc::bad_value:
    case Errc::too_big:
      return "bad_params";
    default:
      return "failed";
  }
}

std::string no_route_to(const NodeId& node, bool asked) {
  return fmt::format("no route to {} is known; {}", common::to_text(node),
                     asked ? "the neighbours were asked for one, which takes up to 15 seconds"
                           : "this node has no links, so nobody could be asked for one");
}

}  // namespace

// ---- path
// ----------------------------------------------------------------------------------------

tl::expected<PathQuestion, Api::Failure> Api::path_question(const Json& params) const {
  PathQuestion out;
  const auto node = find_other_node(params);
  if (!node) return tl::unexpected(node.error());
  out.node = *node;
  if (params.contains("policy")) {
    const std::string* text = text_of(params, "policy");
    const auto policy = parse_policy(text != nullptr ? *text : "");
    if (!policy) return tl::unexpected(Failure{"bad_params", policy.error()});
    out.policy = *policy;
  }
  const auto least = number_of(params, "min_mtu", 0, 0xFFFF);
  if (!least) return tl::unexpected(Failure{"bad_params", least.error()});
  out.min_mtu = static_cast<std::uint16_t>(*least);
  return out;
}

std::optional<Api::Outcome> Api::path(const Request& request) {
  const auto question = path_question(request.params);
  if (!question) return tl::unexpected(question.error());
  const auto wait = flag_of(request.params, "wait", false);
  if (!wait) return tl::unexpected(Failure{"bad_params", wait.error()});
  Json view = path_view(parts_, *question);
  if (view["route"] == true) return view;
  parts_.node.network().seek(question->node);
  if (!*wait) return view;
  if (!may_follow(request.client)) {
    return tl::unexpected(Failure{"busy", "this connection waits for too much; open another"});
  }
  wait_for(
      {Wait::For::path, request.client, request.id, *question, parts_.loop.now() + kPathAnswer});
  return std::nullopt;
}

void Api::way_found(const NodeId& node) {
  for (const Wait& w : take_waits(node, Wait::For::path, Wait::For::path)) {
    answer({w.client, w.id, {}}, path_view(parts_, w.question));
  }
}

void Api::way_lost(const NodeId& node) {
  for (const Wait& w : take_waits(node, Wait::For::probe, Wait::For::search)) {
    answer({w.client, w.id, {}},
           tl::unexpected(Failure{"no_route", "the route was lost while the answer was awaited"}));
  }
}

// ---- probe
// ---------------------------------------------------------------------------------------

std::optional<Api::Outcome> Api::probe(const Request& request) {
  const auto node = find_other_node(request.params);
  if (!node) return tl::unexpected(node.error());
  const auto search = flag_of(request.params, "mtu", false);
  const auto last = flag_of(request.params, "last", false);
  const auto wait = flag_of(request.params, "wait", !search.value_or(false));
  for (const auto* flag : {&search, &last, &wait}) {
    if (!*flag) return tl::unexpected(Failure{"bad_params", flag->error()});
  }
  if (*last) {
    Json known = probe_view(parts_, *node);
    if (!known.is_null()) return known;
    return tl::unexpected(Failure{
        "not_found", "nothing is known of that node by probing; its results end with its route"});
  }
  if (*wait && !may_follow(request.client)) {
    return tl::unexpected(Failure{"busy", "this connection waits for too much; open another"});
  }
  auto begun = begin_probe(*node, *search, request.params);
  if (!begun) return tl::unexpected(begun.error());
  if (!*wait) return std::move(*begun);
  wait_for({*search ? Wait::For::search : Wait::For::probe,
            request.client,
            request.id,
            {*node, {}, 0},
            *search ? Millis::never() : parts_.loop.now() + kProbeAnswer});
  return std::nullopt;
}

tl::expected<Json, Api::Failure> Api::begin_probe(const NodeId& node, bool search,
                                                  const Json& params) {
  const auto size = number_of(params, "size", kProbeSize, l1::kProbeMax);
  if (!size) return tl::unexpected(Failure{"bad_params", size.error()});
  if (search && params.contains("size")) {
    return tl::unexpected(Failure{"bad_params", "a search chooses the sizes of its probes itself"});
  }
  l1::Network& network = parts_.node.network();
  const Status begun = search ? network.search_mtu(node)
                              : network.probe(node, Mtu{static_cast<std::uint16_t>(*size)});
  if (begun) {
    Json out{{"node", common::to_text(node)}};
    if (!search) out["size"] = *size;
    out["searching"] = search;
    out["spacing_ms"] = l1::kProbeSpacing.count;
    return out;
  }
  const Error& why = begun.error();
  if (why.code == Errc::no_route) {
    network.seek(node);
    return tl::unexpected(
        Failure{"no_route", no_route_to(node, network.table().active_links() > 0)});
  }
  const bool known = why.code == Errc::denied || why.code == Errc::wrong_state;
  return tl::unexpected(
      Failure{probe_code_of(why.code),
              fmt::format("{}{}", why.text,
                          known ? "; mehr probe NODE --last shows what is known so far" : "")});
}

void Api::probe_ended(const l1::ProbeEvent& e) {
  using Kind = l1::ProbeEvent::Kind;
  const bool finished = e.kind == Kind::search_finished;
  Json view = probe_view(parts_, e.destination);
  Json told{{"kind", finished ? "search_finished" : "probe"},
            {"node", common::to_text(e.destination)},
            {"size", e.size.bytes}};
  if (!finished) told["answered"] = e.kind == Kind::answered;
  tell_watchers(told);
  if (!finished) {
    told["report"] = view;
    const std::vector<Wait> waits = waits_;  // sending may drop a client and its waits
    for (const Wait& w : waits) {
      if (w.what != Wait::For::search || w.question.node != e.destination) continue;
      event({w.client, w.id, std::nullopt, 0}, told);
    }
  }
  const Wait::For ended = finished ? Wait::For::search : Wait::For::probe;
  for (const Wait& w : take_waits(e.destination, ended, ended)) {
    if (e.kind == Kind::answered || (finished && e.size.bytes != 0)) {
      view["size"] = e.size.bytes;
      answer({w.client, w.id, {}}, view);
    } else if (finished) {
      answer({w.client, w.id, {}},
             tl::unexpected(Failure{"no_answer",
                                    "no probe of the search was answered, or the route was lost: "
                                    "the path's MTU stays unknown"}));
    } else {
      answer(
          {w.client, w.id, {}},
          tl::unexpected(Failure{
              "no_answer", fmt::format("no answer came to the probe of {} bytes", e.size.bytes)}));
    }
  }
}

// ---- Waiting
// -------------------------------------------------------------------------------------

void Api::wait_for(Wait what) {
  waits_.push_back(std::move(what));
  parts_.loop.wake_at(*this, parts_.loop.now());
}

std::vector<Api::Wait> Api::take_waits(const NodeId& node, Wait::For one, Wait::For other) {
  std::vector<Wait> out;
  std::erase_if(waits_, [&](const Wait& w) {
    const bool taken = w.question.node == node && (w.what == one || w.what == other);
    if (taken) out.push_back(w);
    return taken;
  });
  return out;
}

void Api::end_late_waits(Millis now) {
  std::vector<Wait> late;
  std::erase_if(waits_, [&](const Wait& w) {
    if (now >= w.until) late.push_back(w);
    return now >= w.until;
  });
  for (const Wait& w : late) {
    if (w.what == Wait::For::path) {
      answer({w.client, w.id, {}}, path_view(parts_, w.question));
    } else {
      answer({w.client, w.id, {}}, tl::unexpected(Failure{"no_answer", "no answer came"}));
    }
  }
}

}  // namespace mehr::daemon
