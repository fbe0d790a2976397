// mehrd: reads its arguments and its configuration, then runs a node.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "daemon.h"
#include "mehr/linux/port_mapper.h"

namespace {

using namespace mehr::daemon;

constexpr const char* kFooter = R"(Example configuration:
  listen = ["0.0.0.0:4247"]
  peers = ["node.example:4247"]
  bootstrap_name = "nodes.example"
  data_dir = "/var/lib/mehr"
Every key is described in docs/daemon.md.

The node's key is sealed under a passphrase. It comes from --passphrase-fd, from the systemd credential
mehr-passphrase, or from the terminal; without any of them, unsealed_identity = true runs without.

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 other failure, 2 wrong arguments or configuration,
3 data directory (permission, key, passphrase, in use), 4 an address or the socket cannot be
listened on.)";

int run(int argc, char** argv) {
  CLI::App app{"mehrd: a node of the mesh as a daemon", "mehrd"};
  std::string path;
  bool check_only = false;
  std::optional<int> passphrase_descriptor;
  app.add_option("-c,--config", path, "TOML file that says where to listen and whom to dial")
      ->type_name("FILE")
      ->required();
  app.add_flag("--check-config", check_only, "only read the configuration and say what is wrong");
  app.add_option("--passphrase-fd", passphrase_descriptor,
                 "read the passphrase of the node's key from this open file descriptor")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.set_version_flag("--version", "mehrd " MEHR_VERSION "\nport mapping: " +
                                        mehr::linux_port::PortMapper::built_in());
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_code::kGood : exit_code::kConfig;
  }
  const LoadedConfig loaded = load_config(path);
  for (const std::string& mistake : loaded.mistakes) fmt::print(stderr, "{}\n", mistake);
  if (!loaded.mistakes.empty()) return exit_code::kConfig;
  if (check_only) {
    fmt::print("{}: good\n", path);
    return exit_code::kGood;
  }
  Log log(loaded.config.log_level, loaded.config.log_format);
  return run_daemon(loaded.config, passphrase_descriptor, log);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mehrd: %s\n", e.what());
    return exit_code::kOther;
  }
}
