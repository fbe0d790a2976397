// A first-in first-out queue in one block that is used again and again.
//
// Place: private to ports/sim. Empty rings own no memory until first used, and large blocks are
// given back when they drain: a world has a hundred thousand of these. T is moved, and must be
// default-constructible. Bounds: the owner's. Threads: one.
#pragma once

#include <cstddef>
#include <gsl/assert>
#include <utility>
#include <vector>

namespace mehr::sim {

template <class T>
class Ring {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// The @p i th from the front.
  [[nodiscard]] T& operator[](std::size_t i) {
    Expects(i < size_);
    return slots_[(head_ + i) & (slots_.size() - 1)];
  }
  [[nodiscard]] T& front() { return (*this)[0]; }
  [[nodiscard]] T& back() { return (*this)[size_ - 1]; }

  void push(T value) {
    if (size_ == slots_.size()) grow();
    slots_[(head_ + size_++) & (slots_.size() - 1)] = std::move(value);
  }
  T pop() {
    T out = std::exchange(front(), T{});
    head_ = (head_ + 1) & (slots_.size() - 1);
    if (--size_ == 0 && slots_.size() > kKept) *this = {};
    return out;
  }

 private:
  static constexpr std::size_t kKept = 64;

  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    head_ = 0;
  }

  std::vector<T> slots_;  // as many as a power of two, or none
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mehr::sim
