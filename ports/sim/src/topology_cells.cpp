#include "topology_cells.h"

#include <gsl/assert>

namespace mehr::sim {

Cells::Cells(const std::vector<Position>& points, double width) : width_(width) {
  Expects(width > 0);
  Position most;
  if (!points.empty()) least_ = most = points.front();
  for (const Position& p : points) {
    least_ = {std::min(least_.x, p.x), std::min(least_.y, p.y)};
    most = {std::max(most.x, p.x), std::max(most.y, p.y)};
  }
  // Wide cells where points are few: an empty cell costs as much as one with a point.
  const double most_a_side = std::sqrt(static_cast<double>(points.size())) + 1;
  width_ = std::max({width_, (most.x - least_.x) / most_a_side, (most.y - least_.y) / most_a_side});
  columns_ = static_cast<std::size_t>((most.x - least_.x) / width_) + 1;
  rows_ = static_cast<std::size_t>((most.y - least_.y) / width_) + 1;

  const auto cell_of = [this](Position p) {
    return static_cast<std::size_t>(row(p.y)) * columns_ + static_cast<std::size_t>(column(p.x));
  };
  begins_.assign(columns_ * rows_ + 1, 0);
  for (const Position& p : points) ++begins_[cell_of(p) + 1];
  for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
  points_.resize(points.size());
  std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points_[next[cell_of(points[i])]++] = static_cast<NodeIndex>(i);
  }
}

}  // namespace mehr::sim
