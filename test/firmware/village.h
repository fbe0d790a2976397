// Three nodes in a line, as a device runs them: made once, and from then on without a heap.
//
// A -- B -- C over radios of the Constrained class. The same village stands in the image of the
// device, where a later allocation ends the program, and in a test of the host, which counts them.
// spec: HW/4 "no heap after start-up", HW properties 1 and 4
#pragma once

#include <array>
#include <memory>

#include "mehr/l0/identity.h"
#include "mehr/l1/network.h"
#include "world.h"

namespace mehr::firmware {

/// Bytes taken from the heap since the program began; each program counts its own.
std::size_t heap_used();

/// L0 and L1 of one node, as a composition root would hold them.
struct Stack {
  Stack(World& world, std::uint8_t seed, const Limits& with);

  std::size_t heap_before;  // what each part takes follows from these three
  std::unique_ptr<l0::Identity> identity;
  SeededRandom random;
  std::unique_ptr<l0::Links> links;
  std::size_t heap_with_links;
  std::unique_ptr<l1::Network> network;
  std::size_t heap_with_network;
};

/// What the village has to show for its time.
struct Report {
  std::uint32_t sent = 0;       ///< messages from A to C and from C to A
  std::uint32_t delivered = 0;  ///< of them
  std::uint32_t refused = 0;    ///< of them: `send` gave an error
  std::uint64_t relayed = 0;    ///< packets that B passed on
  std::uint64_t evicted = 0;    ///< routes that B gave up for others
  std::uint32_t new_links = 0;  ///< links that were cut and came up again
  std::uint32_t key_epoch = 0;  ///< newest key of the link from B to C
};

class Village {
 public:
  static constexpr std::uint8_t kContext = context::kStandard;

  /// Makes the nodes and their links; allocates.
  Village();
  Village(const Village&) = delete;
  Village& operator=(const Village&) = delete;

  /// Lives for @p span with traffic both ways, a beacon a minute, announces of more strangers than
  /// there are routes, and the link from A to B cut and made again. Nothing here may allocate.
  Report live(Millis span);
  /// Whether @p report shows that everything happened that should have, in a span of two hours.
  [[nodiscard]] static bool is_sound(const Report& report);

  [[nodiscard]] const Stack& relay() const { return b_; }

 private:
  void connect();
  void reconnect();
  void stranger(std::uint32_t number);
  void minute(std::uint32_t number);
  void say(Stack& from, const Stack& to);

  World world_;
  Radio a_radio_{1};
  Radio b_left_{1};
  Radio b_right_{2};
  Radio c_radio_{1};
  Stack a_;
  Stack b_;
  Stack c_;
  l0::LinkId a_to_b_;
  Report report_;
};

}  // namespace mehr::firmware
