// `mehr interfaces` and `mehr reticulum`: what the node is on, and whom it relays for there.
#include <array>
#include <cstdio>

#include "answers.h"
#include "mehr/common/text.h"
#include "table.h"
#include "words.h"

namespace mehr::cli {
namespace {

std::string share(const Json& object, const char* key) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.2g", object.value(key, 0.0) * 100);
  return out.data();
}

// Used and allowed, of an hour on the air.
std::string duty(const Json& one) {
  if (!known(one, "airtime_used")) return "-";
  const std::string used = share(one, "airtime_used");
  return known(one, "airtime_limit") ? used + "/" + share(one, "airtime_limit") + " %"
                                     : used + " %";
}

std::string signal(const Json& one) {
  if (!known(one, "rssi_dbm")) return "-";
  std::string out = std::to_string(one.value("rssi_dbm", 0)) + " dBm";
  if (known(one, "snr_db")) out += ", " + std::to_string(one.value("snr_db", 0)) + " dB";
  return out;
}

std::string state(const Json& one) {
  if (flag(one, "up")) return "up";
  return "down: " + text(one, "state");
}

void show_relayed(const Json& answer, const Options& options) {
  const Json counters = answer.value("counters", Json::object());
  print_property("address", text(answer, "address"));
  print_property("transport", text(answer, "transport"));
  print_property("links", std::to_string(number(answer, "links")));
  print_property("packets", std::to_string(number(counters, "packets_in")) + " in, " +
                                std::to_string(number(counters, "forwarded") +
                                               number(counters, "link_packets")) +
                                " passed on");
  const Json paths = answer.value("paths", Json::array());
  if (paths.empty()) return print("no paths: nobody has announced anything yet\n");
  Table table({"DESTINATION", ">HOPS", "BY", "NODE", ">AGE"});
  for (const Json& p : paths) {
    table.add({text(p, "destination"), std::to_string(number(p, "hops")),
               flag(p, "native") ? "link" : "reticulum",
               known(p, "node") ? id(options, text(p, "node")) : "-",
               common::human_time(number(p, "age_ms"))});
  }
  print("\n");
  print(table.text());
}

}  // namespace

int show_interfaces(const Options& options) {
  return ask_and_show(options, "interfaces", [](const Json& answer) {
    Table table({"NAME", "TYPE", "MODE", ">RATE", ">MTU", ">PEERS", ">IN", ">OUT", ">FULL", ">BAD",
                 ">DUTY CYCLE", "SIGNAL", "STATE"});
    for (const Json& one : answer["interfaces"]) {
      table.add({text(one, "name"), text(one, "type"), text(one, "mode"), rate(one, "bitrate"),
                 std::to_string(number(one, "mtu")), std::to_string(number(one, "links")),
                 bytes(number(one, "bytes_in")), bytes(number(one, "bytes_out")),
                 std::to_string(number(one, "full")), std::to_string(number(one, "bad_frames")),
                 duty(one), signal(one), state(one)});
    }
    print(table.text());
  });
}

int show_reticulum(const Options& options) {
  return ask_and_show(options, "reticulum", [&options](const Json& answer) {
    if (known(answer, "address")) return show_relayed(answer, options);
    print(
        "this node does not relay for Reticulum: no interface has mode dual or rns, and\n"
        "reticulum = true is not in its configuration\n");
  });
}

}  // namespace mehr::cli
