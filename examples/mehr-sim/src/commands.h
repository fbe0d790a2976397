// The commands of mehr-sim. Each answers an exit code (cli.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mehr/sim/time.h"

namespace mehr::sim_cli {

struct RunOptions {
  std::string scenario;  ///< a file, or the name of a built-in one
  std::optional<std::uint64_t> seed;
  std::string trace;  ///< files and directories; empty: none
  std::string report;
  std::string svg;
  std::string png;
  std::vector<std::string> plants;
  bool no_progress = false;
  std::optional<sim::Duration> virtual_limit;
  std::optional<sim::Duration> real_limit;
};
int run_command(const RunOptions& options);

struct ListOptions {
  bool plants = false;
  bool hazards = false;
  bool behaviours = false;
};
int list_command(const ListOptions& options);

struct ShowOptions {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::string svg;
  std::string png;
  std::string json;  ///< where to keep the topology
  bool source = false;
};
int show_command(const ShowOptions& options);

struct SwarmOptions {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  double minutes = 0;         ///< over 0: new seeds from `first` on until then
  unsigned jobs = 0;          ///< 0: as many as the machine has cores
  unsigned twice_every = 20;  ///< 0: never
  std::vector<std::string> plants;
  bool no_progress = false;
};
int swarm_command(const SwarmOptions& options);

struct ScaleOptions {
  std::vector<std::uint64_t> nodes{125, 250, 500, 1000};
  std::optional<std::uint64_t> announcing;  ///< absent: everybody
  double mean_degree = 6;
  std::uint64_t seed = 1;
  std::string report;
};
int scale_command(const ScaleOptions& options);

struct HopsOptions {
  std::vector<std::uint64_t> nodes{100, 1000};
  std::uint64_t announcing = 100;
  std::uint64_t far = 1;      ///< links per node beside those to its neighbours by id
  std::uint64_t routes = 64;  ///< of each node's table
  std::uint64_t packets = 1000;
  std::uint64_t seed = 1;
};
int hops_command(const HopsOptions& options);

}  // namespace mehr::sim_cli
