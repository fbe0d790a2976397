#include <cstdio>

#include "children.h"
#include "cli.h"
#include "commands.h"
#include "hops_world.h"

namespace mehr::sim_cli {

int hops_command(const HopsOptions& options) {
  std::printf("seed %s\n", seed_text(options.seed).c_str());
  std::fflush(stdout);
  std::vector<HopsPoint> points;
  for (const std::uint64_t nodes : options.nodes) {
    Children children;  // one after the other: they would share the memory
    if (!children.start(nodes, [&] { return write_hops(measure_hops(options, nodes)); })) {
      return complain(exit_code::kFailed, "the system starts no more processes");
    }
    const auto ended = children.wait();
    HopsPoint point;
    if (!ended || ended->status != 0 || !read_hops(ended->text, point)) {
      return complain(exit_code::kFailed, std::to_string(nodes) + " nodes: " +
                                              (ended ? ended->how() : std::string("interrupted")));
    }
    points.push_back(point);
  }
  std::printf("%s", hops_table(points).c_str());
  int code = exit_code::kGood;
  for (const HopsPoint& p : points) {
    const std::string who = std::to_string(p.nodes) + " nodes: ";
    if (p.arrived * 1000 < p.sent * 995) {
      code = complain(exit_code::kFailed, who + std::to_string(p.sent - p.arrived) + " of " +
                                              std::to_string(p.sent) + " packets did not arrive");
    }
    if (p.mean > p.bound()) code = complain(exit_code::kFailed, who + "more than log2(N)^2 hops");
  }
  return code;
}

}  // namespace mehr::sim_cli
