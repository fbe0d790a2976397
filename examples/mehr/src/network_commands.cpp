// `mehr links`, `mehr routes` and `mehr path`: what there is to send by.
#include <algorithm>

#include "answers.h"
#include "mehr/common/text.h"
#include "table.h"
#include "words.h"

namespace mehr::cli {
namespace {

/// The longest IPv4 address with a port; longer ones are cut, unless the table may be wide.
constexpr std::size_t kAddress = 21;

std::string short_address(const std::string& address) {
  constexpr std::size_t kKept = (kAddress - 3) / 2;
  if (address.size() <= kAddress) return address;
  return address.substr(0, kKept) + "..." + address.substr(address.size() - kKept);
}

std::string gossip_share(const Json& link) {
  const std::uint64_t gossip = number(link, "gossip_bytes");
  return percent(gossip, gossip + number(link, "user_bytes") + number(link, "control_bytes"));
}

// Of the packets that somebody wanted to leave.
std::string loss(const Json& link) {
  const std::uint64_t lost = number(link, "packets_lost");
  return percent(lost, lost + number(link, "packets_out"));
}

std::string link_state(const Json& link) {
  const std::string signal = known(link, "signalled") ? text(link, "signalled") : "";
  if (text(link, "gossip_mode") != "recovery") return signal.empty() ? "good" : signal;
  return signal.empty() ? "recovery" : signal + "+recovery";
}

std::string rtt_of(const Json& link) {
  return known(link, "rtt_us") ? human_micros(number(link, "rtt_us")) : "-";
}

std::uint64_t sum_of(const Json& list) {
  std::uint64_t out = 0;
  if (!list.is_array()) return out;
  for (const Json& one : list) out += one.is_number() ? one.get<std::uint64_t>() : 0;
  return out;
}

void show_links_in_short(const Options& options, const Json& links) {
  Table table({"NODE", "ADDRESS", ">RATE", ">RTT", ">MTU", ">QUEUE", ">LOSS", ">GOSSIP", "STATE"});
  for (const Json& l : links) {
    table.add({id(options, text(l, "node")), short_address(text(l, "address")),
               rate(l, "measured_bps"), rtt_of(l), std::to_string(number(l, "mtu")),
               percent(number(l, "queue_bytes"), number(l, "queue_capacity")), loss(l),
               gossip_share(l), link_state(l)});
  }
  print(table.text());
}

void show_links_in_full(const Options& options, const Json& links) {
  Table table({"NODE",    "ADDRESS", "ROLE",     ">UP",       ">CONFIGURED", ">MEASURED",
               ">RTT",    ">MTU",    ">QUEUED",  ">CAPACITY", ">SENT",       ">LOSS",
               ">AGED",   ">FULL",   ">CHANNEL", ">FAILED",   ">GOSSIP",     "MODE",
               ">ROUNDS", ">MISSED", "STATE",    ">SIGNALS",  ">CONDUCT",    ">PRICE"});
  for (const Json& l : links) {
    const Json dropped = l.value("dropped", Json::object());
    table.add({id(options, text(l, "node")),
               text(l, "address"),
               text(l, "role"),
               common::human_time(number(l, "since_ms")),
               rate(l, "configured_bps"),
               rate(l, "measured_bps"),
               rtt_of(l),
               std::to_string(number(l, "mtu")),
               bytes(number(l, "queue_bytes")),
               bytes(number(l, "queue_capacity")),
               std::to_string(number(l, "packets_out")),
               loss(l),
               std::to_string(sum_of(dropped.value("aged", Json()))),
               std::to_string(sum_of(dropped.value("full", Json()))),
               std::to_string(number(dropped, "channel")),
               std::to_string(number(dropped, "failed")),
               gossip_share(l),
               text(l, "gossip_mode"),
               std::to_string(number(l, "rounds_good")),
               std::to_string(number(l, "rounds_failed")),
               link_state(l),
               std::to_string(number(l, "signals_received")),
               std::to_string(number(l, "conduct")),
               price(l, "price_per_byte")});
  }
  print(table.text());
}

// Across a Reticulum network nobody says who is next, how fast, or how far.
std::string next_hop(const Options& options, const Json& way) {
  return flag(way, "reticulum") ? "reticulum" : id(options, text(way, "next_hop"));
}

std::string latency(const Json& way) {
  return known(way, "latency_ms") ? common::human_time(number(way, "latency_ms")) : "-";
}

std::string bandwidth(const Json& way) {
  return known(way, "bandwidth_bps") ? path_rate(way, "bandwidth_bps") : "-";
}

// ---- mehr path
// -----------------------------------------------------------------------------------

std::string policy_text(const Json& answer) {
  const Json weights = answer.value("weights", Json::object());
  std::string out = text(answer, "policy") + ":";
  const char* comma = " ";
  for (const auto& [key, about] :
       {std::pair{"cost", "cost"}, std::pair{"latency", "latency"},
        std::pair{"reliability", "reliability"}, std::pair{"ring", "distance of ids"}}) {
    const double weight = weights.value(key, 0.0);
    if (weight <= 0) continue;
    std::array<char, 64> one{};
    std::snprintf(one.data(), one.size(), "%s%s %.3g", comma, about, weight);
    out += one.data();
    comma = ", ";
  }
  return out;
}

std::string way_text(const Json& way) {
  std::string name = text(way, "way");
  if (name == "neighbour") return "neighbour";
  if (name == "feasible") return "good";
  if (name == "unsafe") return "may circle";
  if (name == "stale") return "running out";
  return name;
}

void show_ways(const Options& options, const Json& ways) {
  Table table({"", "NEXT HOP", "WAY", ">RELAYS", ">COST/BYTE", ">LATENCY", ">BANDWIDTH", ">MTU",
               ">RELIABLE", ">AGE"});
  for (const Json& w : ways) {
    table.add({flag(w, "chosen") ? "*" : "", next_hop(options, w), way_text(w),
               std::to_string(number(w, "relays")), price(w, "cost_per_byte"), latency(w),
               bandwidth(w), std::to_string(number(w, "mtu")), reliability(w, "-"),
               common::human_time(number(w, "age_ms"))});
  }
  print(table.text());
}

void show_cautions(const Json& answer, const Json& way) {
  if (text(way, "way") == "unsafe") {
    print_property("caution", "it may lead in a circle; nothing safer is known now");
  }
  if (text(way, "way") == "stale") {
    print_property("caution",
                   "the route runs out: nothing was heard of it for long, or its link broke");
  }
  if (known(answer, "best_mtu")) {
    print_property("caution", "no way has an MTU of " + std::to_string(number(answer, "min_mtu")) +
                                  "; the largest is " + std::to_string(number(answer, "best_mtu")));
  }
  if (flag(way, "avoided")) {
    print_property("caution",
                   "the neighbour is congested; bulk traffic takes another way if there is one");
  }
}

void show_way(const Json& answer, const Json& way) {
  const bool direct = text(way, "way") == "neighbour";
  const std::string relays = counted(number(way, "relays"), "relay") + " on the way";
  print_property("to", text(answer, "node"));
  print_property("policy", policy_text(answer));
  const bool abroad = flag(way, "reticulum");
  print_property("next hop", direct   ? "itself, a neighbour"
                             : abroad ? "across a Reticulum network, " + relays
                                      : text(way, "next_hop") + ", " + relays);
  print_property(
      "cost", price(way, "cost_per_byte") + (number(way, "cost_per_byte") > 0 ? " per byte" : ""));
  if (!abroad) {
    print_property("latency", latency(way) + " at the slowest hop");
    print_property("bandwidth", bandwidth(way) + " at the narrowest hop");
  }
  print_property("mtu", std::to_string(number(way, "mtu")) + " bytes");
  print_property("reliability", reliability(way, "unknown, nothing was sent there yet"));
  if (!direct) print_property("heard of", common::human_time(number(way, "age_ms")) + " ago");
  show_cautions(answer, way);
}

// Why there is no way, and what is being done about it.
std::string no_way_text(const Json& answer, bool waited) {
  std::string out = "no route to " + text(answer, "node") + " is known";
  if (number(answer, "links") == 0) {
    return out + "; this node has no links, so nobody could be asked for one";
  }
  out += waited
             ? ", and no neighbour told one within 15 seconds"
             : "; the neighbours were asked for one, which takes up to 15 seconds (--wait waits)";
  if (!known(answer, "next_hop")) return out;
  return out + ". Until then packets go to " + text(answer, "next_hop") + ", whose id is nearest";
}

}  // namespace

int show_links(const Options& options) {
  return ask_and_show(options, "links", [&options](const Json& answer) {
    const Json& links = answer["links"];
    if (links.empty()) return print("no links\n");
    options.wide ? show_links_in_full(options, links) : show_links_in_short(options, links);
  });
}

int show_routes(const Options& options) {
  return ask_and_show(options, "routes", [&options](const Json& answer) {
    Table table({"NODE", "NEXT HOP", ">RELAYS", ">COST/BYTE", ">LATENCY", ">BANDWIDTH", ">MTU",
                 ">RELIABLE", ">WAYS", "STATE", ">AGE"});
    for (const Json& r : answer["routes"]) {
      table.add({id(options, text(r, "node")), next_hop(options, r),
                 std::to_string(number(r, "relays")), price(r, "cost_per_byte"), latency(r),
                 bandwidth(r), std::to_string(number(r, "mtu")), reliability(r, "-"),
                 std::to_string(number(r, "ways")), text(r, "state"),
                 common::human_time(number(r, "age_ms"))});
    }
    print(table.empty() ? "no routes\n" : table.text());
  });
}

int show_path(const Options& options, const PathOptions& what) {
  Json params{{"node", what.node}, {"wait", what.wait}};
  if (what.policy) params["policy"] = *what.policy;
  if (what.min_mtu) params["min_mtu"] = *what.min_mtu;
  const auto answer = ask(options, "path", params);
  if (!answer) return complain(answer.error().exit, answer.error().message);
  const bool has_route = flag(*answer, "route");
  const Json ways = answer->value("ways", Json::array());
  if (options.json) {
    print_json(*answer);
  } else {
    const auto chosen =
        std::find_if(ways.begin(), ways.end(), [](const Json& w) { return flag(w, "chosen"); });
    if (has_route && chosen != ways.end()) show_way(*answer, *chosen);
    if (ways.size() > 1 || (!has_route && !ways.empty())) {
      print(has_route ? "\n" : "");
      show_ways(options, ways);
    }
  }
  if (has_route) return exit_code::kGood;
  return complain(exit_code::kFailed, no_way_text(*answer, what.wait));
}

}  // namespace mehr::cli
