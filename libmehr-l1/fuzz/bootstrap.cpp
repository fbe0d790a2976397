// The bootstrap machine under any order of events: it rests, and keeps its bounds.
#include "mehr/l1/bootstrap.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace mehr;
using namespace mehr::l1;

namespace {

struct Driver {
  explicit Driver(ByteView bytes) : in(bytes) {
    const PeerAddress listed{{}, 4247};
    list = {listed, address(), address()};
    machine.emplace(NodeId{}, config(), list, std::span<const PeerAddress>{}, 1);
  }
  static Bootstrap::Config config() {
    Bootstrap::Config c;
    c.has_name = true;
    c.links = 8;
    c.stored = {8, 4};
    c.learned = {8, 4, 4};
    return c;
  }
  std::uint8_t byte() {
    std::uint8_t b = 0;
    in.get(b);
    return b;
  }
  NodeId node() {
    NodeId id;
    id.bytes[0] = byte() & 7;
    return id;
  }
  PeerAddress address() {
    const std::array<std::uint8_t, 4> four{byte(), byte(), 0, 1};
    return {host_of_v4(four), byte()};
  }
  [[nodiscard]] Bootstrap::Now now() const { return {time, NodeTime{time.count}}; }

  void spend() {
    for (std::size_t steps = 0; const auto action = machine->next(now()); ++steps) {
      if (steps > 200) __builtin_trap();  // never rests
      if (const auto* dial = std::get_if<Bootstrap::Dial>(&*action)) {
        if (dial->to.port == 0) __builtin_trap();
        open.push_back(*dial);
        const auto real =
            std::count_if(open.begin(), open.end(), [](const auto& d) { return !d.only_connect; });
        if (real > static_cast<std::ptrdiff_t>(Bootstrap::kParallelDials)) __builtin_trap();
      } else if (const auto* send = std::get_if<Bootstrap::Send>(&*action)) {
        if (!PeerExchangeReader::open(send->message)) __builtin_trap();
      }
    }
    if (machine->next_deadline() <= time) __builtin_trap();  // would spin
    if (machine->book().peers().size() > 8) __builtin_trap();
    if (machine->learned().peers().size() > 8) __builtin_trap();
  }

  void dial_over() {
    if (open.empty()) return;
    const std::size_t which = byte() % open.size();
    const Bootstrap::Dial dial = open[which];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
    const bool reached = (byte() & 1) != 0;
    if (reached && !dial.only_connect) link_up(true, dial.to);
    machine->on_dialled(dial.to, dial.only_connect, reached, now());
  }
  void link_up(bool outbound, const PeerAddress& where) {
    const l0::LinkId id{static_cast<std::uint16_t>(++last_link)};
    links.push_back(id);
    machine->on_link_up({id, node(), outbound, where, Mtu{484}}, now());
  }
  void link_down() {
    if (links.empty()) return;
    const std::size_t which = byte() % links.size();
    machine->on_link_down(links[which], now());
    links.erase(links.begin() + static_cast<std::ptrdiff_t>(which));
  }
  void message() {
    std::array<std::uint8_t, 256> out{};
    PeerExchangeWriter writer(out);
    for (std::size_t n = byte() & 7U; n > 0; --n) {
      PeerAddress at = address();
      at.port |= 1;
      if (!writer.add({at, node(), byte()})) break;
    }
    const l0::LinkId from = links.empty() ? l0::LinkId{} : links[byte() % links.size()];
    if (!machine->on_message(from, writer.finish((byte() & 1) != 0), now())) __builtin_trap();
  }
  void names() {
    const std::array<PeerAddress, 3> found{address(), address(), address()};
    machine->on_resolved(std::span(found).first(byte() & 3U), now());
  }

  void event() {
    switch (byte() & 7) {
      case 0:
        return machine->start(now());
      case 1:
        return dial_over();
      case 2:
        return link_up((byte() & 1) != 0, address());
      case 3:
        return link_down();
      case 4:
        return message();
      case 5:
        return names();
      case 6:
        return machine->set_accepting(byte(), now());
      default:
        time = time + Millis{std::uint64_t{byte()} * byte() * 16};
    }
  }

  Reader in;
  Millis time;
  std::vector<PeerAddress> list;
  std::optional<Bootstrap> machine;
  std::vector<Bootstrap::Dial> open;
  std::vector<l0::LinkId> links;
  unsigned last_link = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Driver driver(ByteView(data, std::min<std::size_t>(size, 4096)));
  while (driver.in.left() > 0) {
    driver.event();
    driver.spend();
  }
  return 0;
}
