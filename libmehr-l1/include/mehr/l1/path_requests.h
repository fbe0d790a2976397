// Questions for a way: which were asked here, which came by, and how often. spec: L1/4.3
//
// Place: the memory behind PathRequest; the facade asks, answers and passes on.
// Events: ask (this node wants a way), take (a neighbour's question). Both answer at once; there
// are no deadlines, since what is too old is found out when it is looked at. Bounds: `tags`
// questions that came by and `asked` destinations of our own, each in a ring in which the oldest
// goes; ten questions per second and link, above that they are dropped. A question passed around in
// a circle meets its tag. This node asks five times a second at most, so that packets to made-up
// destinations do not become questions to everybody. Everything is made at construction.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/route.h"

namespace mehr::l1 {

/// 16-byte keys seen before, in the order they came. The oldest makes room for the newest.
class RecentKeys {
 public:
  RecentKeys(std::size_t capacity, Random& random);
  /// When @p key was last put, or nothing.
  [[nodiscard]] std::optional<Millis> find(const NodeId& key) const;
  /// Remembers @p key; one that is there already keeps its place in the order.
  void put(const NodeId& key, Millis now);

 private:
  struct Entry {
    NodeId key;
    Millis at;
    bool used = false;
  };
  std::vector<Entry> ring_;
  std::size_t next_ = 0;
  SlotIndex index_;
};

class PathRequests {
 public:
  static constexpr Millis kSpacing = Millis::seconds(20);  ///< of questions for one destination
  static constexpr std::size_t kPerSecond = 10;            ///< of one link's questions
  static constexpr std::size_t kOwnPerSecond = 5;          ///< whatever strangers make us look for
  struct Config {
    std::size_t tags = 1024;
    std::size_t asked = 256;
    std::size_t links = 1024;
  };
  PathRequests(const Config& config, Random& random);

  /// The question to send to every neighbour, or nothing: it was asked less than 20 s ago, or five
  /// others within this second.
  std::optional<PathRequest> ask(const NodeId& destination, Millis now);
  /// The question to send to the neighbour on @p link alone, to be answered by nobody else; nothing
  /// as above, with a count of five for each link.
  std::optional<PathRequest> ask_one(LinkSlot link, const NodeId& destination, Millis now);

  enum class Verdict : std::uint8_t {
    unseen,    ///< to be answered or passed on
    repeated,  ///< its tag came by before
    too_many,  ///< over the link's ten per second
  };
  /// A neighbour's question.
  Verdict take(LinkSlot from, const PathRequest& request, Millis now);
  /// Another neighbour may get the place of @p link.
  void link_up(LinkSlot link);

 private:
  struct Rate {
    Millis second;  // when the counted second began
    std::size_t count = 0;
  };
  Random& random_;
  RecentKeys tags_;
  RecentKeys asked_;
  [[nodiscard]] static bool spend(Rate& rate, std::size_t per_second, Millis now);
  std::optional<PathRequest> question(const NodeId& destination, std::uint8_t ttl, Rate& rate,
                                      Millis now);
  std::vector<Rate> rates_;   // of neighbours
  std::vector<Rate> single_;  // of this node's to one neighbour
  Rate own_;
};

}  // namespace mehr::l1
