// mehr: reads its arguments and runs one command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "client.h"
#include "commands.h"
#include "inspect_command.h"
#include "key_commands.h"
#include "mehr/common/paths.h"
#include "mehr/common/text.h"

namespace {

using namespace mehr::cli;

constexpr const char* kFooter =
    R"(The daemon is found at --socket, else in --data-dir, else at $MEHR_SOCKET, else in the default data
directory (~/.local/share/mehr).

Exit codes: 0 done, 1 failed, 2 wrong arguments or undecodable input, 3 no daemon answers,
4 the transfer failed.)";

struct Arguments {
  Options options;
  std::string data_dir;
  SendOptions send;
  PathOptions path;
  ProbeOptions probe;
  InspectOptions inspect;
  KeyOptions key;
  std::uint64_t transfer = 0;
};

std::string socket_of(const Arguments& a) {
  if (!a.options.socket.empty()) return a.options.socket;
  if (!a.data_dir.empty()) return mehr::common::resolve(a.data_dir, mehr::common::kSocketName);
  if (const char* set = std::getenv("MEHR_SOCKET"); set != nullptr && *set != '\0') return set;
  return mehr::common::resolve(mehr::common::default_data_dir(), mehr::common::kSocketName);
}

using Command = int (*)(const Arguments&);

struct Simple {
  const char* name;
  const char* about;
  Command run;
};
constexpr Simple kSimple[] = {
    {"status", "what the daemon is doing",
     [](const Arguments& a) { return show_status(a.options); }},
    {"id", "this node's NodeID", [](const Arguments& a) { return show_id(a.options); }},
    {"peers", "links to neighbours, and configured and remembered peers that are not linked",
     [](const Arguments& a) { return show_peers(a.options); }},
    {"links", "links in numbers: rate, queue, loss, gossip; --wide shows all of them",
     [](const Arguments& a) { return show_links(a.options); }},
    {"routes", "known nodes and how to reach them",
     [](const Arguments& a) { return show_routes(a.options); }},
    {"interfaces", "what the node is on: rate, counters, duty cycle, signal, state",
     [](const Arguments& a) { return show_interfaces(a.options); }},
    {"reticulum", "what is relayed for Reticulum peers, and the paths that are known",
     [](const Arguments& a) { return show_reticulum(a.options); }},
    {"reputation", "how far others can be relied on, by what they did to this node",
     [](const Arguments& a) { return show_reputation(a.options); }},
    {"transfers", "files under way and finished",
     [](const Arguments& a) { return show_transfers(a.options); }},
    {"inbox", "files received", [](const Arguments& a) { return show_inbox(a.options); }},
    {"watch", "events as they happen, one JSON object per line",
     [](const Arguments& a) { return watch(a.options); }},
};

constexpr const char* kNode = "NodeID, or its first digits when a route is known";

void add_send(CLI::App& app, Arguments& a) {
  CLI::App* send = app.add_subcommand("send", "send a file to a node");
  send->add_option("node", a.send.node, kNode)->required();
  send->add_option("file", a.send.path, "the file; the daemon must be able to read it")->required();
  send->add_option("--name", a.send.name, "the name it gets at the receiver");
  send->add_flag("--no-wait", a.send.no_wait, "return at once; mehr transfers shows how it goes");
  send->add_flag("--progress", a.send.progress, "show progress also when this is no terminal");
  send->footer("Interrupting mehr leaves the transfer to the daemon; mehr cancel ends it.");
}

void add_path(CLI::App& app, Arguments& a) {
  CLI::App* path = app.add_subcommand("path", "the way to a node, and all others that are known");
  path->add_option("node", a.path.node, kNode)->required();
  path->add_option("--policy", a.path.policy,
                   "cheapest, fastest, reliable, mtu, balanced (the default), or the weights of "
                   "cost, latency and reliability: balanced=1,2,0.5")
      ->type_name("POLICY");
  path->add_option("--min-mtu", a.path.min_mtu, "prefer ways that take packets of N bytes")
      ->type_name("N")
      ->check(CLI::Range(1, 65535));
  path->add_flag("--wait", a.path.wait,
                 "when no route is known: wait up to 15 seconds for the neighbours' answer");
  path->footer("Ends with 1 when no route is known; the neighbours are asked for one then.");
}

void add_probe(CLI::App& app, Arguments& a) {
  CLI::App* probe =
      app.add_subcommand("probe", "measure the way to a node: round trip, throughput, MTU");
  probe->add_option("node", a.probe.node, kNode)->required();
  auto* size = probe->add_option("--size", a.probe.size, "bytes of the probe, 32 to 4096 (484)")
                   ->type_name("N")
                   ->check(CLI::Range(32, 4096));
  auto* mtu = probe->add_flag("--mtu", a.probe.mtu,
                              "search the largest packet that passes, in the background: one probe "
                              "a minute");
  auto* wait = probe->add_flag("--wait", a.probe.wait, "with --mtu: follow the search to its end");
  auto* last =
      probe->add_flag("--last", a.probe.last, "show what probes found out so far, and send none");
  size->excludes(mtu)->excludes(last);
  last->excludes(mtu);
  wait->needs(mtu);
  probe->footer(
      "A node is probed once in 60 seconds, and not over paths below 10 kbit/s. What probes find\n"
      "out are hints: nobody signs them.");
}

void add_inspect(CLI::App& app, Arguments& a) {
  CLI::App* inspect =
      app.add_subcommand("inspect", "show a wire structure as JSON, or a simulator's trace");
  inspect
      ->add_option("input", a.inspect.input,
                   "hexadecimal text, a file of raw bytes, hexadecimal text or a trace, or - for "
                   "standard input")
      ->required();
  inspect->add_option("--as", a.inspect.as, "what it is; without it, what it looks like")
      ->type_name("KIND");
  inspect->add_option("--node", a.inspect.trace.node, "of a trace: only what happened to this node")
      ->type_name("NAME");
  inspect
      ->add_option("--what", a.inspect.trace.whats,
                   "of a trace: only happenings of these kinds: packet-in,link-up")
      ->type_name("KINDS")
      ->delimiter(',')
      ->allow_extra_args(false);
  inspect->footer(kinds_text() + "\nA trace is shown line by line; --json decodes it in full.");
}

int run(int argc, char** argv) {
  CLI::App app{"mehr: talks to a running mehrd", "mehr"};
  Arguments a;
  auto* socket = app.add_option("--socket", a.options.socket, "unix socket of the daemon");
  app.add_option("--data-dir", a.data_dir, "the daemon's data directory")->excludes(socket);
  app.add_flag("--json", a.options.json, "results as JSON");
  app.add_flag("--wide", a.options.wide, "whole ids in tables, and every column of links");
  app.set_version_flag("--version", "mehr " MEHR_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  for (const Simple& c : kSimple) app.add_subcommand(c.name, c.about);
  add_path(app, a);
  add_probe(app, a);
  add_send(app, a);
  CLI::App* cancel = app.add_subcommand("cancel", "end a transfer");
  cancel->add_option("transfer", a.transfer, "its number in mehr transfers")->required();
  add_inspect(app, a);
  CLI::App* key = add_key(app, a.key);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (const auto rest = app.remaining(); app.get_subcommands().empty() && !rest.empty()) {
      return complain(exit_code::kUsage, "there is no command \"" +
                                             mehr::common::printable(rest.front()) +
                                             "\"; mehr --help lists them");
    }
    return app.exit(e) == 0 ? exit_code::kGood : exit_code::kUsage;
  }
  a.options.socket = socket_of(a);
  a.key.data_dir = a.data_dir.empty() ? mehr::common::default_data_dir() : a.data_dir;
  if (app.got_subcommand(key)) return run_key(*key, a.options, a.key);
  for (const Simple& c : kSimple) {
    if (app.got_subcommand(c.name)) return c.run(a);
  }
  if (app.got_subcommand("path")) return show_path(a.options, a.path);
  if (app.got_subcommand("probe")) return probe(a.options, a.probe);
  if (app.got_subcommand("send")) return send_file(a.options, a.send);
  if (app.got_subcommand("cancel")) return cancel_transfer(a.options, a.transfer);
  a.inspect.trace.json = a.options.json;
  return inspect(a.inspect);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    return complain(exit_code::kFailed, e.what());
  }
}
