// Points in square cells, to find those near a place without asking all. Private to ports/sim.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "mehr/sim/place.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

class Cells {
 public:
  /// Cells of @p width or wider: at most about as many as there are points.
  Cells(const std::vector<Position>& points, double width);

  /// Calls @p each with every point in the square ring of cells @p ring cells around @p at's own
  /// (0: that cell), in order of rows, columns and indices.
  template <class F>
  void for_ring(Position at, std::size_t ring, F&& each) const;
  /// Calls @p each with every point that may be within @p width (as constructed) of @p at.
  template <class F>
  void for_near(Position at, F&& each) const {
    for_ring(at, 0, each);
    for_ring(at, 1, each);
  }
  [[nodiscard]] double width() const { return width_; }
  /// No ring beyond this one holds points.
  [[nodiscard]] std::size_t last_ring() const { return std::max(columns_, rows_); }

 private:
  [[nodiscard]] long column(double x) const { return clamped((x - least_.x) / width_, columns_); }
  [[nodiscard]] long row(double y) const { return clamped((y - least_.y) / width_, rows_); }
  static long clamped(double cell, std::size_t count) {
    return static_cast<long>(std::clamp(cell, 0.0, static_cast<double>(count - 1)));
  }
  template <class F>
  void for_cell(long x, long y, F&& each) const {
    const std::size_t cell = static_cast<std::size_t>(y) * columns_ + static_cast<std::size_t>(x);
    for (std::size_t i = begins_[cell]; i < begins_[cell + 1]; ++i) each(points_[i]);
  }

  Position least_;
  double width_;
  std::size_t columns_ = 1;
  std::size_t rows_ = 1;
  std::vector<std::size_t> begins_;  // by cell, and the end
  std::vector<NodeIndex> points_;    // by cell
};

template <class F>
void Cells::for_ring(Position at, std::size_t ring, F&& each) const {
  const long r = static_cast<long>(ring);
  const long x = column(at.x);
  const long y = row(at.y);
  const long most_x = static_cast<long>(columns_) - 1;
  const long most_y = static_cast<long>(rows_) - 1;
  for (long j = std::max(y - r, 0L); j <= std::min(y + r, most_y); ++j) {
    const bool whole_row = j == y - r || j == y + r;
    if (whole_row) {
      for (long i = std::max(x - r, 0L); i <= std::min(x + r, most_x); ++i) for_cell(i, j, each);
      continue;
    }
    if (x - r >= 0) for_cell(x - r, j, each);
    if (x + r <= most_x) for_cell(x + r, j, each);
  }
}

}  // namespace mehr::sim
