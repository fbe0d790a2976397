#include "commands.h"

#include <cstdio>
#include <ctime>

#include "answers.h"
#include "client.h"
#include "mehr/common/text.h"
#include "table.h"

namespace mehr::cli {
namespace {

std::string moment(std::uint64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  std::array<char, 32> out{};
  localtime_r(&seconds, &local);
  std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S", &local);
  return out.data();
}

std::string percent(const Json& transfer) {
  const std::uint64_t size = number(transfer, "size");
  if (size == 0) return text(transfer, "state") == "done" ? "100 %" : "0 %";
  return std::to_string(number(transfer, "bytes_done") * 100 / size) + " %";
}

// Peers that were reached in the past, newest first.
void show_remembered(const Options& options, const Json& answer) {
  constexpr std::size_t kMost = 20;
  Table table({"REMEMBERED PEER", "ADDRESS", ">LAST SEEN"});
  std::size_t count = 0;
  for (const Json& r : answer["remembered"]) {
    if (r["linked"].get<bool>() || ++count > kMost) continue;
    table.add({id(options, text(r, "node")), text(r, "address"),
               common::human_time(number(r, "seen_ms")) + " ago"});
  }
  if (!table.empty()) print("\n" + table.text());
  if (count > kMost) print("and " + std::to_string(count - kMost) + " more; --json shows all\n");
  if (const std::size_t told = answer["told"].size(); told > 0) {
    print("\n" + std::to_string(told) +
          " more addresses were told by neighbours and not tried yet\n");
  }
}

}  // namespace

int complain(int exit, const std::string& message) {
  std::fprintf(stderr, "mehr: %s\n", message.c_str());
  return exit;
}

int show_status(const Options& options) {
  return ask_and_show(options, "status", [](const Json& s) {
    std::string listening;
    for (const auto& where : s["listening"]) {
      listening += (listening.empty() ? "" : ", ") + where.get<std::string>();
    }
    constexpr auto line = &print_property;
    line("node", text(s, "node"));
    line("version", text(s, "version"));
    line("up for", common::human_time(number(s, "uptime_ms")));
    line("listening", listening.empty() ? "nowhere" : listening);
    line("links", std::to_string(number(s, "links")));
    line("routes", std::to_string(number(s, "routes")));
    line("transfers", std::to_string(number(s, "transfers_under_way")) + " under way");
    line("received", std::to_string(number(s, "files_received")) + " files in " + text(s, "inbox"));
    const Json& c = s["counters"];
    line("traffic", bytes(number(c["tcp"], "bytes_in")) + " in, " +
                        bytes(number(c["tcp"], "bytes_out")) + " out, " +
                        std::to_string(number(c["network"], "forwarded")) + " packets relayed");
  });
}

int show_id(const Options& options) {
  return ask_and_show(options, "id", [](const Json& s) { print(text(s, "node") + "\n"); });
}

int show_peers(const Options& options) {
  return ask_and_show(options, "peers", [&options](const Json& answer) {
    Table links({"NODE", "ADDRESS", "ROLE", ">UP", ">RTT", ">MTU", ">IN", ">OUT"});
    for (const Json& l : answer["links"]) {
      links.add({id(options, text(l, "node")), text(l, "address"), text(l, "role"),
                 common::human_time(number(l, "since_ms")),
                 l["rtt_ms"].is_null() ? "-" : common::human_time(number(l, "rtt_ms")),
                 std::to_string(number(l, "mtu")), bytes(number(l, "bytes_in")),
                 bytes(number(l, "bytes_out"))});
    }
    print(links.empty() ? "no links\n" : links.text());
    Table waiting({"CONFIGURED PEER", "STATE", ">NEXT TRY", "LAST ERROR"});
    for (const Json& t : answer["configured"]) {
      if (text(t, "state") == "connected") continue;
      waiting.add({text(t, "address"), text(t, "state"),
                   t.contains("next_attempt_ms")
                       ? "in " + common::human_time(number(t, "next_attempt_ms"))
                       : "",
                   text(t, "last_error")});
    }
    if (!waiting.empty()) print("\n" + waiting.text());
    show_remembered(options, answer);
  });
}

int show_transfers(const Options& options) {
  return ask_and_show(options, "transfers", [&options](const Json& answer) {
    Table table({">#", "", "PEER", "NAME", ">SIZE", ">DONE", "STATE", ">RATE", "ERROR"});
    for (const Json& t : answer["transfers"]) {
      table.add({std::to_string(number(t, "transfer")), text(t, "direction"),
                 id(options, text(t, "peer")), text(t, "name"), bytes(number(t, "size")),
                 percent(t), text(t, "state"),
                 t.contains("bytes_per_second") ? bytes(number(t, "bytes_per_second")) + "/s" : "",
                 text(t, "error")});
    }
    print(table.empty() ? "no transfers since the daemon started\n" : table.text());
  });
}

int show_inbox(const Options& options) {
  return ask_and_show(options, "inbox", [&options](const Json& answer) {
    Table table({"RECEIVED", "FROM", ">SIZE", "BLAKE3", "FILE"});
    for (const Json& f : answer["files"]) {
      table.add({moment(number(f, "received_ms")), id(options, text(f, "from")),
                 bytes(number(f, "size")), id(options, text(f, "blake3")), text(f, "path")});
    }
    print(table.empty() ? "no files received yet; they come to " + text(answer, "inbox") + "\n"
                        : table.text());
  });
}

int cancel_transfer(const Options& options, std::uint64_t which) {
  const auto answer = ask(options, "cancel", {{"transfer", which}});
  if (!answer) return complain(answer.error().exit, answer.error().message);
  if (options.json) print_json(*answer);
  return exit_code::kGood;
}

int watch(const Options& options) {
  auto client = Client::connect(options.socket);
  if (!client) return complain(client.error().exit, client.error().message);
  const auto answer = client->call("watch", Json::object(), [](const Json& event) {
    print(event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    std::fflush(stdout);
  });
  return answer ? exit_code::kGood : complain(answer.error().exit, answer.error().message);
}

}  // namespace mehr::cli
