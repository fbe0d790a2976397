// What a run was like: numbers, pictures, a page.
//
// Place: ports/sim; listens to a Recorder, draws what it saw. Writes strings; files are the
// program's business.
// Shapes: `html` is one self-contained page without network access: topology with traffic by line
// width, messages and bytes per channel and per kind, convergence over time, the fault timeline,
// memory per node. `svg` and `png` are the topology alone.
// Failure: none, but `png` needs cairo when this library is built. Every name is escaped.
// Bounds: at most 512 samples of each curve (the interval doubles), 2,000 faults, 500 rows of
// tables. Threads: one.
#pragma once

#include <memory>
#include <string>

#include "mehr/core/bytes.h"
#include "mehr/core/result.h"
#include "mehr/sim/recorder.h"
#include "mehr/sim/scenario.h"

namespace mehr::sim {

class Report {
 public:
  /// Listens to @p sim from now on; must not outlive it.
  explicit Report(Sim& sim);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// A summary table for the terminal.
  [[nodiscard]] std::string summary(const RunResult& result) const;
  [[nodiscard]] std::string html(const Scenario& scenario, const RunResult& result) const;

 private:
  class Gathering;
  std::unique_ptr<Gathering> gathering_;
};

/// The topology as it was built.
[[nodiscard]] std::string svg(const Topology& topology);
/// Whether this library was built with what `png` needs.
[[nodiscard]] bool png_is_available();
/// The same picture in pixels. Errors: unsupported unless png_is_available(); io when drawing
/// fails.
[[nodiscard]] Result<Bytes> png(const Topology& topology);

}  // namespace mehr::sim
