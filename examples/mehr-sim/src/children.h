// Work in child processes: each answers with a text, and its end is seen whatever it is.
//
// Place: examples/mehr-sim. A process apiece, so that a broken contract ends one world and not all,
// and memory is measured per world. Bounds: as many at once as the caller starts; a text of any
// length. Failure: a child that dies answers with what it wrote, and `status` says how.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mehr::sim_cli {

class Children {
 public:
  struct Ended {
    std::uint64_t name = 0;
    std::string text;
    int status = 0;  ///< as wait(2) gives it; 0: it ended well
    rusage used{};
    /// "ended by signal 6", for a status that is not 0.
    [[nodiscard]] std::string how() const;
  };

  Children() = default;
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// Runs @p task in a child; false when the system has no room for one.
  bool start(std::uint64_t name, const std::function<std::string()>& task);
  [[nodiscard]] std::size_t running() const { return running_.size(); }
  /// The next child that ends; nothing when none runs, or a signal came.
  std::optional<Ended> wait();

 private:
  struct Child {
    std::uint64_t name = 0;
    pid_t pid = 0;
    int pipe = -1;
    std::string text;
  };
  std::vector<Child> running_;
};

}  // namespace mehr::sim_cli
