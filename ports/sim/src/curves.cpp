#include "curves.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::sim {

Curves::Curves(std::size_t width, Duration interval, std::size_t most)
    : width_(width), most_(most), interval_(interval) {
  Expects(width > 0 && most >= 4 && most % 2 == 0 && interval > Duration{0});
  rows_.reserve(width * most);
}

void Curves::push(std::span<const std::uint64_t> values) {
  if (size() == most_) thin();  // half of an even number: this sample's time stays regular
  rows_.insert(rows_.end(), values.begin(), values.end());
}

void Curves::thin() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size(); i += 2, ++kept) {
    std::copy_n(rows_.begin() + static_cast<std::ptrdiff_t>(i * width_), width_,
                rows_.begin() + static_cast<std::ptrdiff_t>(kept * width_));
  }
  rows_.resize(kept * width_);
  interval_ *= 2;
}

void Curves::advance(Instant now, std::span<const std::uint64_t> values) {
  Expects(values.size() == width_ && end_ == kNever);
  while (next_ < now) {
    push(values);
    next_ = Instant{} + interval_ * static_cast<std::int64_t>(size());
  }
}

void Curves::close(Instant end, std::span<const std::uint64_t> values) {
  advance(end, values);
  if (size() == most_) thin();
  rows_.insert(rows_.end(), values.begin(), values.end());
  end_ = end;
}

Instant Curves::at(std::size_t sample) const {
  const Instant regular = Instant{} + interval_ * static_cast<std::int64_t>(sample);
  return sample + 1 == size() ? std::min(regular, end_) : regular;
}

}  // namespace mehr::sim
