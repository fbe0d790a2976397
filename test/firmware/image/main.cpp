// The image: what each capacity costs, then the village on the device and what it took. A line for
// each number; tools/firmware-size reads them.
#include "../village.h"
#include "board.h"

namespace mehr::firmware {
namespace {

struct Capacity {
  const char* name;
  std::size_t Limits::*member;
};
constexpr std::array kCapacities{
    Capacity{"each.links", &Limits::links},
    Capacity{"each.init_sources", &Limits::init_sources},
    Capacity{"each.media", &Limits::media},
    Capacity{"each.routes", &Limits::routes},
    Capacity{"each.candidates", &Limits::candidates},
    Capacity{"each.packet_ids", &Limits::packet_ids},
    Capacity{"each.evicted_routes", &Limits::evicted_routes},
};

std::size_t heap_of(const Limits& with) {
  const std::size_t before = heap_used();
  World world;
  std::size_t taken = 0;
  {
    const Stack stack(world, 1, with);
    taken = heap_used() - before;
  }
  board::rewind_heap(before);
  return taken;
}

/// Bytes of heap that one more of each costs: what doubling it takes, shared out.
void say_what_each_costs() {
  const std::size_t now = heap_of(Limits::minimal());
  for (const Capacity& capacity : kCapacities) {
    Limits doubled = Limits::minimal();
    const std::size_t more = doubled.*capacity.member;
    doubled.*capacity.member += more;
    board::say(capacity.name, (heap_of(doubled) - now + more - 1) / more);
  }
}

int run() {
  say_what_each_costs();
  auto& village = *new Village;
  board::close_heap();
  const Stack& node = village.relay();
  board::say("heap.l0", node.heap_with_links - node.heap_before);
  board::say("heap.l1", node.heap_with_network - node.heap_with_links);

  const Report report = village.live(Millis::seconds(2 * 3600));
  board::say("stack", board::stack_used());
  board::say("messages.sent", report.sent);
  board::say("messages.delivered", report.delivered);
  board::say("messages.refused", report.refused);
  board::say("packets.relayed", report.relayed);
  board::say("routes.evicted", report.evicted);
  board::say("links.made-again", report.new_links);
  board::say("key.epoch", report.key_epoch);
  if (!Village::is_sound(report)) {
    board::say("FAILED: the village did not do what it should\n");
    return 1;
  }
  board::say("sound\n");
  return 0;
}

}  // namespace
}  // namespace mehr::firmware

extern "C" int firmware_main() { return mehr::firmware::run(); }
