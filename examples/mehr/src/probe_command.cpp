// `mehr probe`: measures the way to a node, on request.
#include <cstdio>

#include "answers.h"
#include "mehr/common/text.h"
#include "words.h"

namespace mehr::cli {
namespace {

std::string packet_bytes(std::uint64_t n) { return counted(n, "byte"); }

// What the last answer said.
void show_measured(const Json& report) {
  const bool least = number(report, "rtt_ms") < 2;  // so short that the clock is too coarse
  print_property("round trip", round_trip(number(report, "rtt_ms")));
  print_property("throughput", std::string(least ? "at least " : "about ") +
                                   rate(report, "throughput_bps") + ", over half the round trip");
  print_property("far link",
                 "MTU " + std::to_string(number(report, "responder_mtu")) + ", " +
                     (known(report, "measured_bps") ? "about " + rate(report, "measured_bps")
                                                    : "of unknown bandwidth"));
}

std::string search_text(const Json& report) {
  if (flag(report, "searching")) return "under way, one probe a minute";
  if (!flag(report, "searched")) return "none finished; --mtu starts one";
  return "finished: the largest packet has " + packet_bytes(number(report, "largest_passed"));
}

void show_known(const Json& report) {
  print_property("node", text(report, "node"));
  print_property("probes", std::to_string(number(report, "answered")) + " answered, " +
                               std::to_string(number(report, "failed")) + " not");
  if (known(report, "rtt_ms")) {
    print_property("last answer", common::human_time(number(report, "age_ms")) + " ago");
    show_measured(report);
  }
  if (known(report, "largest_passed")) {
    print_property("passed", "up to " + packet_bytes(number(report, "largest_passed")));
  }
  if (known(report, "smallest_failed")) {
    print_property("not passed", "from " + packet_bytes(number(report, "smallest_failed")));
  }
  print_property("mtu search", search_text(report));
}

void show_step(const Json& event) {
  const bool answered = flag(event, "answered");
  const Json report = event.value("report", Json::object());
  std::printf(
      "%s: %s; the next probe, if one is needed, follows within a minute\n",
      packet_bytes(number(event, "size")).c_str(),
      answered ? ("answered after " + round_trip(number(report, "rtt_ms"))).c_str() : "no answer");
  std::fflush(stdout);
}

void show_begun(const Json& begun) {
  const std::string node = text(begun, "node");
  print("searching for the largest packet that reaches " + node +
        "\none probe a minute, in the background: 3 to 5 minutes on most paths, 20 at most\n" +
        "mehr probe " + node + " --last shows how far it is\n");
}

void show_result(const ProbeOptions& what, const Json& answer) {
  if (what.last) return show_known(answer);
  if (what.mtu && !what.wait) return show_begun(answer);
  if (what.mtu) {
    std::printf("the largest packet that passes has %s\n",
                packet_bytes(number(answer, "largest_passed")).c_str());
    return;
  }
  std::printf("%s answered a packet of %s\n", text(answer, "node").c_str(),
              packet_bytes(number(answer, "size")).c_str());
  show_measured(answer);
}

}  // namespace

int probe(const Options& options, const ProbeOptions& what) {
  auto client = Client::connect(options.socket);
  if (!client) return complain(client.error().exit, client.error().message);
  Json params{{"node", what.node}};
  if (what.size) params["size"] = *what.size;
  if (what.last) params["last"] = true;
  if (what.mtu) {
    params["mtu"] = true;
    params["wait"] = what.wait;
  }
  const auto answer = client->call("probe", params, [&options](const Json& event) {
    if (!options.json && text(event, "kind") == "probe") show_step(event);
  });
  if (!answer) return complain(answer.error().exit, answer.error().message);
  if (options.json) {
    print_json(*answer);
  } else {
    show_result(what, *answer);
  }
  return exit_code::kGood;
}

}  // namespace mehr::cli
